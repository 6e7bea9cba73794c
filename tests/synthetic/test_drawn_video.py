"""Drawn video: repeatable by frame, physically plausible, and its truth against what is drawn."""

import itertools

import numpy as np
import pytest

from mmpose_dark.synthetic import DrawnVideo, FrameTruth, VideoSettings, drawn_video, observe, truth_of_video
from mmpose_dark.synthetic.body import SKELETON, Body, build_skeleton, sample_body
from mmpose_dark.synthetic.figure import dress
from mmpose_dark.synthetic.gait import moving_pose, stride_length
from mmpose_dark.synthetic.outline import body_outline
from mmpose_dark.synthetic.render import JOINT_DEPTH, Light, render_figure
from mmpose_dark.synthetic.view import PITCH, View, sample_motion
from mmpose_dark.utils.errors import InputError

SMALL = dict(frames=20, width=160, height=120)


def same(a: FrameTruth, b: FrameTruth) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ('ids', 'keypoints', 'visible', 'boxes', 'areas'))


def test_a_frame_depends_on_seed_and_number_alone() -> None:
    settings = VideoSettings(**SMALL, camera='shake', occluders=1)
    whole = list(itertools.islice(drawn_video(settings, 5), 8))
    video = DrawnVideo(settings, 5)
    for index in (7, 2):  # drawn by themselves, and in another order
        np.testing.assert_array_equal(video.image(index), whole[index][0])
        assert same(video.truth(index), whole[index][1])
    assert all(same(a, b) for a, (_, b) in zip(truth_of_video(settings, 5), whole, strict=False))
    assert not np.array_equal(DrawnVideo(settings, 6).image(2), whole[2][0])


def test_settings_say_what_is_wrong() -> None:
    for bad in (
        dict(frames=0),
        dict(fps=0.0),
        dict(people=-1),
        dict(plot='dance'),
        dict(camera='drone'),
        dict(width=9),
    ):
        with pytest.raises(InputError, match=next(iter(bad))):
            VideoSettings(**bad)


def test_nobody() -> None:
    image, truth = next(drawn_video(VideoSettings(**SMALL, people=0)))
    assert image.shape == (120, 160, 3)
    assert len(truth) == len(truth.poses()) == 0
    assert truth.keypoints.shape == (0, 17, 2)
    assert len(observe(truth, false_people=0)) == 0


@pytest.mark.parametrize(
    'plot', ['mixed', *(pytest.param(p, marks=pytest.mark.slow) for p in ('cross', 'leave', 'stay'))]
)
def test_people_move_as_bodies_do(plot: str) -> None:
    settings = VideoSettings(frames=200, fps=100.0, people=3, plot=plot)
    video = DrawnVideo(settings, 11)
    for number, actor in enumerate(video.actors):
        placed = [video._placed(index)[number] for index in range(len(video))]
        metres = np.array([[p.skeleton.joints['pelvis'] + p.joints for p in placed]])[0] * actor.height
        velocity = np.diff(metres, axis=0) * settings.fps
        # hands of somebody who waves move at most some metres a second against the body, and nothing jumps
        assert np.linalg.norm(velocity, axis=-1).max() < 6
        assert np.linalg.norm(np.diff(velocity, axis=0) * settings.fps, axis=-1).max() < 150
        places = np.array([actor.at(index / settings.fps)[1] for index in range(len(video))])
        speed = np.linalg.norm(np.diff(places, axis=0), axis=-1) * settings.fps
        assert speed.max() < 3.2
        assert np.abs(np.diff(speed) * settings.fps).max() < 4  # metres / second^2
        limbs = np.array([np.linalg.norm(p.joints[[a for a, _ in SKELETON]] - p.joints[[b for _, b in SKELETON]],
                                         axis=-1) for p in placed])  # fmt: skip
        rigid = [SKELETON.index(limb) for limb in ((15, 13), (13, 11), (5, 7), (7, 9))]
        np.testing.assert_allclose(limbs[:, rigid], limbs[:1, rigid].repeat(len(limbs), 0), atol=1e-9)


@pytest.mark.parametrize('speed', [0.9, 1.3, 1.6])
def test_feet_stand_while_the_body_walks_over_them(speed: float) -> None:
    """From the heel's strike on a foot goes backwards under the body as fast as the body goes forwards."""
    phases = np.linspace(0, np.pi, 50)
    left, right = [], []
    for phase in phases:
        pose = moving_pose(phase=phase, speed=speed, turn=90.0, time=0.0, mood=np.zeros(4))
        joints = build_skeleton(Body(), pose).joints
        left.append(1.7 * joints['left_ankle'])
        right.append(1.7 * joints['right_ankle'])
    seconds = stride_length(speed) / speed / 2
    assert (left[0] - left[-1])[0] / seconds == pytest.approx(speed, rel=0.12)
    assert (right[-1] - right[0])[0] / seconds == pytest.approx(speed, rel=0.12)  # the other swings forwards
    assert np.array(right)[10:40, 1].min() > np.array(left)[10:40, 1].max() - 0.02  # and is lifted


