"""Values against annotations: what a config can be wrong about is told apart, what an annotation leaves open is not."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pytest

from mmpose_dark.utils.hints import fits, hints_of, in_words

RIGHT = [
    (True, bool), (0, bool), (np.int64(3), int), (3, float), (np.float32(0.5), float), (float('nan'), float),
    ('a', str), (pathlib.Path('a'), str), (None, int | None), ([1, 2], Sequence[int]), ((1, 2), list[int]),
    ([256, 192], tuple[int, int]), (dict(a=1), Mapping), ('x', Literal['x', 'y']), (len, Callable), (3, object),
    ('anything', Any), (np.zeros(2), Sequence[float]), ([dict()], Sequence[dict | Callable]),
]  # fmt: skip
WRONG = [
    ('maybe', bool), (2, bool), (True, int), (1.5, int), ('3', int), ('3', float), (3, str), (None, int),
    ([1, 'b'], Sequence[int]), ([1], tuple[int, int]), (5, Mapping), ('ab', Sequence[int]), ('z', Literal['x', 'y']),
    (dict(a=1), Sequence[dict]), ('x', int | None),
]  # fmt: skip


@pytest.mark.parametrize(('value', 'hint'), RIGHT)
def test_values_that_fit(value, hint):
    assert fits(value, hint)


@pytest.mark.parametrize(('value', 'hint'), WRONG)
def test_values_that_do_not(value, hint):
    assert not fits(value, hint)
    assert in_words(hint)


def test_annotations_are_followed_to_the_base_class():
    from mmpose_dark.models.backbones import ResNet, ResNetV1d

    assert hints_of(ResNetV1d)['depth'] is int
    assert hints_of(ResNet)['depth'] is int
