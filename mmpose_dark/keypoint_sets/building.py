"""Building a definition from another one: the built-in definitions are differences where they repeat each other."""

from collections.abc import Iterable, Sequence

__all__ = ['links', 'middle', 'numbered', 'taken']

_LEFT, _RIGHT, _MIDDLE = (0, 255, 0), (255, 128, 0), (51, 153, 255)

Keypoint = dict[str, object]


def numbered(keypoints: Iterable[Keypoint]) -> dict[int, Keypoint]:
    """Return ``keypoint_info`` of keypoints in their order.

    >>> numbered([dict(name='nose'), dict(name='neck', id=7)])
    {0: {'name': 'nose', 'id': 0}, 1: {'name': 'neck', 'id': 1}}
    """
    return {i: dict(keypoint, id=i) for i, keypoint in enumerate(keypoints)}


def taken(definition: dict, *names: str) -> list[Keypoint]:
    """Return keypoints of another definition, by name.

    >>> from mmpose_dark.keypoint_sets import load_definition
    >>> [k['swap'] for k in taken(load_definition('coco'), 'left_hip', 'nose')]
    ['right_hip', '']
    """
    by_name = {keypoint['name']: keypoint for keypoint in definition['keypoint_info'].values()}
    return [by_name[name] for name in names]


def middle(name: str, half: str) -> Keypoint:
    """Return a keypoint on the body's middle line, which a flip leaves in place.

    Args:
        name: of the keypoint.
        half: ``'upper'`` or ``'lower'``.

    >>> middle('neck', 'upper')
    {'name': 'neck', 'id': -1, 'color': [51, 153, 255], 'type': 'upper', 'swap': ''}
    """
    return dict(name=name, id=-1, color=list(_MIDDLE), type=half, swap='')


def links(pairs: Sequence[tuple[str, str]], first: int = 0) -> dict[int, dict]:
    """Return ``skeleton_info``: links between named keypoints, green on the left side, orange on the right.

    Args:
        pairs: names of the two ends of each link.
        first: number of the first link.

    >>> links([('left_hip', 'left_knee')])
    {0: {'link': ('left_hip', 'left_knee'), 'id': 0, 'color': [0, 255, 0]}}
    """
    return {i: dict(link=pair, id=i, color=list(_color(pair))) for i, pair in enumerate(pairs, first)}


def _color(pair: tuple[str, str]) -> tuple[int, int, int]:
    for side, color in (('left', _LEFT), ('right', _RIGHT)):
        if all(name.startswith(side) for name in pair):
            return color
    return _MIDDLE
