"""The known names that are nearest to one that is not known."""

import difflib

__all__ = ['nearest']


def nearest(word: str, known: list[str]) -> str:
    """Return ``"; did you mean 'a' or 'b'?"`` for the closest of ``known``, or an empty string.

    >>> nearest('ResNt', ['ResNet', 'HRNet'])
    "; did you mean 'ResNet' or 'HRNet'?"
    """
    by_lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.55)
    return f'; did you mean {" or ".join(repr(by_lower[c]) for c in close)}?' if close else ''
