"""What the server takes at most; without imports that a command line would wait for."""

from dataclasses import dataclass

from ..utils.errors import InputError

__all__ = ['Limits']


@dataclass(frozen=True)
class Limits:
    """Limits of the server.

    Attributes:
        max_upload_mb: of a file, in millions of bytes.
        max_pixels: width times height of an image or of a video's frames.
        max_seconds: of a video.
        max_jobs: that wait or run; more are refused until one is done.
        max_job_seconds: after which a job is given up.
        keep_minutes: after which a finished job and its files are removed.

    Raises:
        InputError: one that is not above 0.

    >>> Limits(max_upload_mb=1).upload_bytes
    1000000
    """

    max_upload_mb: float = 100.0
    max_pixels: int = 50_000_000
    max_seconds: float = 120.0
    max_jobs: int = 8
    max_job_seconds: float = 900.0
    keep_minutes: float = 30.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < float('inf'):
                raise InputError(f'--{name.replace("_", "-")} must be a number above 0, got {value}')

    @property
    def upload_bytes(self) -> int:
        """Bytes of the largest file."""
        return int(self.max_upload_mb * 1e6)
