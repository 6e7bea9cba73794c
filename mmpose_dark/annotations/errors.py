"""What can be wrong with annotation and detection files."""

from ..utils.errors import InputError, MissingFileError

__all__ = ['AnnotationError', 'MissingAnnotationError']


class AnnotationError(InputError):
    """An annotation or detections file, or a record in one, cannot be used; the message says what to do."""


class MissingAnnotationError(AnnotationError, MissingFileError):
    """An annotation or detections file is not there; also a ``FileNotFoundError``."""
