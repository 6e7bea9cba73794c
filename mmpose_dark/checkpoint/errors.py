"""The error that everything about checkpoints raises."""

__all__ = ['CheckpointError']


class CheckpointError(RuntimeError):
    """A checkpoint cannot be fetched, read, written or loaded; the message names the file and the remedy."""
