"""The errors that a user can put right: one base class, and one class for each of Python's kinds.

A command prints these as one line and ends with status 2; any other exception is a fault of the program and
keeps its traceback. The kinds are Python's own as well, so ``except ValueError`` catches what it always did.
"""

__all__ = [
    'ExistsError',
    'InputError',
    'InputTypeError',
    'MissingFileError',
    'MissingPackageError',
    'OutputError',
    'StateError',
    'UnknownNameError',
    'UserError',
]


class UserError(Exception):
    """Something that the user can put right; the message names the value, the place and the remedy."""


class InputError(UserError, ValueError):
    """A value that cannot be used."""


class InputTypeError(UserError, TypeError):
    """A value of the wrong type, or an argument that is not known."""


class StateError(UserError, RuntimeError):
    """Something cannot be done now, because of what was or was not done before."""


class UnknownNameError(UserError, KeyError):
    """A name that is not known; the message has the nearest ones."""

    def __str__(self) -> str:
        """Return the message as it is (KeyError would quote it)."""
        return str(self.args[0]) if self.args else ''


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that is not there."""


class MissingPackageError(UserError, ImportError):
    """An optional package that is not installed; the message says how to install it."""


class ExistsError(UserError, FileExistsError):
    """A file or folder that is there already and is not to be replaced."""


class OutputError(UserError, OSError):
    """A file that cannot be written."""
