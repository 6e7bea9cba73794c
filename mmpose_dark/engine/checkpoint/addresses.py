"""Addresses of checkpoints."""

import os
import re

__all__ = ['is_address']


def is_address(path_or_url: str | os.PathLike) -> bool:
    """Say whether a checkpoint is named by an address rather than a path.

    >>> is_address('https://host/a.pth'), is_address('work_dirs/a.pth'), is_address('C:/a.pth')
    (True, False, False)
    """
    return isinstance(path_or_url, str) and re.match(r'[A-Za-z][A-Za-z0-9+.-]+://', path_or_url) is not None
