"""What can be wrong with data, by name."""

import dataclasses

__all__ = ['AnnotationError', 'BadSample', 'ImageReadError']


class AnnotationError(ValueError):
    """An annotation or detections file, or a record in one, cannot be used; the message says what to do."""


class ImageReadError(OSError):
    """An image cannot be read.

    Args:
        path: of the image.
        reason: what is wrong with it, for people.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f'cannot read image {path!r}: {reason}')
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple:
        """Pickle by both arguments, so that the error crosses from a worker process."""
        return type(self), (self.path, self.reason)


@dataclasses.dataclass(frozen=True)
class BadSample:
    """Stands in a test batch for a sample whose image could not be read.

    Attributes:
        path: of the image.
        reason: what is wrong with it.
        id: the sample's id in its dataset.
        img_id: the image's id.
    """

    path: str
    reason: str
    id: int
    img_id: int
