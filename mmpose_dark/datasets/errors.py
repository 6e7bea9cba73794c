"""What can be wrong with data, by name."""

import dataclasses

from ..annotations.errors import AnnotationError, MissingAnnotationError
from ..utils.errors import UserError

__all__ = ['AnnotationError', 'BadSample', 'FailedSample', 'ImageReadError', 'MissingAnnotationError']


class ImageReadError(UserError, OSError):
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
class FailedSample:
    """Carries an error out of a loader's worker process, of which torch would keep the text only.

    Attributes:
        error: raised again by the loop that gets the batch.
    """

    error: UserError


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
