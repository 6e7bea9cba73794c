"""Box conversions and the warp matrix against OpenCV's three-point solution."""

import cv2
import numpy as np
import pytest

from mmpose_dark import structures


@pytest.fixture
def boxes() -> np.ndarray:
    low = np.random.default_rng(0).uniform(-20, 100, (5, 3, 2))
    return np.concatenate([low, low + np.random.default_rng(1).uniform(1, 80, (5, 3, 2))], -1)


def test_forms_convert_back_and_forth(boxes):
    s = structures
    np.testing.assert_allclose(s.bbox_xywh2xyxy(s.bbox_xyxy2xywh(boxes)), boxes)
    np.testing.assert_allclose(s.bbox_cs2xyxy(*s.bbox_xyxy2cs(boxes, padding=1.25), padding=1.25), boxes)
    np.testing.assert_allclose(s.bbox_cs2xywh(*s.bbox_xywh2cs(s.bbox_xyxy2xywh(boxes))), s.bbox_xyxy2xywh(boxes))


def test_arguments_are_not_modified(boxes):
    before = boxes.copy()
    structures.bbox_xyxy2xywh(boxes)
    structures.bbox_xywh2xyxy(boxes)
    structures.flip_bbox(boxes, (100, 100))
    np.testing.assert_array_equal(boxes, before)


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_flipping_a_box_twice_gives_it_back(boxes, direction):
    once = structures.flip_bbox(boxes, (200, 150), direction=direction)
    assert (once[..., 2:] > once[..., :2]).all()
    np.testing.assert_allclose(structures.flip_bbox(once, (200, 150), direction=direction), boxes)


def test_flip_bbox_refuses_unknown_words(boxes):
    with pytest.raises(ValueError, match="'xywh'"):
        structures.flip_bbox(boxes, (10, 10), bbox_format='xywh')
    with pytest.raises(ValueError, match="'up'"):
        structures.flip_bbox(boxes, (10, 10), direction='up')


def three_point_matrix(center, scale, rot, size, *, inv=False, square=True):
    """The matrix as mmpose builds it, by three points and OpenCV."""
    a = np.deg2rad(rot)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    left, up = turn @ [-scale[0] / 2, 0], turn @ [0, -scale[1] / 2]
    src, dst = np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)
    src[0], src[1] = center, center + left
    dst[0], dst[1] = np.array(size) / 2, np.array(size) / 2 + [-size[0] / 2, 0]
    if square:
        src[2] = src[1] + np.array([-left[1], left[0]])
        dst[2] = dst[1] + np.array([0, -size[0] / 2])
    else:
        src[2], dst[2] = center + up, np.array(size) / 2 + [0, -size[1] / 2]
    return cv2.getAffineTransform(dst, src) if inv else cv2.getAffineTransform(src, dst)


@pytest.mark.parametrize('square', [True, False])
@pytest.mark.parametrize('inv', [True, False])
@pytest.mark.parametrize('rot', [0.0, 37.5, -120.0])
def test_warp_matrix_is_the_three_point_one(rot, inv, square):
    center, scale, size = np.array([210.5, 97.25]), np.array([120.0, 160.0]), (96, 128)
    got = structures.get_warp_matrix(center, scale, rot, size, inv=inv, fix_aspect_ratio=square)
    np.testing.assert_allclose(got, three_point_matrix(center, scale, rot, size, inv=inv, square=square), atol=2e-5)


def test_warp_matrix_of_a_batch_is_the_one_of_each():
    rng = np.random.default_rng(0)
    center, scale, rot = rng.uniform(0, 100, (4, 2)), rng.uniform(20, 90, (4, 2)), rng.uniform(-90, 90, 4)
    batch = structures.get_warp_matrix(center, scale, rot, (48, 64), shift=(0.1, -0.2))
    for i in range(4):
        one = structures.get_warp_matrix(center[i], scale[i], rot[i], (48, 64), shift=(0.1, -0.2))
        np.testing.assert_allclose(batch[i], one, rtol=1e-12)


def test_inverse_matrix_takes_points_back():
    points = np.random.default_rng(0).uniform(0, 300, (17, 2)).astype(np.float32)
    there = structures.get_warp_matrix(np.array([150, 130.0]), np.array([120, 160.0]), 25.0, (192, 256))
    back = structures.get_warp_matrix(np.array([150, 130.0]), np.array([120, 160.0]), 25.0, (192, 256), inv=True)
    moved = structures.transform_points(points, there)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(structures.transform_points(moved, back), points, atol=1e-4)
    np.testing.assert_allclose(moved, cv2.transform(points[None], there)[0], atol=1e-4)


def test_keypoints_flip_with_their_pixels():
    image = np.zeros((20, 30), np.uint8)
    keypoints, visible = np.array([[[3.0, 4.0], [25.0, 11.0], [14.0, 2.0]]]), np.array([[1.0, 0.5, 0.0]])
    for value, (x, y) in enumerate(keypoints[0].astype(int), 1):
        image[y, x] = value
    for direction, code in (('horizontal', 1), ('vertical', 0), ('diagonal', -1)):
        flipped, flipped_visible = structures.flip_keypoints(keypoints, visible, (30, 20), [1, 0, 2], direction)
        order = [0, 1, 2] if direction == 'diagonal' else [1, 0, 2]
        mirrored = cv2.flip(image, code)
        assert [mirrored[int(y), int(x)] for x, y in flipped[0]] == [i + 1 for i in order]
        np.testing.assert_array_equal(flipped_visible[0], visible[0][order])
    assert keypoints[0, 0].tolist() == [3.0, 4.0]


def test_flip_indices_must_fit():
    with pytest.raises(ValueError, match='3 entries for 2 keypoints'):
        structures.flip_keypoints(np.zeros((1, 2, 2)), None, (10, 10), [0, 1, 2])


@pytest.mark.parametrize('channels', [1, 3, 4])
@pytest.mark.parametrize('where', ['inside', 'over the edge', 'outside', 'tiny'])
def test_warped_images_are_opencvs(channels, where):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (60, 80, channels), dtype=np.uint8).squeeze()
    center, scale = dict(
        inside=((40, 30), (20, 24)), outside=((400, 30), (20, 24)), tiny=((9, 7), (0.3, 0.4))
    ).get(where, ((75, 2), (60, 80)))  # fmt: skip
    for rot in (0.0, 40.0, -110.0):
        matrix = structures.get_warp_matrix(np.array(center), np.array(scale), rot, (48, 64))
        expected = cv2.warpAffine(image, matrix, (48, 64), flags=cv2.INTER_LINEAR)
        got = structures.warp_image(image, matrix, (48, 64))
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        difference = np.abs(got.astype(int) - expected)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.03  # noise, at positions that are halves: the worst case
