"""Images with several people: borders, covering, flags."""

import numpy as np
import pytest

from mmpose_dark.synthetic.background import draw_backdrop, draw_occluder
from mmpose_dark.synthetic.detections import jitter_boxes
from mmpose_dark.synthetic.render import Layer
from mmpose_dark.synthetic.scene import draw_scene, label_person


def slab(left: int, top: int, keypoints: list[tuple[float, float]]) -> Layer:
    """A 10 x 20 'person' that covers its layer fully."""
    points = np.full((17, 2), 1e3)
    if keypoints:
        points[: len(keypoints)] = keypoints
    ones = np.ones((20, 10), np.float32)
    return Layer(left, top, np.zeros((20, 10, 3), np.uint8), ones, ones, points, np.ones(17, bool))


def test_flags_follow_the_border_and_what_is_in_front() -> None:
    transmission = np.ones((40, 40), np.float32)
    transmission[:, 20:] = 0
    layer = slab(15, 10, [(16.0, 12.0), (22.0, 12.0), (-0.51, 5.0), (-0.49, 5.0), (39.49, 5.0), (39.51, 5.0)])
    person = label_person(layer, transmission)
    # The fifth lies inside and is covered, but no joint next to it is in sight.
    assert person.keypoints[:6, 2].tolist() == [2, 1, 0, 2, 0, 0]
    assert (person.keypoints[person.keypoints[:, 2] == 0] == 0).all()
    assert person.keypoints[1].tolist() == [22, 12, 1]
    assert person.box_xywh == (15, 10, 5, 20)
    assert person.area == 100


# Left arm and leg in COCO's order: shoulder 5, elbow 7, wrist 9; hip 11, knee 13, ankle 15.
@pytest.mark.parametrize(
    ('in_sight', 'expected'),
    [
        ({5, 7, 9, 11, 13, 15}, {5: 2, 7: 2, 9: 2, 11: 2, 13: 2, 15: 2}),
        ({7}, {5: 1, 7: 2, 9: 1, 11: 0, 13: 0, 15: 0}),  # from the elbow: shoulder and wrist
        ({5}, {5: 2, 7: 1, 9: 0, 11: 1, 13: 0, 15: 0}),  # from the shoulder: elbow and hip, not the wrist
        ({13}, {5: 0, 7: 0, 9: 0, 11: 1, 13: 2, 15: 1}),
        (set(), {5: 0, 7: 0, 9: 0, 11: 0, 13: 0, 15: 0}),
    ],
)
def test_hidden_joints_are_labelled_next_to_one_in_sight(in_sight: set[int], expected: dict[int, int]) -> None:
    layer = slab(15, 10, [(20.0, 20.0)] * 17)
    layer.in_sight[:] = False
    layer.in_sight[list(in_sight)] = True
    keypoints = label_person(layer, np.ones((40, 40), np.float32)).keypoints
    assert {joint: keypoints[joint, 2] for joint in expected} == expected
    assert (keypoints[keypoints[:, 2] > 0, :2] == 20).all()


def test_hidden_by_the_own_body_counts_as_hidden() -> None:
    layer = slab(15, 10, [(16.0, 12.0), (17.0, 12.0)])
    layer.in_sight[1] = False
    assert label_person(layer, np.ones((40, 40), np.float32)).keypoints[:2, 2].tolist() == [2, 1]


@pytest.mark.parametrize(
    ('left', 'top', 'box'), [(-4, 5, (0, 5, 6, 20)), (36, 30, (36, 30, 4, 10)), (3, -8, (3, 0, 10, 12))]
)
def test_people_at_the_border_are_cut(left: int, top: int, box: tuple[int, ...]) -> None:
    assert label_person(slab(left, top, []), np.ones((40, 40), np.float32)).box_xywh == box


@pytest.mark.parametrize('seed', range(6))
def test_scene_is_consistent_and_repeatable(seed: int) -> None:
    scene = draw_scene(np.random.default_rng(seed), 200, 150)
    again = draw_scene(np.random.default_rng(seed), 200, 150)
    np.testing.assert_array_equal(scene.image, again.image)
    assert scene.image.shape == (150, 200, 3)
    assert scene.image.dtype == np.uint8
    owner = np.zeros((150, 200), int)
    for person in scene.people:
        owner += person.mask
        x, y, v = person.keypoints.T
        assert set(v) <= {0, 1, 2}
        assert ((x >= -0.5) & (x < 199.5) & (y >= -0.5) & (y < 149.5)).all()
        left, top, w, h = person.box_xywh
        assert person.mask[top : top + h, left : left + w].sum() == person.area
        assert person.area > 0
    assert owner.max() <= 1  # a pixel shows one person


def test_scenes_have_overlaps_cut_offs_and_scales() -> None:
    people = [p for seed in range(30) for p in draw_scene(np.random.default_rng((5, seed))).people]
    flags = np.concatenate([p.keypoints[:, 2] for p in people])
    assert len(people) > 50
    assert 0.45 < (flags == 2).mean() < 0.8
    assert (flags == 1).mean() > 0.15
    assert (flags == 0).mean() > 0.02
    heights = np.array([p.box_xywh[3] for p in people])
    assert heights.max() / heights.min() > 3
    assert len({p.pose for p in people}) >= 6


@pytest.mark.parametrize('seed', range(8))
def test_backdrops_and_occluders_are_images(seed: int) -> None:
    rng = np.random.default_rng(seed)
    backdrop = draw_backdrop(rng, 96, 64)
    assert backdrop.image.shape == (64, 96, 3)
    assert backdrop.image.min() >= 0
    assert backdrop.image.max() <= 255
    assert backdrop.image.std() > 1
    assert 0 < backdrop.horizon < 64
    occluder = draw_occluder(rng, 96, 64)
    assert occluder.alpha.shape == (64, 96)
    assert 0 <= occluder.alpha.min() <= occluder.alpha.max() <= 1


def test_detections_are_near_the_truth_and_inside_the_image() -> None:
    rng = np.random.default_rng(0)
    truth = np.array([[10.0, 10.0, 60.0, 120.0], [250.0, 100.0, 70.0, 140.0]])
    found = [box for _ in range(200) for box in jitter_boxes(truth, 320, 240, rng=rng)]
    boxes, scores = np.array([box for box, _ in found]), np.array([score for _, score in found])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= (320, 240)).all()
    assert (boxes[:, 2:] > 0).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    near = np.abs(boxes[:, None] - truth).max(-1).min(-1) < 30
    assert 0.8 < near.mean() < 1  # a few are false
    assert scores[near].mean() > scores[~near].mean() + 0.3
    assert jitter_boxes(np.zeros((0, 4)), 320, 240, rng=np.random.default_rng(3)) == []
