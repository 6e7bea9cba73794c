"""The name of the processor, which measurements stand beside."""

import platform
from pathlib import Path

__all__ = ['processor_name']

_ABOUT = Path('/proc/cpuinfo')


def processor_name() -> str:
    """Return the name of the processor as Linux says it, elsewhere as Python does; ``'unknown'`` where neither does.

    >>> processor_name() != ''
    True
    """
    try:
        lines = _ABOUT.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return next(filter(None, names), '') or platform.processor() or platform.machine() or 'unknown'
