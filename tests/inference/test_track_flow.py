"""Optical flow: points and boxes carried by what images show, and the tracker that uses it on drawn video."""

import numpy as np
import pytest

from mmpose_dark.inference.tracking import FlowTracker
from mmpose_dark.inference.tracking.flow import (
    FLOWS,
    carry_boxes,
    carry_points,
    dense_flow,
    small_grey,
    sparse_flow,
)
from mmpose_dark.structures.poses import Poses
from mmpose_dark.synthetic import DrawnVideo, VideoSettings
from mmpose_dark.synthetic.materials import noise_tile


def textured(seed: int = 0) -> np.ndarray:
    """(240, 320, 3) uint8 with something to follow everywhere."""
    tile = (255 * noise_tile(np.random.default_rng(seed), size=256, octaves=5)).astype(np.uint8)
    return np.repeat(np.concatenate([tile, tile], 1)[:240, :320, None], 3, 2)


@pytest.mark.parametrize('longest', [320, 160])
def test_points_of_an_image_that_moves(longest: int) -> None:
    first = textured()
    second = np.roll(first, (2, 6), axis=(0, 1))
    (a, factor), (b, _) = small_grey(first, longest), small_grey(second, longest)
    points = np.random.default_rng(1).uniform((60, 60), (260, 180), (3, 17, 2))
    for moved in (carry_points(points, dense_flow(a, b), factor), sparse_flow(a, b, points, factor)):
        assert moved.shape == points.shape
        # half a pixel of the images that flow saw; some cells are alike, so the median
        assert np.median(np.abs(moved - points - (6, 2))) < 0.5 / factor


def test_bilinear_like_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 3, (7, 9, 2))
    points = rng.uniform(-4, 22, (50, 2))
    for (x, y), moved in zip(points, carry_points(points, flow, 0.5), strict=True):
        u, v = np.clip(((x + 0.5) * 0.5 - 0.5, (y + 0.5) * 0.5 - 0.5), 0, (8, 6))
        i, j = min(int(u), 7), min(int(v), 5)
        s, t = u - i, v - j
        value = (flow[j, i] * (1 - s) + flow[j, i + 1] * s) * (1 - t) + (
            flow[j + 1, i] * (1 - s) + flow[j + 1, i + 1] * s
        ) * t
        np.testing.assert_allclose(moved, (x, y) + value / 0.5, atol=1e-9)


def test_nothing_to_carry() -> None:
    grey = np.zeros((32, 32), np.uint8)
    assert sparse_flow(grey, grey, np.zeros((0, 2))).shape == (0, 2)
    assert carry_points(np.zeros((0, 17, 2)), np.zeros((32, 32, 2))).shape == (0, 17, 2)
    assert carry_boxes(np.zeros((0, 17, 2)), np.zeros((0, 17), bool), np.zeros((32, 32, 2))).shape == (0, 4)
    unseen = carry_boxes(np.zeros((1, 2, 2)), np.zeros((1, 2), bool), np.zeros((32, 32, 2)))
    assert np.isnan(unseen).all()


def test_boxes_leave_out_keypoints_that_do_not_count() -> None:
    points = np.array([[[10.0, 10.0], [20.0, 30.0], [500.0, 500.0]]])
    box = carry_boxes(points, np.array([[True, True, False]]), np.zeros((64, 64, 2)), margin=0.0)
    assert box.tolist() == [[10, 10, 20, 30]]


@pytest.mark.parametrize('flow', FLOWS)
def test_a_jump_of_the_camera_does_not_swap_people(flow: str) -> None:
    """All move so far that each is nearer to where the other one was; the images say so."""
    first, step = textured(), np.array([18.0, 0.0])
    second = np.roll(first, 18, axis=1)
    keypoints = np.array([[90, 120], [120, 120]])[:, None] + np.random.default_rng(2).uniform(-20, 20, (17, 2))
    boxes = np.concatenate([keypoints.min(1), keypoints.max(1)], 1)
    before = Poses(keypoints, np.ones((2, 17)), boxes)
    after = Poses(keypoints + step, np.ones((2, 17)), boxes + np.tile(step, 2))
    tracker = FlowTracker(flow=flow)
    for image, followed in ((second, True), (first, False)):
        tracker.reset()
        assert tracker(before, time=0.0, image=first).track_ids.tolist() == [1, 2]
        assert (tracker(after, time=0.1, image=image).track_ids.tolist() == [1, 2]) == followed


@pytest.mark.parametrize('flow', FLOWS)
def test_drawn_people_keep_their_numbers(flow: str) -> None:
    video = DrawnVideo(VideoSettings(frames=20, width=240, height=180, people=3, plot='stay', camera='pan'), 5)
    tracker, names = FlowTracker(flow=flow, lost_after=2.0), {}
    for index in range(len(video)):
        truth = video.truth(index)
        seen = truth.share_in_sight > 0.2  # who enters begins as a hand
        found = tracker(truth.poses()[seen], time=truth.time, image=video.image(index))
        for person, track in zip(truth.ids[seen].tolist(), found.track_ids.tolist(), strict=True):
            if track > 0:
                names.setdefault(person, set()).add(track)
    assert len(names) >= 2
    assert all(len(tracks) == 1 for tracks in names.values())
    assert len(set.union(*names.values())) == len(names)


def test_a_pose_from_before_is_remembered_behind_somebody() -> None:
    """The last pose of a track is wrong; the one before it still fits."""
    image = textured()
    shape = np.random.default_rng(3).uniform((-10, -30), (10, 30), (1, 17, 2)) + np.array([100, 100])
    right = Poses(shape, np.ones((1, 17)), [[88, 68, 112, 132]])
    off = shape.copy()
    off[:, 5:] += (9, 0)
    for memory, expected in ((3, 1), (1, 2)):
        tracker = FlowTracker(memory=memory, min_similarity=0.65)
        ids = [tracker(p, time=0.1 * i, image=image).track_ids[0] for i, p in enumerate((right, right))]
        assert ids == [1, 1]
        tracker._poses[:, 0] = off  # as if it had been seen so
        assert tracker(right, time=0.3, image=image).track_ids.tolist() == [expected]


def test_another_size_of_image_forgets_the_flow_and_not_the_people() -> None:
    tracker = FlowTracker()
    here = Poses(np.full((1, 17, 2), 50.0), np.ones((1, 17)), [[20, 20, 80, 80]])
    assert tracker(here, time=0.0, image=textured()).track_ids.tolist() == [1]
    assert tracker(here, time=0.1, image=textured()[:120, :160].copy()).track_ids.tolist() == [1]
