"""The contract of sinks: what takes the results of a source one after the other, and writes them somewhere."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..frames import SourceInfo
from ..results import ImageResult

__all__ = ['BaseSink']


class BaseSink(ABC):
    """Writes the results of one source in one format.

    The order of calls is ``open``, ``write`` for each frame in its order, ``close``; or ``abort`` in place of
    ``close`` where an error ended the run. After an interruption by the user ``close`` is called: what was written
    until then is a whole file. What is streamed survives a kill up to the frame at hand; what has to be written as a
    whole (json, Parquet) gets its name when it is complete, and until then an old file of that name stays.

    Args:
        folder: to write into; made when needed.
        stem: of the file, see `SourceInfo`.

    Attributes:
        format: name of the format, as ``--save`` has it.
        needs_images: whether ``write`` reads ``result.image``.
    """

    format: str = ''
    needs_images: bool = False

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder, self.stem = Path(folder), stem

    @property
    @abstractmethod
    def outputs(self) -> Sequence[Path]:
        """Files that will be written, or folders for which there is one file a frame; none two sinks may share."""

    @property
    def writes_folder(self) -> bool:
        """Whether ``outputs`` are folders."""
        return False

    @abstractmethod
    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Args:
            info: of the source.
            keypoint_set: definition of the keypoints, see `parse_pose_metainfo`; None: not known.

        Raises:
            OutputError: it cannot be written.
            MissingPackageError: an optional package that the format needs is not installed.
        """

    @abstractmethod
    def write(self, result: ImageResult) -> None:
        """Take one frame, also one without people or with an ``error``.

        Raises:
            OutputError: it cannot be written (full disk).
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the files.

        Raises:
            OutputError: they cannot be written.
        """

    def abort(self) -> None:  # noqa: B027
        """Give up: leave what was streamed, remove what is no whole file. Raises nothing."""
