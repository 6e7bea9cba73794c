"""Renumbering keypoints, compared with a loop over keypoints and people."""

import numpy as np
import pytest

from mmpose_dark.structures.keypoint_mapping import KeypointMapping, map_keypoints, map_sigmas

MAPPING = [(4, 0), ((1, 2), 5), (0, 2), ([3, 4, 0], 1)]


def loop(values: np.ndarray, join) -> np.ndarray:
    out = np.zeros((len(values), 6, *values.shape[2:]), values.dtype)
    for source, target in MAPPING:
        for n in range(len(values)):
            ids = [source] if isinstance(source, int) else list(source)
            out[n, target] = join([values[n, i] for i in ids])
    return out


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_mean_and_product_are_those_of_a_loop(dtype):
    rng = np.random.default_rng(3)
    points, visible = rng.normal(size=(7, 5, 3)).astype(dtype), rng.integers(0, 2, (7, 5)).astype(dtype)
    before = points.copy()
    mapping = KeypointMapping(6, MAPPING)
    mean = mapping.mean(points)
    assert mean.dtype == dtype
    np.testing.assert_allclose(mean, loop(points, lambda rows: sum(rows) / len(rows)), rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(mapping.product(visible), loop(visible, np.prod))
    np.testing.assert_array_equal(points, before)
    np.testing.assert_array_equal(mean[:, 3:5], 0)  # nothing maps to them


def test_single_sources_are_copied_bit_by_bit():
    points = np.array([[[np.nan, 1e38], [3.0, -0.0]]], np.float32)
    np.testing.assert_array_equal(map_keypoints(points, 2, [(0, 1), (1, 0)]), points[:, ::-1])


def test_nobody_and_sigmas():
    assert map_keypoints(np.zeros((0, 5, 3)), 6, MAPPING).shape == (0, 6, 3)
    assert map_sigmas(np.arange(5.0), 6, MAPPING).tolist() == [4, 7 / 3, 0, 1, 1, 1.5]


@pytest.mark.parametrize(
    ('mapping', 'message'),
    [
        ([(0, 3)], 'below num_keypoints=3'),
        ([(0, -1)], 'below num_keypoints=3'),
        ([(0, 1), (1, 1)], 'different ids'),
        ([(-1, 1)], 'ids from 0 on'),
        ([((), 1)], 'ids from 0 on'),
        ([(5, 2)], 'mapping 5 -> 2: 5 is not one of 0 to 4'),
        ([((1, 5), 2)], r'mapping \(1, 5\) -> 2: 5 is not one of 0 to 4'),
    ],
)
def test_wrong_mappings(mapping, message):
    with pytest.raises(ValueError, match=message):
        map_keypoints(np.zeros((1, 5, 2)), 3, mapping)
