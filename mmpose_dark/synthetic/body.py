"""From joint angles to joint positions: the proportions of a body and its forward kinematics."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ['KEYPOINT_NAMES', 'SIDES', 'SKELETON', 'Body', 'Pose', 'Skeleton', 'build_skeleton', 'rotate', 'sample_body']

KEYPOINT_NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
    'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
    'right_ankle',
)  # fmt: skip

SKELETON = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10),
    (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip
"""COCO's limbs: pairs of positions in ``KEYPOINT_NAMES``."""

SIDES = (('left', 1.0), ('right', -1.0))
"""Name of a side and the sign of its x in the body's frame (x points to the person's left)."""


@dataclass(frozen=True)
class Body:
    """Lengths and radii of a person, in body heights.

    Attributes:
        width: factor on all radii: thin below 1, stout above.
        head: factor on the head's size; children have large heads.
    """

    width: float = 1.0
    head: float = 1.0
    shoulder_half: float = 0.108
    hip_half: float = 0.052
    waist: float = 0.10
    chest: float = 0.19
    neck: float = 0.045
    upper_arm: float = 0.165
    forearm: float = 0.145
    hand: float = 0.075
    thigh: float = 0.245
    shank: float = 0.235

    @property
    def head_radii(self) -> np.ndarray:
        """(3,) half sizes of the head along its x, y and z."""
        return self.head * np.array([0.051, 0.068, 0.062])


def sample_body(rng: np.random.Generator) -> Body:
    """Choose proportions; one in eight is a child.

    >>> sample_body(np.random.default_rng(0)).head < 1.5
    True
    """
    child = rng.random() < 0.12
    return Body(
        width=float(np.clip(rng.normal(1.0, 0.11), 0.78, 1.35)),
        head=float(rng.normal(1.3 if child else 1.06, 0.04)),
        shoulder_half=float(rng.normal(0.1 if child else 0.108, 0.006)),
        hip_half=float(rng.normal(0.052, 0.003)),
        upper_arm=float(rng.normal(0.15 if child else 0.165, 0.006)),
        forearm=float(rng.normal(0.13 if child else 0.145, 0.005)),
        thigh=float(rng.normal(0.215 if child else 0.245, 0.008)),
        shank=float(rng.normal(0.205 if child else 0.235, 0.008)),
    )


@dataclass(frozen=True)
class Pose:
    """Joint angles in degrees; all zero is a person standing upright, arms hanging, facing the viewer.

    Attributes:
        root: lean forwards, turn (90 faces the image's right side, 180 away), tilt.
        spine: bend forwards, twist, bend to the side.
        head: nod, turn, tilt.
        arms: for left and right: raise forwards, raise sideways, turn inwards, bend the elbow.
        hands: for left and right: bend of the wrist.
        legs: for left and right: raise forwards, spread, turn outwards, bend the knee, point the foot.
        shrug: for left and right: how much the shoulder is lifted, 0 to 1.
    """

    root: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spine: tuple[float, float, float] = (0.0, 0.0, 0.0)
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    arms: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 5.0, 0.0, 5.0), (0.0, 5.0, 0.0, 5.0))
    hands: tuple[float, float] = (0.0, 0.0)
    legs: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 2.0, 5.0, 0.0, 0.0), (0.0, 2.0, 5.0, 0.0, 0.0))
    shrug: tuple[float, float] = (0.0, 0.0)


@dataclass
class Skeleton:
    """A posed body.

    Attributes:
        joints: name → (3,) world position in body heights, the pelvis at the origin.
        frames: segment → (3, 3) rotation from the segment's frame to the world.
    """

    joints: dict[str, np.ndarray] = field(default_factory=dict)
    frames: dict[str, np.ndarray] = field(default_factory=dict)

    def keypoints(self) -> np.ndarray:
        """(17, 3) positions of the COCO keypoints in the world, body heights."""
        return np.stack([self.joints[name] for name in KEYPOINT_NAMES])


