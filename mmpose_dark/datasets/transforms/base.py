"""What the transforms have in common."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

__all__ = ['BaseTransform', 'get_rng']


def get_rng(results: dict) -> np.random.Generator:
    """The sample's random numbers: ``results['rng']``, which the dataset puts there.

    Without it (a transform called by hand) a freshly seeded generator is put there.
    """
    rng = results.get('rng')
    if rng is None:
        rng = results['rng'] = np.random.default_rng()
    return rng


class BaseTransform(ABC):
    """A callable on the results dictionary.

    A transform may add and replace entries of the dictionary, but does not write into the arrays
    that it finds there. Random ones draw only from :func:`get_rng`. Subclasses of mmcv's class of
    the same name work in pipelines too.
    """

    @abstractmethod
    def transform(self, results: dict) -> dict | None:
        """Return the results with the transform applied, or None to drop the sample."""

    def __call__(self, results: dict) -> Any:
        """Run it on a results dictionary."""
        return self.transform(results)

    def __repr__(self) -> str:
        settings = ', '.join(f'{k}={v!r}' for k, v in vars(self).items() if not k.startswith('_'))
        return f'{type(self).__name__}({settings})'