def test_standing_people_stand() -> None:
    poses = [moving_pose(phase=1.0, speed=0.0, turn=0.0, time=t, mood=np.zeros(4)) for t in (0.0, 1.0, 2.0)]
    knees = np.array([build_skeleton(Body(), p).joints['left_knee'] for p in poses])
    assert np.ptp(knees, axis=0).max() < 0.02
    assert poses[0] != poses[1]  # but they breathe


def test_outline_and_sight_are_those_of_the_drawing() -> None:
    """The drawn figure, in clothes, against the round limbs that decide what hides what."""
    agree = []
    for seed in range(4):
        for person in DrawnVideo(VideoSettings(frames=60, people=4), seed)._placed(17 * seed % 60):
            pieces = dress(person.skeleton, person.actor.body, person.actor.outfit)
            light = Light(np.array([0.0, 0.6, 0.8]))
            layer = render_figure(pieces, person.joints, origin=tuple(person.origin), scale=person.scale, light=light)
            np.testing.assert_allclose(layer.keypoints, person.keypoints, atol=1e-6)
            rows, columns = np.nonzero(layer.person >= 0.5)
            drawn = np.array([columns.min(), rows.min(), columns.max(), rows.max()]) + [layer.left, layer.top] * 2
            assert np.abs(drawn - person.box).max() < 0.06 * person.scale  # hair and hats stand off
            depth = person.depth_at(person.keypoints)
            agree.append((depth - person.joints[:, 2] <= JOINT_DEPTH) == layer.in_sight)
    # 0.90; the rest are faces under hats and hair, and wrists in front of sleeves
    assert np.mean(agree) > 0.87


def test_outline_has_the_size_of_the_body() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        body = sample_body(rng)
        pose = moving_pose(phase=0.0, speed=0.0, turn=0.0, time=0.0, mood=np.zeros(4))
        skeleton = build_skeleton(body, pose, PITCH)
        left, bottom, right, top = body_outline(skeleton, body).bounds
        joints = skeleton.keypoints()
        assert left < joints[:, 0].min() < joints[:, 0].max() < right
        assert bottom < joints[:, 1].min() < joints[:, 1].max() < top
        assert 0.8 < top - bottom < 1.1


def test_the_nearer_person_hides_the_farther_one_and_not_the_other_way() -> None:
    video = DrawnVideo(VideoSettings(frames=150, people=4, plot='cross'), 3)
    found = 0
    for index in range(0, 150, 3):
        placed = video._placed(index)
        keypoints = np.array([p.keypoints for p in placed])
        alone = [video._hidden([p], p.keypoints[None])[0] for p in placed]
        together = video._hidden(placed, keypoints)
        nearest = int(np.argmin([p.distance for p in placed]))
        np.testing.assert_array_equal(together[nearest], alone[nearest])
        found += (together & ~np.array(alone)).sum()
    assert found > 50


def test_objects_in_front_hide_what_is_behind_them() -> None:
    bare, full = (VideoSettings(frames=60, people=5, plot='stay', occluders=n) for n in (0, 4))
    first, second = DrawnVideo(bare, 2), DrawnVideo(full, 2)
    seen = [(first.truth(i).visible == 2).sum() for i in range(0, 60, 10)]
    less = [(second.truth(i).visible == 2).sum() for i in range(0, 60, 10)]
    assert sum(less) < 0.95 * sum(seen)
    np.testing.assert_array_equal(first.truth(0).keypoints, second.truth(0).keypoints)


def test_people_leave_and_come_back_under_their_number() -> None:
    here = [set(t.ids.tolist()) for t in truth_of_video(VideoSettings(frames=120, fps=10.0, plot='leave'), 1)]
    returned = 0
    for who in set.union(*here):
        present = np.array([who in ids for ids in here])
        returned += (np.diff(present.astype(int)) == 1).sum() > (0 if present[0] else 1)
    assert returned >= 2
    assert min(len(ids) for ids in here) < 4


