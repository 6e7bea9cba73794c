"""Where crops lie, read from metainfo: two numbers each, never broadcast."""

import numpy as np
import pytest

from mmpose_dark.structures.crop import crop_to_image, crops_of, image_to_crop
from mmpose_dark.utils.errors import InputError

GOOD = dict(input_size=(48, 64), input_center=np.array([100.0, 50.0]), input_scale=[96.0, 128.0])


@pytest.mark.parametrize('shape', [(2,), (1, 2)])
def test_two_numbers_in_either_shape(shape: tuple) -> None:
    metainfos = [{key: np.reshape(value, shape) for key, value in GOOD.items()}, GOOD]
    places = crops_of(metainfos)
    assert {key: value.shape for key, value in places.items()} == dict.fromkeys(GOOD, (2, 1, 2))
    points = np.random.default_rng(0).uniform(0, 60, (2, 5, 2))
    found = crop_to_image(points, **places)
    for i in range(2):
        for k in range(5):  # by the formula, number by number
            expected = [points[i, k, a] / GOOD['input_size'][a] * GOOD['input_scale'][a] for a in (0, 1)]
            expected = [expected[a] + GOOD['input_center'][a] - GOOD['input_scale'][a] / 2 for a in (0, 1)]
            np.testing.assert_allclose(found[i, k], expected, rtol=1e-6)
    np.testing.assert_allclose(image_to_crop(found, **places), points, atol=1e-4)


@pytest.mark.parametrize('key', list(GOOD))
@pytest.mark.parametrize('value', [3.0, [1.0], [1.0, 2.0, 3.0], np.ones((2, 2)), np.ones((1, 1, 2)), [np.nan, 1.0]])
def test_other_shapes_are_refused(key: str, value: object) -> None:
    with pytest.raises(InputError, match=f'{key} of a sample must be two finite numbers'):
        crops_of([GOOD, {**GOOD, key: value}])


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match='has no input_scale'):
        crops_of([{key: value for key, value in GOOD.items() if key != 'input_scale'}])
