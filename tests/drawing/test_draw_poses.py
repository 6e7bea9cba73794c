"""People as results hold them: their own skeleton, boxes on request, ellipses of their covariances."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.drawing import draw_bboxes, draw_covariances, draw_people, draw_poses
from mmpose_dark.drawing.ellipses import covariance_axes
from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.structures import Poses

COCO = parse_pose_metainfo(dict(from_file='coco'))
IMAGE = np.full((120, 160, 3), 70, np.uint8)


def people(**given: object) -> Poses:
    rng = np.random.default_rng(0)
    fields = dict(
        keypoints=rng.uniform(20, 100, (2, 17, 2)),
        keypoint_scores=rng.uniform(0, 1, (2, 17)),
        boxes=np.array([[10.0, 10, 100, 110], [30, 20, 150, 100]]),
        box_scores=np.array([0.9, 0.5]),
        covariances=None,
        keypoint_set=COCO,
    )
    return Poses(**fields | given)


def rotated(major: float, minor: float, degrees: float) -> np.ndarray:
    """(2, 2) covariance with standard deviations along axes turned by ``degrees`` from x towards y."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s], [s, c]])
    return turn @ np.diag([major**2, minor**2]) @ turn.T


def test_skeleton_and_colours_are_those_of_the_keypoint_set() -> None:
    poses = people()
    expected = draw_people(
        IMAGE,
        poses.keypoints,
        scores=poses.keypoint_scores,
        links=COCO['skeleton_links'],
        kpt_colors=COCO['keypoint_colors'],
        link_colors=COCO['skeleton_link_colors'],
    )
    np.testing.assert_array_equal(draw_poses(IMAGE, poses), expected)
    assert (IMAGE == 70).all()


def test_boxes_only_where_asked_for() -> None:
    poses = people(keypoint_scores=np.zeros((2, 17)))
    np.testing.assert_array_equal(draw_poses(IMAGE, poses), IMAGE)
    expected = draw_bboxes(IMAGE, poses.boxes, labels=['0.90', '0.50'])
    np.testing.assert_array_equal(draw_poses(IMAGE, poses, draw_bbox=True), expected)
    given = people(keypoint_scores=np.zeros((2, 17)), box_scores=np.ones(2))
    np.testing.assert_array_equal(draw_poses(IMAGE, given, draw_bbox=True), draw_bboxes(IMAGE, poses.boxes))


def test_covariances_only_where_asked_for_and_known() -> None:
    covariances = np.broadcast_to(rotated(15, 5, 30), (2, 17, 2, 2))
    plain = draw_poses(IMAGE, people())
    np.testing.assert_array_equal(draw_poses(IMAGE, people(covariances=covariances)), plain)
    np.testing.assert_array_equal(draw_poses(IMAGE, people(), draw_covariance=True), plain)
    assert (draw_poses(IMAGE, people(covariances=covariances), draw_covariance=True) != plain).any()


def test_no_people_and_part_of_the_keypoints() -> None:
    nobody = people(keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17)), boxes=np.zeros((0, 4)),
                    box_scores=np.zeros(0), covariances=np.zeros((0, 17, 2, 2)))  # fmt: skip
    np.testing.assert_array_equal(draw_poses(IMAGE, nobody, draw_bbox=True, draw_covariance=True), IMAGE)
    two = Poses(np.array([[[50.0, 60], [80, 60]]]), np.ones((1, 2)), np.zeros((1, 4)))
    drawn = draw_poses(IMAGE, two)
    assert (drawn[60, 50] != 70).any()
    np.testing.assert_array_equal(drawn[60, 65], 70)  # no link


@pytest.mark.parametrize(('major', 'minor', 'degrees'), [(20, 8, 0), (20, 8, 35), (25, 6, -70), (9, 9, 0)])
@pytest.mark.parametrize('deviations', [1.0, 1.7])
def test_ellipse_covers_the_points_within_the_deviations(
    major: float, minor: float, degrees: float, deviations: float
) -> None:
    """Against the Mahalanobis distance of every pixel."""
    covariance, at = rotated(major, minor, degrees), np.array([80.25, 59.5])
    drawn = draw_covariances(IMAGE, at[None], covariance[None], colors='red', deviations=deviations, alpha=1.0)
    covered = (drawn == (255, 0, 0)).all(axis=-1)
    y, x = np.indices(covered.shape)
    away = np.stack([x - at[0], y - at[1]], axis=-1)
    distance = np.sqrt(np.einsum('...i,ij,...j', away, np.linalg.inv(covariance), away))
    margin = 1.5 / (deviations * minor)  # the rim's half width and its anti-aliasing
    assert covered[distance < deviations * (1 - margin)].all()
    assert not covered[distance > deviations * (1 + margin)].any()


@pytest.mark.parametrize(('major', 'minor', 'degrees'), [(3, 1, 0), (3, 1, 40), (3, 1, -85), (0.5, 0.1, 10)])
def test_axes_are_those_of_the_eigenvectors(major: float, minor: float, degrees: float) -> None:
    covariance = rotated(major, minor, degrees)
    axes, angle = covariance_axes(covariance)
    np.testing.assert_allclose(axes, np.sqrt(np.linalg.eigvalsh(covariance))[::-1], rtol=1e-12)
    assert np.degrees(angle) == pytest.approx(degrees, abs=1e-9)


def test_what_is_no_covariance_is_left_out() -> None:
    bad = np.stack([np.full((2, 2), np.nan), np.diag([4.0, -1.0]), np.array([[1.0, 5.0], [5.0, 1.0]])])
    points = np.array([[20.0, 20], [60, 60], [90, 90]])
    assert np.isnan(covariance_axes(bad)[0]).all()
    np.testing.assert_array_equal(draw_covariances(IMAGE, points, bad), IMAGE)


def test_a_covariance_larger_than_any_image_does_no_harm() -> None:
    drawn = draw_covariances(IMAGE, np.array([[80.0, 60]]), np.eye(2)[None] * 1e14, colors='blue', alpha=1)
    np.testing.assert_array_equal(drawn[10, 10], (0, 0, 255))


def test_covariances_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r'shape \(1, 3, 2, 2\) as the keypoints, got \(2, 2, 2\)'):
        draw_covariances(IMAGE, np.zeros((3, 2)), np.zeros((2, 2, 2)))


@pytest.mark.slow
def test_drawing_functions_load_neither_torch_nor_mmengine() -> None:
    code = (
        'import sys, mmpose_dark.visualization as v\n'
        'loaded = [m for m in ("torch", "mmengine", "mmcv", "matplotlib") if m in sys.modules]\n'
        'assert not loaded, loaded\n'
        'from mmpose_dark.registry import VISUALIZERS\n'  # finds it without being told where it is
        'assert VISUALIZERS.get("PoseLocalVisualizer").__module__ == "mmpose_dark.visualization.local_visualizer"\n'
        'assert v.PoseLocalVisualizer.__name__ == "PoseLocalVisualizer"\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=Path(__file__).parents[2])