@pytest.mark.parametrize('camera', ['still', 'pan', 'shake'])
def test_a_camera_moves_place_and_people_alike(camera: str) -> None:
    settings = VideoSettings(frames=50, camera=camera, plot='stay', people=2)
    video, still = DrawnVideo(settings, 4), DrawnVideo(VideoSettings(frames=50, plot='stay', people=2), 4)
    moved = []
    for index in range(0, 50, 7):
        a, b = video._placed(index), still._placed(index)
        shift = a[0].keypoints - b[0].keypoints
        np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-9)
        moved.append(shift[0])
    reach = np.ptp(moved, axis=0).max()
    assert (reach == 0) == (camera == 'still')
    motion = sample_motion(np.random.default_rng(0), camera, 320, 240)
    assert (np.abs([motion.at(t) for t in np.linspace(0, 30, 400)]).max(0) <= motion.reach).all()


def test_the_background_follows_the_camera() -> None:
    cv2 = pytest.importorskip('cv2')
    video = DrawnVideo(VideoSettings(frames=60, camera='pan', people=0), 8)
    a, b = (cv2.cvtColor(video.image(i), cv2.COLOR_BGR2GRAY).astype(np.float32) for i in (0, 4))
    found, _ = cv2.phaseCorrelate(a, b)
    expected = video._motion.at(4 / 25) - video._motion.at(0)
    np.testing.assert_allclose(found, expected, atol=0.3)  # noise of the camera and interpolation


def test_view_keeps_feet_on_the_ground_and_sizes_by_distance() -> None:
    view = View(320, 240, horizon=60.0)
    assert view.scale(1.7, 9.0) == pytest.approx(view.scale(1.7, 4.5) / 2)
    assert view.ground(view.half_width(6.0), 6.0)[0] == pytest.approx(319.5)
    assert view.ground(0, 9.0)[1] - 60 == pytest.approx((view.ground(0, 4.5)[1] - 60) / 2)


class TestObserve:
    truth = next(t for t in truth_of_video(VideoSettings(plot='stay'), 1) if t.share_in_sight.min() >= 0.5)

    def test_repeatable(self) -> None:
        assert observe(self.truth, seed=3).equals(observe(self.truth, seed=3))
        assert not observe(self.truth, seed=3).equals(observe(self.truth, seed=4))

    def test_noise_has_the_covariance_that_is_said(self) -> None:
        """Whitened errors of keypoints in the image are standard normal, and not correlated."""
        errors = []
        for seed in range(300):
            found = observe(self.truth, seed=seed, false_people=0)
            rows = [self.truth.ids.tolist().index(i) for i in found.track_ids]
            inside = self.truth.visible[rows] > 0
            off = (found.keypoints - self.truth.keypoints[rows])[inside]
            root = np.linalg.cholesky(found.covariances[inside].astype(float))
            errors.append(np.linalg.solve(root, off[..., None])[..., 0])
            assert np.isnan(found.covariances[~inside]).all()
        white = np.concatenate(errors)
        assert len(white) > 5000
        assert np.abs(white.mean(0)).max() < 0.05
        np.testing.assert_allclose(np.cov(white.T), np.eye(2), atol=0.05)

    def test_hidden_keypoints_have_lower_scores(self) -> None:
        found = [observe(t, seed=1, false_people=0, miss=0) for t in truth_of_video(VideoSettings(frames=60), 1)]
        true = {t.index: t for t in truth_of_video(VideoSettings(frames=60), 1)}
        scores: dict[int, list] = {0: [], 1: [], 2: []}
        for index, poses in enumerate(found):
            rows = [true[index].ids.tolist().index(i) for i in poses.track_ids]
            for kind, values in scores.items():
                values.append(poses.keypoint_scores[true[index].visible[rows] == kind])
        means = [np.concatenate(scores[kind]).mean() for kind in range(3)]
        assert means[0] < 0.2 < means[1] < 0.6 < means[2]

    def test_shares_of_missed_and_false_people(self) -> None:
        in_sight = len(self.truth)  # all are, so that only `miss` decides
        found = [observe(self.truth, seed=s, miss=0.25, false_people=0.5) for s in range(400)]
        ids = np.concatenate([p.track_ids for p in found])
        assert (ids > 0).sum() / (400 * in_sight) == pytest.approx(0.75, abs=0.04)
        assert (ids == -1).sum() / 400 == pytest.approx(0.5, abs=0.12)
        boxes = np.concatenate([p.boxes for p in found])
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert (boxes >= -0.5).all()
        assert (boxes[:, 2] <= 319.5).all()

    def test_who_is_hidden_is_not_found(self) -> None:
        blind = FrameTruth(**{**vars(self.truth), 'visible': np.ones_like(self.truth.visible)})
        assert len(observe(blind, false_people=0)) == 0

    def test_bad_settings(self) -> None:
        for bad in (dict(miss=1.5), dict(noise=-1), dict(false_people=-1), dict(hidden_noise=-1)):
            with pytest.raises(InputError, match=next(iter(bad))):
                observe(self.truth, **bad)
