"""mmpose 1.x, whose names the networks here have."""

from .base import Family, has_parts, register_family

__all__ = ['MMPOSE1']

MMPOSE1 = register_family(Family('mmpose 1.x / mmpose_dark', has_parts('backbone'), projects='mmpose_dark, mmpose 1.x'))
