"""What a program's exit status says; the same in every command."""

__all__ = ['FOUND', 'INTERRUPTED', 'OK', 'SOME_UNUSABLE', 'USER_ERROR']

OK = 0
FOUND = 1
"""The command ran, and what it looks for is there: errors in a dataset, a metric that differs."""
USER_ERROR = 2
"""Nothing was done, and the message says what the user can put right."""
SOME_UNUSABLE = 3
"""All was done but for some inputs, such as images that could not be read; they are named."""
INTERRUPTED = 130
