"""All that a dataset of drawn people depends on; without imports, for command lines."""

from dataclasses import dataclass

__all__ = ['GENERATOR_VERSION', 'PeopleSettings']

GENERATOR_VERSION = 2
"""Raised whenever the same seed gives other images or labels than before."""


@dataclass(frozen=True)
class PeopleSettings:
    """All that a dataset depends on.

    Attributes:
        train: number of training images.
        val: number of validation images.
        seed: any number; another one gives other people.
        width: of an image, pixels.
        height: of an image, pixels.
        quality: of the JPEG files, 1 to 100.
        version: of the generator.
    """

    train: int = 400
    val: int = 100
    seed: int = 0
    width: int = 320
    height: int = 240
    quality: int = 92
    version: int = GENERATOR_VERSION
