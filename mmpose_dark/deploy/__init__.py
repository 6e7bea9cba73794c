"""Faster networks for testing and inference: other back ends, compiling, fusing, memory layout, precision."""

from .accelerate import BACKENDS, Acceleration, accelerate

__all__ = ['BACKENDS', 'Acceleration', 'accelerate']
