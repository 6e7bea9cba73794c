"""Images, keypoints and boxes in every form: drawn alike, or refused by type."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from mmpose_dark.drawing import boxes, ellipses, keypoints, poses
from mmpose_dark.structures import PoseDataSample, Poses
from mmpose_dark.utils.errors import InputError, InputTypeError
from mmpose_dark.visualization import PoseLocalVisualizer, colorize_heatmap, heatmap_grid, overlay_heatmap

POINTS = np.array([[[4.0, 4.0], [12.0, 9.0]]])
BOXES = np.array([[2, 2, 14, 12]])
SHAPES = np.tile(np.diag([9.0, 4.0]), (1, 2, 1, 1))
HEAT = np.linspace(0, 1, 2 * 5 * 6).reshape(2, 5, 6)
FUNCTIONS: dict[str, Callable] = {
    'boxes': lambda image, form: boxes.draw_bboxes(image, form(BOXES)),
    'ellipses': lambda image, form: ellipses.draw_covariances(image, form(POINTS), form(SHAPES)),
    'keypoints': lambda image, form: keypoints.draw_keypoints(image, form(POINTS), scores=form(np.ones((1, 2)))),
    'skeleton': lambda image, form: keypoints.draw_skeleton(image, form(POINTS), links=[(0, 1)]),
    'people': lambda image, form: keypoints.draw_people(image, form(POINTS)),
    'poses': lambda image, form: poses.draw_poses(image, Poses(POINTS, np.ones((1, 2)), BOXES), draw_bbox=True),
    'heatmaps': lambda image, form: overlay_heatmap(image, form(HEAT)),
    'visualizer': lambda image, form: PoseLocalVisualizer().draw_instances(
        image, dict(keypoints=form(POINTS), bboxes=form(BOXES)), draw_bbox=True
    ),
    'sample': lambda image, form: PoseLocalVisualizer().add_datasample('a', image, PoseDataSample()),
}


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (18, 20, 3), dtype=np.uint8)


@pytest.mark.parametrize('name', FUNCTIONS)
def test_every_form_is_drawn_alike(name: str, pixels: np.ndarray) -> None:
    draw, before = FUNCTIONS[name], pixels.copy()
    expected = draw(pixels, lambda values: values)
    np.testing.assert_array_equal(pixels, before)
    assert not np.shares_memory(expected, pixels)
    for image in (Image.fromarray(pixels), torch.from_numpy(pixels)):
        np.testing.assert_array_equal(draw(image, lambda values: values), expected)
    np.testing.assert_array_equal(draw(pixels, torch.from_numpy), expected)
    np.testing.assert_array_equal(
        draw(pixels, lambda values: values.tolist() if name != 'visualizer' else values), expected
    )


@pytest.mark.parametrize('name', FUNCTIONS)
@pytest.mark.parametrize('image', ['a.jpg', None, [[1, 2]], np.zeros((9, 9, 3)), torch.zeros(9, 9, 3)])
def test_what_is_no_image_is_refused_by_its_type(name: str, image: object) -> None:
    with pytest.raises(InputTypeError, match='an image to draw on is a uint8 array, got'):
        FUNCTIONS[name](image, lambda values: values)


def test_channels_first_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(InputError, match=r'has the shape \(H, W, 3\) or \(H, W\), got \(3, 18, 20\)'):
        keypoints.draw_people(torch.from_numpy(pixels).permute(2, 0, 1), POINTS)


def test_what_are_no_numbers_is_refused_by_its_type(pixels: np.ndarray) -> None:
    for draw in (
        lambda: boxes.draw_bboxes(pixels, 'boxes.json'),
        lambda: keypoints.draw_people(pixels, None),
        lambda: keypoints.draw_people(pixels, POINTS, scores='high'),
        lambda: ellipses.draw_covariances(pixels, POINTS, None),
        lambda: overlay_heatmap(pixels, None),
        lambda: heatmap_grid([['a']]),
        lambda: colorize_heatmap(None),
        lambda: PoseLocalVisualizer().add_datasample('a', pixels, 'sample.json'),
        lambda: PoseLocalVisualizer().add_datasample('a', pixels, [PoseDataSample(), None]),
    ):
        with pytest.raises(InputTypeError):
            draw()