def rotate(axis: str, degrees: float) -> np.ndarray:
    """Rotation matrix about a coordinate axis, counter-clockwise seen from its tip: (3, 3).

    >>> (rotate('z', 90) @ [1, 0, 0]).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def build_skeleton(body: Body, pose: Pose, camera_pitch: float = 0.0) -> Skeleton:
    """Pose a body.

    Args:
        body: lengths.
        pose: angles.
        camera_pitch: degrees by which the viewer looks down.

    Returns:
        Joints and segment frames in the world (x right, y up, z to the viewer).

    >>> upright = build_skeleton(Body(), Pose())
    >>> bool(upright.joints['left_wrist'][0] > 0), bool(upright.joints['nose'][2] > 0)
    (True, True)
    """
    out = Skeleton()
    joints, frames = out.joints, out.frames
    lean, turn, tilt = pose.root
    pelvis = rotate('x', camera_pitch) @ rotate('z', tilt) @ rotate('y', turn) @ rotate('x', lean)
    bend, twist, side_bend = pose.spine
    chest = pelvis @ rotate('y', twist) @ rotate('z', side_bend) @ rotate('x', bend)
    frames['pelvis'], frames['chest'] = pelvis, chest
    joints['pelvis'] = np.zeros(3)
    joints['waist'] = pelvis @ [0, body.waist, 0]
    joints['neck'] = joints['waist'] + chest @ [0, body.chest, 0]
    _pose_head(out, body, pose)

    for index, (side, sign) in enumerate(SIDES):
        raise_forwards, raise_sideways, turn_inwards, elbow = pose.arms[index]
        lift = 0.03 * pose.shrug[index]
        shoulder = joints['neck'] + chest @ [sign * (body.shoulder_half - lift * 0.6), -0.02 + lift, 0]
        upper = chest @ rotate('z', sign * raise_sideways) @ rotate('x', -raise_forwards)
        upper = upper @ rotate('y', -sign * turn_inwards)
        lower = upper @ rotate('x', -elbow)
        joints[f'{side}_shoulder'] = shoulder
        joints[f'{side}_elbow'] = shoulder - body.upper_arm * upper[:, 1]
        joints[f'{side}_wrist'] = joints[f'{side}_elbow'] - body.forearm * lower[:, 1]
        frames[f'{side}_upper_arm'], frames[f'{side}_forearm'] = upper, lower
        frames[f'{side}_hand'] = lower @ rotate('x', -pose.hands[index])

        raise_forwards, spread, turn_outwards, knee, point = pose.legs[index]
        hip = pelvis @ [sign * body.hip_half, -0.015, 0]
        thigh = pelvis @ rotate('z', sign * spread) @ rotate('x', -raise_forwards) @ rotate('y', sign * turn_outwards)
        shank = thigh @ rotate('x', knee)
        joints[f'{side}_hip'] = hip
        joints[f'{side}_knee'] = hip - body.thigh * thigh[:, 1]
        joints[f'{side}_ankle'] = joints[f'{side}_knee'] - body.shank * shank[:, 1]
        frames[f'{side}_thigh'], frames[f'{side}_shank'] = thigh, shank
        frames[f'{side}_foot'] = shank @ rotate('x', point)
    return out


def _pose_head(out: Skeleton, body: Body, pose: Pose) -> None:
    """Add the head's centre, frame and the five facial keypoints; the eyes lie on the head's surface."""
    nod, turn, tilt = pose.head
    frame = out.frames['chest'] @ rotate('y', turn) @ rotate('x', nod) @ rotate('z', tilt)
    radii = body.head_radii
    base = out.joints['neck'] + out.frames['chest'] @ [0, body.neck, 0.008]
    centre = base + frame @ [0, 0.85 * radii[1], 0.012]
    out.frames['head'] = frame
    out.joints['head'] = centre
    out.joints['nose'] = centre + frame @ (radii * NOSE_TIP)
    for side, sign in SIDES:
        out.joints[f'{side}_eye'] = centre + frame @ (radii * EYE * [sign, 1, 1])
        out.joints[f'{side}_ear'] = centre + frame @ (radii * EAR * [sign, 1, 1])


EYE = np.array([0.36, 0.06, 0.0])
EYE[2] = np.sqrt(1 - EYE[0] ** 2 - EYE[1] ** 2)
"""The left eye on the unit ball that is stretched to the head."""
NOSE_TIP = np.array([0.0, -0.22, 1.18])
EAR = np.array([1.0, -0.08, -0.12])
