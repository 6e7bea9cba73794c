"""Augmentations of the library albumentations, where it is installed."""

import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType

from ...registry import TRANSFORMS
from ...utils.errors import InputError, InputTypeError, MissingPackageError, UnknownNameError
from ...utils.nearest import nearest
from .base import BaseTransform, get_rng

__all__ = ['Albumentation']

# Transforms that albumentations counts among those that move pixels, and that only blank some.
_IN_PLACE = ('CoarseDropout', 'Erasing', 'GridDropout', 'XYMasking')
# Arguments of older releases: (least, greatest) -> the range they are now.
_RANGES = {
    'CoarseDropout': {
        ('min_holes', 'max_holes'): 'num_holes_range',
        ('min_height', 'max_height'): 'hole_height_range',
        ('min_width', 'max_width'): 'hole_width_range',
    },
    'GridDropout': {('unit_size_min', 'unit_size_max'): 'unit_size_range'},
}


@TRANSFORMS.register_module()
class Albumentation(BaseTransform):
    """Transforms of albumentations that change pixels and leave them in their place: blur, noise, dropout.

    Reads and replaces: ``img`` (H, W, 3) uint8, or what ``keymap`` names.

    Args:
        transforms: configs, ``dict(type='Blur', blur_limit=3, p=0.5)``; those that choose among others
            (``OneOf``) have ``transforms`` themselves.
        keymap: entry of the sample -> name that albumentations knows it by; by default ``dict(img='image')``.

    Raises:
        MissingPackageError: albumentations is not installed.
        UnknownNameError: it has no such transform.
        InputError: a transform that moves pixels, so that the keypoints would no longer fit.
        InputTypeError: an argument that the installed release does not take.
    """

    is_random = True

    def __init__(self, transforms: Sequence[Mapping], keymap: Mapping[str, str] | None = None) -> None:
        try:
            import albumentations
        except ImportError as err:
            raise MissingPackageError(
                f'Albumentation needs albumentations ({err}): pip install albumentations'
            ) from err
        self.transforms = list(transforms)
        self.keymap = dict(keymap or dict(img='image'))
        if not hasattr(albumentations.Compose, 'set_random_seed'):
            raise MissingPackageError(
                f'Albumentation: albumentations {albumentations.__version__} cannot be given a seed for each sample: '
                "pip install 'albumentations>=2'"
            )
        self._compose = albumentations.Compose([_build(albumentations, config) for config in transforms])

    def transform(self, results: dict) -> dict:
        """Apply, with random numbers that the sample's own decide."""
        self._compose.set_random_seed(int(get_rng(results).integers(2**31)))
        found = self._compose(**{theirs: results[ours] for ours, theirs in self.keymap.items()})
        results.update({ours: found[theirs] for ours, theirs in self.keymap.items()})
        return results


def _build(library: ModuleType, config: Mapping) -> object:
    """Build one transform, and those that it chooses among."""
    arguments = dict(config)
    name = arguments.pop('type', None)
    made = getattr(library, name, None) if isinstance(name, str) else None
    if not (inspect.isclass(made) and issubclass(made, library.BasicTransform | library.BaseCompose)):
        raise UnknownNameError(
            f'Albumentation: albumentations {library.__version__} has no transform {name!r}'
            f'{nearest(str(name), dir(library))}'
        )
    if issubclass(made, library.DualTransform) and name not in _IN_PLACE:
        raise InputError(
            f'Albumentation: {name} moves pixels, and the keypoints would stay where they were; turn, scale and shift '
            'with RandomBBoxTransform'
        )
    known = inspect.signature(made).parameters
    arguments = _today(name, arguments, known)
    for key in arguments:
        if key not in known:
            raise InputTypeError(
                f'Albumentation: {name}: unexpected argument {key!r}{nearest(key, list(known))} '
                f'albumentations {library.__version__} takes {", ".join(known)}.'
            )
    if 'transforms' in arguments:
        arguments['transforms'] = [_build(library, inner) for inner in arguments['transforms']]
    return made(**arguments)


def _today(name: str, arguments: dict, known: Mapping[str, object]) -> dict:
    """Join the two ends of a range that older releases, and mmpose's recipes, have as two arguments."""
    for pair, joined in _RANGES.get(name, {}).items():
        if joined in known and any(end in arguments for end in pair):
            ends = [arguments.pop(end, None) for end in pair]
            arguments[joined] = tuple(ends[1 - i] if end is None else end for i, end in enumerate(ends))
    return arguments
