"""A pipeline: transforms one after the other."""

from collections.abc import Callable, Sequence
from typing import Any

from ..registry import TRANSFORMS
from ..utils.errors import InputTypeError

__all__ = ['Compose']


class Compose:
    """Calls transforms in order; one that returns None ends the pipeline with None.

    A transform with a method ``check_pipeline`` is shown the transforms that follow it, once, and
    may refuse them.

    Args:
        transforms: configs (``dict(type=...)``) or callables taking and returning the results
            dictionary; subclasses of mmcv's BaseTransform are such callables.

    Raises:
        TypeError: an entry is neither a config nor callable.
    """

    def __init__(self, transforms: Sequence[dict | Callable] | None) -> None:
        self.transforms: list[Callable] = []
        for i, transform in enumerate(transforms or ()):
            if isinstance(transform, dict):
                transform = TRANSFORMS.build(transform)
            if not callable(transform):
                raise InputTypeError(
                    f'pipeline[{i}] must be dict(type=...) or a callable, got {type(transform).__name__}'
                )
            self.transforms.append(transform)
        for i, transform in enumerate(self.transforms):
            if hasattr(transform, 'check_pipeline'):
                transform.check_pipeline(self.transforms[i + 1 :])

    def __call__(self, results: dict) -> Any:
        """Run it on a results dictionary."""
        for transform in self.transforms:
            results = transform(results)
            if results is None:
                return None
        return results

    def __repr__(self) -> str:
        lines = ''.join(f'\n    {t!r},' for t in self.transforms)
        return f'{type(self).__name__}([{lines}\n])'
