"""What a test was: its protocol and its times, for reports."""

from .protocol import protocol_of
from .timing import timed_test

__all__ = ['protocol_of', 'timed_test']
