"""The error that everything about checkpoints raises."""

from ..utils.errors import UserError

__all__ = ['CheckpointError']


class CheckpointError(UserError, RuntimeError):
    """A checkpoint cannot be fetched, read, written or loaded; the message names the file and the remedy."""
