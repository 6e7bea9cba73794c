"""Proportions, kinematics and the limits of poses."""

import numpy as np
import pytest

from mmpose_dark.synthetic.body import KEYPOINT_NAMES, Body, Pose, build_skeleton, rotate, sample_body
from mmpose_dark.synthetic.poses import FAMILIES, LIMITS, sample_pose

BONES = dict(
    upper_arm=('shoulder', 'elbow'), forearm=('elbow', 'wrist'), thigh=('hip', 'knee'), shank=('knee', 'ankle')
)


@pytest.mark.parametrize('seed', range(20))
def test_bones_keep_their_length_and_frames_stay_rotations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = sample_body(rng)
    skeleton = build_skeleton(person, sample_pose(rng)[0], camera_pitch=rng.uniform(0, 20))
    for bone, (start, end) in BONES.items():
        for side in ('left', 'right'):
            length = np.linalg.norm(skeleton.joints[f'{side}_{start}'] - skeleton.joints[f'{side}_{end}'])
            assert length == pytest.approx(getattr(person, bone), abs=1e-12)
    for frame in skeleton.frames.values():
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame) == pytest.approx(1)


def test_upright_person_has_everything_where_it_belongs() -> None:
    joints = build_skeleton(Body(), Pose()).joints
    assert tuple(joints)[:3] == ('pelvis', 'waist', 'neck')
    points = np.stack([joints[name] for name in KEYPOINT_NAMES])
    left, right = points[1::2], points[2::2]
    assert (left[:, 0] > 0).all()
    np.testing.assert_allclose(left * (-1, 1, 1), right, atol=1e-12)  # faces the viewer: the left is on the right
    heights = [joints[f'left_{name}'][1] for name in ('ear', 'shoulder', 'elbow', 'hip', 'knee', 'ankle')]
    assert heights == sorted(heights, reverse=True)
    top = joints['head'][1] + Body().head_radii[1]
    assert top - joints['left_ankle'][1] + 0.045 == pytest.approx(1, abs=0.03)  # body height is the unit


def test_elbows_bend_forwards_and_knees_backwards() -> None:
    pose = Pose(arms=((0, 0, 0, 90),) * 2, legs=((0, 0, 0, 90, 0),) * 2)
    joints = build_skeleton(Body(), pose).joints
    assert joints['left_wrist'][2] - joints['left_elbow'][2] == pytest.approx(Body().forearm)
    assert joints['left_ankle'][2] - joints['left_knee'][2] == pytest.approx(-Body().shank)


def test_turning_the_person_turns_every_joint() -> None:
    still = build_skeleton(Body(), Pose()).keypoints()
    turned = build_skeleton(Body(), Pose(root=(0, 70, 0))).keypoints()
    np.testing.assert_allclose(turned, still @ rotate('y', 70).T, atol=1e-12)


def test_sampled_poses_respect_the_limits_and_cover_all_families() -> None:
    rng = np.random.default_rng(0)
    seen, turns = set(), []
    for _ in range(600):
        pose, family = sample_pose(rng)
        seen.add(family)
        turns.append(pose.root[1])
        for kind, values in (('arm', pose.arms[0]), ('arm', pose.arms[1]), ('leg', pose.legs[0]), ('leg', pose.legs[1]),
                             ('spine', pose.spine), ('head', pose.head)):  # fmt: skip
            for value, (low, high) in zip(values, LIMITS[kind], strict=True):
                assert low <= value <= high
    assert seen == set(FAMILIES)
    towards = np.cos(np.radians(turns))
    assert (towards > 0.5).mean() > 0.35  # facing the viewer
    assert (towards < -0.5).mean() > 0.1  # facing away
    assert (np.abs(towards) < 0.4).mean() > 0.12  # seen from the side
