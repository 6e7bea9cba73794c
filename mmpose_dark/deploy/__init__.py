"""Faster networks for testing and inference: other back ends, compiling, fusing, memory layout, precision.

The names are imported on first use: a parser that lists the back ends must not load torch.
"""

from ..utils.lazy import lazy_names

_HOMES = {'BACKENDS': 'backends', 'Acceleration': 'acceleration', 'accelerate': 'acceleration'}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
