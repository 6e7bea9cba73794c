"""Whole models, from images to keypoints."""

from .topdown import TopDown

__all__ = ['TopDown']
