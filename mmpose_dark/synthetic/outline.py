"""The outline of a body without drawing it: what is in front of what, and its box."""

from dataclasses import dataclass

import numpy as np

from .body import SIDES, Body, Skeleton

__all__ = ['Outline', 'body_outline', 'surface_depth']


@dataclass(frozen=True)
class Outline:
    """Spheres swept along segments, C of them, in body heights; see `mmpose_dark.synthetic.solids`.

    Attributes:
        starts: (C, 3) one end of each.
        ends: (C, 3) the other end.
        radii: (C, 2) at both ends.
    """

    starts: np.ndarray
    ends: np.ndarray
    radii: np.ndarray

    @property
    def bounds(self) -> np.ndarray:
        """(4,) left, bottom, right and top, x to the right and y up."""
        low = np.minimum(self.starts[:, :2] - self.radii[:, :1], self.ends[:, :2] - self.radii[:, 1:])
        high = np.maximum(self.starts[:, :2] + self.radii[:, :1], self.ends[:, :2] + self.radii[:, 1:])
        return np.concatenate([low.min(0), high.max(0)])


def body_outline(skeleton: Skeleton, body: Body) -> Outline:
    """Return the outline of a posed body, in light clothes and shoes.

    >>> from .body import Pose, build_skeleton
    >>> left, bottom, right, top = body_outline(build_skeleton(Body(), Pose()), Body()).bounds
    >>> bool(0.9 < top - bottom < 1.1), bool(abs(left + right) < 1e-9)
    (True, True)
    """
    joints, frames, width = skeleton.joints, skeleton.frames, body.width
    head = 1.05 * float(body.head_radii[1])
    parts = [
        (joints['head'], joints['head'], head, head),
        (joints['neck'], joints['head'], 0.034 * width, 0.034 * width),
        (joints['neck'], joints['pelvis'], 0.056 * width, 0.06 * width),
        (joints['left_shoulder'], joints['right_shoulder'], 0.036 * width, 0.036 * width),
        (joints['left_hip'], joints['right_hip'], 0.058 * width, 0.058 * width),
    ]
    for side, _ in SIDES:
        shoulder, elbow, wrist, hip, knee, ankle = (
            joints[f'{side}_{name}'] for name in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
        )
        flank = joints['neck'] + 0.55 * (shoulder - joints['neck'])
        hand, foot = frames[f'{side}_hand'], frames[f'{side}_foot']
        heel = ankle + foot @ [0, -0.018, -0.018]
        parts += [
            (flank, hip, 0.042 * width, 0.05 * width),
            (shoulder, elbow, 0.036 * width, 0.03 * width),
            (elbow, wrist, 0.03 * width, 0.021 * width),
            (wrist, wrist - (body.hand - 0.008) * hand[:, 1], 0.018, 0.013),
            (hip, knee, 0.063 * width, 0.043 * width),
            (knee, ankle, 0.043 * width, 0.028 * width),
            (heel, heel + 0.095 * foot[:, 2], 0.03, 0.022),
        ]
    return Outline(
        np.array([part[0] for part in parts]),
        np.array([part[1] for part in parts]),
        np.array([part[2:] for part in parts]),
    )


def surface_depth(outline: Outline, points: np.ndarray) -> np.ndarray:
    """Return how near to the viewer the body is before points.

    Args:
        outline: of the body, C parts.
        points: (P, 2) x and y, body heights.

    Returns:
        (P,) z of the nearest surface; -inf where the body is not.

    >>> ball = Outline(np.zeros((1, 3)), np.zeros((1, 3)), np.full((1, 2), 0.5))
    >>> surface_depth(ball, np.array([[0.0, 0.0], [0.3, 0.0], [0.6, 0.0]])).tolist()
    [0.5, 0.4, -inf]
    """
    axis = outline.ends - outline.starts
    square = np.maximum((axis[:, :2] ** 2).sum(1), 1e-12)
    offset = points[:, None] - outline.starts[:, :2]
    nearest = np.clip((offset * axis[:, :2]).sum(-1) / square, 0, 1)
    along = np.stack([np.zeros_like(nearest), nearest, np.ones_like(nearest)])
    radius = outline.radii[:, 0] + along * (outline.radii[:, 1] - outline.radii[:, 0])
    apart = ((offset - along[..., None] * axis[:, :2]) ** 2).sum(-1)
    inside = radius**2 - apart
    depth = outline.starts[:, 2] + along * axis[:, 2] + np.sqrt(np.maximum(inside, 0))
    return np.where(inside > 0, depth, -np.inf).max((0, 2))
