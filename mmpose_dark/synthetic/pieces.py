"""The solids that a drawn person is made of, each with its part number and its paint."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .solids import RoundCone, cross

__all__ = ['PARTS', 'PartPaint', 'Piece', 'angle_around', 'make_piece', 'piece_between', 'plain_paint']

PARTS = (
    'nothing', 'torso', 'neck', 'head', 'nose', 'left_ear', 'right_ear', 'hair', 'hat', 'left_upper_arm',
    'right_upper_arm', 'left_forearm', 'right_forearm', 'left_hand', 'right_hand', 'left_thigh', 'right_thigh',
    'left_shank', 'right_shank', 'left_foot', 'right_foot', 'skirt', 'prop',
)  # fmt: skip
"""Names of the parts; the place in this tuple is the part's number. A prop is not a part of the person."""

PartPaint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From (along (M,), normal (M, 3)) of surface points, as :func:`~mmpose_dark.synthetic.solids.cast_rays` returns them,
to their colour (M, 3) float32 BGR, 0-255."""


@dataclass(frozen=True)
class Piece:
    """One solid of a person.

    Attributes:
        solid: its shape and place.
        part: index into :data:`PARTS`.
        paint: its colour at points of the surface.
        gloss: how much the light is mirrored, 0 to 1.
    """

    solid: RoundCone
    part: int
    paint: PartPaint
    gloss: float = 0.0


def make_piece(
    part: str,
    start: np.ndarray,
    frame: np.ndarray,
    length: float,
    radii: tuple[float, float],
    paint: PartPaint,
    *,
    squash: tuple[float, float, float] = (1.0, 1.0, 1.0),
    gloss: float = 0.0,
    open_end: bool = False,
) -> Piece:
    """Return a piece with a frame of its own.

    Args:
        part: one of :data:`PARTS`.
        start: (3,) world position of the first end, body heights.
        frame: (3, 3) rotation from the solid's frame to the world.
        length: of the axis, body heights; 0 is a ball.
        radii: at the first and at the second end, body heights.
        paint: its colour.
        squash: factors along the solid's x, y and z.
        gloss: how much the light is mirrored, 0 to 1.
        open_end: cut the second end straight.

    >>> ball = make_piece('head', np.zeros(3), np.eye(3), 0, (0.1, 0.1), plain_paint(np.array([1, 2, 3])))
    >>> PARTS[ball.part], ball.solid.radius_start
    ('head', 0.1)
    """
    start = np.asarray(start, float)
    solid = RoundCone(start, frame, float(length), float(radii[0]), float(radii[1]), squash, open_end)
    return Piece(solid, PARTS.index(part), paint, gloss)


def piece_between(part: str, start: np.ndarray, end: np.ndarray, radii: tuple[float, float], paint: PartPaint) -> Piece:
    """Return a round piece between two points, its frame turned any way about the axis.

    Args:
        part: one of :data:`PARTS`.
        start: (3,) world position of the first end, body heights.
        end: (3,) world position of the second end.
        radii: at both ends, body heights.
        paint: its colour.

    >>> neck = piece_between('neck', np.zeros(3), np.array([0, 0, 0.2]), (0.03, 0.03), plain_paint(np.zeros(3)))
    >>> neck.solid.length, neck.solid.end.round(6).tolist()
    (0.2, [0.0, 0.0, 0.2])
    """
    axis = start - end
    length = float(np.linalg.norm(axis))
    axis = axis / length
    side = cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    side /= np.linalg.norm(side)
    return make_piece(part, start, np.stack([side, axis, cross(side, axis)], axis=1), length, radii, paint)


def plain_paint(colour: np.ndarray) -> PartPaint:
    """Return the paint of one colour.

    Args:
        colour: (3,) BGR, 0-255.

    >>> plain_paint(np.array([1, 2, 3]))(np.zeros(2), np.zeros((2, 3))).tolist()
    [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    return lambda along, normal: np.broadcast_to(colour, (len(along), 3)).astype(np.float32)


def angle_around(normal: np.ndarray) -> np.ndarray:
    """Return how far around its axis a point of the surface lies, 0 at the person's front.

    Args:
        normal: (M, 3) unit vectors in the solid's frame.

    Returns:
        (M,) radians.

    >>> angle_around(np.array([[0, 0, 1.0], [1.0, 0, 0]])).round(3).tolist()
    [0.0, 1.571]
    """
    return np.arctan2(normal[:, 0], normal[:, 2])
