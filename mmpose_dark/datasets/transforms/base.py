"""What the transforms have in common."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

__all__ = ['BaseTransform', 'get_rng']


def get_rng(results: dict) -> np.random.Generator:
    """Return the sample's random numbers: ``results['rng']``, which the dataset puts there.

    Without it (a transform called by hand) a freshly seeded generator is put there.

    >>> results = dict(rng=np.random.default_rng(0))
    >>> get_rng(results) is results['rng']
    True
    """
    rng = results.get('rng')
    if rng is None:
        rng = results['rng'] = np.random.default_rng()
    return rng


class BaseTransform(ABC):
    """A callable on the results dictionary: the contract of a transform.

    A transform may add and replace entries of the dictionary, but does not write into the arrays
    that it finds there. Its docstring says which it reads, adds and replaces, with their shapes.
    Subclasses of mmcv's class of the same name work in pipelines too, with the promises below set
    where they hold.

    Attributes:
        is_random: whether the result depends on the sample's random numbers, which come from
            :func:`get_rng` alone. Pipelines of training have such transforms, those of evaluation none.
        removes_img_to_ori: whether it uses up ``img_to_ori`` (2, 3) of an image that was decoded at
            reduced size, see :class:`LoadImage`; behind it pixels and coordinates agree again.

    >>> class Brighter(BaseTransform):
    ...     def transform(self, results: dict) -> dict:
    ...         return dict(results, img=results['img'] + 1)
    >>> Brighter()(dict(img=np.array([[1, 2]])))
    {'img': array([[2, 3]])}
    """

    is_random: ClassVar[bool] = False
    removes_img_to_ori: ClassVar[bool] = False

    @abstractmethod
    def transform(self, results: dict) -> dict | None:
        """Return the results with the transform applied, or None to drop the sample."""

    def __call__(self, results: dict) -> dict | None:
        """Run it on a results dictionary."""
        return self.transform(results)

    def __repr__(self) -> str:
        settings = ', '.join(f'{k}={v!r}' for k, v in vars(self).items() if not k.startswith('_'))
        return f'{type(self).__name__}({settings})'
