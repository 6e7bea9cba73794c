"""What the tests and the campaigns share: tests/helpers, in the path of imports."""

import importlib
import sys
from types import ModuleType

from outcome import ROOT

__all__ = ['test_helper']


def test_helper(name: str) -> ModuleType:
    """Return a module of tests/helpers."""
    folder = str(ROOT / 'tests' / 'helpers')
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)
