"""Heatmaps: the bright spot lies where the keypoint is."""

import numpy as np
import pytest

from mmpose_dark.codecs import MSRAHeatmap
from mmpose_dark.visualization import (
    colorize_heatmap,
    contact_sheet,
    fit_into,
    heatmap_grid,
    heatmaps_to_image,
    overlay_heatmap,
    resize_heatmaps,
    side_by_side,
)

CODEC = MSRAHeatmap(input_size=(48, 64), heatmap_size=(12, 16), sigma=1, unbiased=True)


def gaussian_at(x: float, y: float) -> np.ndarray:
    """(1, 16, 12) target of a keypoint at (x, y) in input pixels."""
    return CODEC.encode(np.array([[[x, y]]]))['heatmaps']


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    grid = np.indices(image.shape)
    return np.array([(grid[1] * image).sum(), (grid[0] * image).sum()]) / image.sum()


@pytest.mark.parametrize(('x', 'y'), [(24.0, 32.0), (21.3, 30.7), (30.9, 40.1)])
def test_enlarged_heatmap_lies_where_the_codec_put_it(x: float, y: float) -> None:
    big = resize_heatmaps(gaussian_at(x, y), (48, 64))[0]
    assert big.shape == (64, 48)
    np.testing.assert_allclose(centre_of_mass(big), (x, y), atol=0.1)


def test_heatmap_returns_to_the_place_of_its_crop() -> None:
    center, scale = np.array([200.0, 150.0]), np.array([96.0, 128.0])
    placed = heatmaps_to_image(gaussian_at(20.0, 40.0), center, input_scale=scale, image_hw=(300, 400))
    assert placed.shape == (1, 300, 400)
    expected = np.array([20.0, 40.0]) / (48, 64) * scale + center - 0.5 * scale
    np.testing.assert_allclose(centre_of_mass(placed[0]), expected, atol=0.2)


def test_crop_may_reach_beyond_the_image() -> None:
    placed = heatmaps_to_image(
        gaussian_at(40.0, 52.0), np.array([0.0, 0.0]), input_scale=np.array([96.0, 128.0]), image_hw=(50, 60)
    )
    np.testing.assert_allclose(np.unravel_index(placed[0].argmax(), (50, 60)), (40, 32), atol=1)


def test_colours_run_from_blue_to_red() -> None:
    low, middle, high = colorize_heatmap(np.array([[0.0, 0.5, 1.0]]))[0].astype(int)
    assert high[0] > 100 > high[2]
    assert low[2] > low[0]
    assert middle[1] > 150  # green between
    same = colorize_heatmap(np.array([[0.0, 0.5]]), vmax=1.0)[0, 1]
    np.testing.assert_array_equal(same, middle)


@pytest.mark.parametrize('value', [0.0, np.nan, -1.0, np.inf])
def test_maps_without_a_maximum_are_the_lowest_colour(value: float) -> None:
    flat = colorize_heatmap(np.full((3, 4), value))
    np.testing.assert_array_equal(flat, np.broadcast_to(colorize_heatmap(np.array([[0.0, 1.0]]))[0, 0], (3, 4, 3)))


def test_overlay_changes_the_image_at_the_peak_only() -> None:
    image = np.full((64, 48, 3), 128, np.uint8)
    drawn = overlay_heatmap(image, np.concatenate([gaussian_at(12.0, 20.0), gaussian_at(36.0, 48.0)]))
    np.testing.assert_array_equal(image, 128)
    for x, y in ((12, 20), (36, 48)):
        assert drawn[y, x, 0] > drawn[y, x, 2]  # red
    np.testing.assert_array_equal(drawn[5, 40], 128)
    np.testing.assert_array_equal(overlay_heatmap(image, np.zeros((2, 16, 12))), image)
    np.testing.assert_array_equal(overlay_heatmap(image, np.zeros((0, 16, 12))), image)


def test_grid_has_a_cell_for_each_keypoint() -> None:
    maps = np.concatenate([gaussian_at(12.0, 20.0), np.zeros((1, 16, 12)), gaussian_at(36.0, 48.0)])
    crop = np.full((64, 48, 3), 100, np.uint8)
    keypoints = np.array([[12.0, 20.0], [np.nan, np.nan], [36.0, 48.0]])
    grid = heatmap_grid(maps, image=crop, names=['nose', 'eye', 'ear'], keypoints=keypoints, columns=3)
    gap, head = 6, grid.shape[0] - 64 - 2 * 6
    for k, (x, y) in enumerate(keypoints):
        left = gap + k * (48 + gap)
        cell = grid[gap + head : gap + head + 64, left : left + 48]
        if k == 1:
            np.testing.assert_array_equal(cell, 55)  # the crop, darkened, and nothing on it
        else:
            np.testing.assert_array_equal(cell[int(y), int(x)], 255)  # the point
            assert cell[int(y) - 4, int(x), 1] > 60  # the map around it


def test_grid_without_image_and_what_does_not_fit() -> None:
    assert heatmap_grid(np.zeros((17, 16, 12))).shape[2] == 3
    with pytest.raises(ValueError, match='2 names given for 3'):
        heatmap_grid(np.zeros((3, 16, 12)), names=['a', 'b'])
    with pytest.raises(ValueError, match=r'shape \(K, H, W\)'):
        heatmap_grid(np.zeros((16, 12)))
    with pytest.raises(ValueError, match=r'shape \(K, H, W\)'):
        overlay_heatmap(np.zeros((4, 4, 3), np.uint8), np.zeros((1, 1, 4, 4)))


def test_contact_sheet_places_every_image() -> None:
    images = [np.full((20, 10, 3), 50 + 20 * i, np.uint8) for i in range(5)]
    sheet = contact_sheet(images, columns=3, gap=2)
    assert sheet.shape == (2 * 22 + 2, 3 * 12 + 2, 3)
    for i in range(5):
        y, x = 2 + (i // 3) * 22, 2 + (i % 3) * 12
        np.testing.assert_array_equal(sheet[y : y + 20, x : x + 10], 50 + 20 * i)


def test_contact_sheet_with_titles_too_long_for_their_cells() -> None:
    sheet = contact_sheet(
        [np.zeros((20, 60, 3), np.uint8)] * 2, titles=['a', 'a title that is far too long'], columns=2
    )
    assert (sheet[:20, 70:] > 200).any()
    with pytest.raises(ValueError, match='1 titles given for 2'):
        contact_sheet([np.zeros((4, 4), np.uint8)] * 2, titles=['a'])
    with pytest.raises(ValueError, match='at least one'):
        contact_sheet([])


def test_images_keep_their_proportions() -> None:
    fitted = fit_into(np.full((10, 40, 3), 200, np.uint8), (20, 20), background=0)
    assert (fitted[:, 10, 0] == 200).sum() == 5
    row = side_by_side(np.full((10, 10, 3), 1, np.uint8), np.full((20, 10, 3), 2, np.uint8), gap=0)
    assert row.shape == (20, 30, 3)
