"""The contract of sources: where images and frames come from, one after the other."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..frames import Frame, SourceInfo

__all__ = ['BaseSource']


class BaseSource(ABC):
    """Gives frames in their order; what waits is bounded, however long it is.

    A frame that cannot be read comes with its ``error`` and does not end the run. What is wrong with the source as a
    whole is raised when it is made, where that can be known.

    Attributes:
        info: what is known before the first frame.
        inputs: files that are read, which no output may replace.
        dropped: frames so far that came too fast for who took them, and were left out (streams only).
        notes: what a user should know of what was passed over, a line each; may grow while it is read.
    """

    info: SourceInfo
    inputs: Sequence[Path] = ()
    dropped: int = 0
    notes: Sequence[str] = ()

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames. Images and videos begin anew with every call, streams go on.

        Raises:
            InputError: a source that turns out to have no frame at all.
        """

    def close(self) -> None:  # noqa: B027
        """Let go of files, devices and connections; a loop that is under way ends."""
