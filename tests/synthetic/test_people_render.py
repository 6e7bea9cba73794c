"""The drawn figure against the known joints: exact places, exact masks, what hides what."""

import dataclasses

import numpy as np
import pytest

from mmpose_dark.synthetic.body import KEYPOINT_NAMES, Body, Pose, build_skeleton, sample_body
from mmpose_dark.synthetic.figure import dress
from mmpose_dark.synthetic.outfit import sample_outfit
from mmpose_dark.synthetic.pieces import PARTS, Piece
from mmpose_dark.synthetic.poses import sample_pose
from mmpose_dark.synthetic.render import Layer, Light, render_figure
from mmpose_dark.synthetic.solids import RoundCone

LIGHT = Light(np.array([0.0, 0.6, 0.8]))


def draw(seed: int, scale: float, origin: tuple[float, float] = (100.3, 120.8), **kwargs) -> Layer:
    rng = np.random.default_rng(seed)
    body, (pose, family), outfit = sample_body(rng), sample_pose(rng), sample_outfit(rng)
    skeleton = build_skeleton(body, pose, 8.0)
    pieces = dress(skeleton, body, outfit, seat=family == 'sit')
    return render_figure(pieces, skeleton.keypoints(), origin=origin, scale=scale, light=LIGHT, **kwargs)


@pytest.mark.parametrize('seed', range(4))
def test_marks_on_the_joints_are_drawn_where_the_keypoints_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    skeleton = build_skeleton(sample_body(rng), sample_pose(rng)[0], 5.0)
    joints, origin, scale = skeleton.keypoints(), rng.uniform(0, 50, 2), rng.uniform(70, 150)
    for k in range(17):
        ball = RoundCone(joints[k], np.eye(3), 0.0, 0.03, 0.03)
        paint = lambda along, normal: np.full((len(along), 3), 200, np.float32)  # noqa: E731
        mark = Piece(ball, PARTS.index('torso'), paint)
        layer = render_figure([mark], joints, origin=tuple(origin), scale=scale, light=LIGHT, supersampling=8)
        rows, columns = np.indices(layer.alpha.shape)
        total = layer.alpha.sum()
        centre = (
            layer.left + (columns * layer.alpha).sum() / total,
            layer.top + (rows * layer.alpha).sum() / total,
        )
        np.testing.assert_allclose(centre, layer.keypoints[k], atol=0.03)


@pytest.mark.parametrize('seed', range(5))
def test_four_times_the_size_is_the_same_figure(seed: int) -> None:
    small = draw(seed, 110.0)
    large = draw(seed, 440.0, (100.3 * 4 + 1.5, 120.8 * 4 + 1.5))
    np.testing.assert_allclose(large.keypoints, small.keypoints * 4 + 1.5, atol=1e-9)
    np.testing.assert_array_equal(large.in_sight, small.in_sight)
    # the large mask, averaged over 4 x 4 pixels, covers the same pixels
    canvas = np.zeros((400 * 4, 400 * 4))
    top, left = large.top + 400, large.left + 400
    canvas[top : top + large.person.shape[0], left : left + large.person.shape[1]] = large.person
    shrunk = canvas.reshape(400, 4, 400, 4).mean((1, 3))
    h, w = small.person.shape
    cut = shrunk[small.top + 100 : small.top + 100 + h, small.left + 100 : small.left + 100 + w]
    assert cut.sum() == pytest.approx(shrunk.sum())
    assert small.person.sum() == pytest.approx(cut.sum(), rel=0.01)
    assert np.abs(small.person - cut).mean() < 0.012
    differ = (small.person >= 0.5) != (cut >= 0.5)  # only where about half of the pixel is covered
    assert differ.mean() < 0.02
    assert np.abs(cut[differ] - 0.5).max() < 0.3


@pytest.mark.parametrize('seed', range(6))
def test_joints_lie_on_the_figure(seed: int) -> None:
    layer = draw(seed, 150.0)
    pixels = np.floor(layer.keypoints + 0.5).astype(int) - (layer.left, layer.top)
    covered = layer.alpha[pixels[:, 1], pixels[:, 0]]
    names = np.array(KEYPOINT_NAMES)
    inner = np.array([not n.endswith(('eye', 'ear', 'nose')) for n in names])
    assert (covered[inner] == 1).all()
    assert (covered > 0).all()


def in_sight(turn: float, **pose) -> dict[str, bool]:
    skeleton = build_skeleton(Body(), Pose(root=(0, turn, 0), **pose))
    rng = np.random.default_rng(1)
    outfit = sample_outfit(rng)
    outfit = dataclasses.replace(outfit, hair='short', hat=None, skirt=0.0, backpack=None, coat=0.0)
    pieces = dress(skeleton, Body(), outfit)
    layer = render_figure(pieces, skeleton.keypoints(), origin=(0, 0), scale=200, light=LIGHT)
    return dict(zip(KEYPOINT_NAMES, layer.in_sight.tolist(), strict=True))


def test_from_the_front_everything_is_in_sight() -> None:
    assert all(in_sight(0).values())


def test_from_behind_the_face_is_hidden_and_the_body_is_not() -> None:
    seen = in_sight(180)
    assert not any(seen[name] for name in ('nose', 'left_eye', 'right_eye'))
    assert all(seen[f'{side}_{joint}'] for side in ('left', 'right') for joint in ('shoulder', 'elbow', 'hip', 'knee'))


@pytest.mark.parametrize(('turn', 'near', 'far'), [(90, 'right', 'left'), (-90, 'left', 'right')])
def test_from_the_side_the_far_half_is_hidden(turn: float, near: str, far: str) -> None:
    seen = in_sight(turn, arms=((0, 3, 0, 0),) * 2)
    for joint in ('eye', 'ear', 'shoulder', 'elbow', 'knee'):
        assert seen[f'{near}_{joint}'], joint
        assert not seen[f'{far}_{joint}'], joint
    assert seen['nose']


def test_a_hand_before_the_face_hides_it() -> None:
    assert in_sight(0)['nose']
    up = in_sight(0, arms=((100, 0, 55, 105), (0, 5, 0, 0)))
    down = in_sight(0, arms=((0, 5, 0, 0), (0, 5, 0, 0)))
    assert sum(up.values()) < sum(down.values())


def test_moving_a_layer_by_whole_pixels_keeps_it_exact() -> None:
    layer = draw(0, 100.0)
    moved = layer.moved(7, -3)
    np.testing.assert_allclose(moved.keypoints - layer.keypoints, np.broadcast_to((7, -3), (17, 2)))
    again = draw(0, 100.0, (107.3, 117.8))
    assert (again.left, again.top) == (moved.left, moved.top)
    np.testing.assert_allclose(again.alpha, moved.alpha, atol=0.26)
    assert (again.alpha != moved.alpha).mean() < 0.005  # rounding of the origin at a few rims
