"""A dressed person: the solids that a posed skeleton is clothed in."""

import numpy as np

from .body import SIDES, Body, Skeleton, rotate
from .clothes import backpack_piece, skirt_pieces, torso_pieces
from .head import head_pieces
from .limbs import arm_pieces, leg_pieces
from .outfit import Outfit, Person
from .pieces import Piece, make_piece, plain_paint

__all__ = ['dress']


def dress(skeleton: Skeleton, body: Body, outfit: Outfit, *, seat: bool = False) -> list[Piece]:
    """Clothe a skeleton.

    Args:
        skeleton: joints and frames.
        body: its proportions.
        outfit: what it looks like.
        seat: put a stool under the pelvis.

    Returns:
        The solids, in no particular order.

    >>> from .body import Pose, build_skeleton
    >>> from .outfit import sample_outfit
    >>> skeleton, outfit = build_skeleton(Body(), Pose()), sample_outfit(np.random.default_rng(0))
    >>> len(dress(skeleton, Body(), outfit, seat=True)) - len(dress(skeleton, Body(), outfit))
    4
    """
    person = Person(skeleton, body, outfit)
    pieces = [*torso_pieces(person), *head_pieces(person)]
    for side, _ in SIDES:
        pieces += [*arm_pieces(person, side), *leg_pieces(person, side)]
    if outfit.skirt:
        pieces += skirt_pieces(person)
    if outfit.backpack is not None:
        pieces.append(backpack_piece(person))
    if seat:
        pieces += _stool_pieces(person)
    return pieces


def _stool_pieces(person: Person) -> list[Piece]:
    """A round seat on three legs, upright whatever the person does."""
    joints = person.skeleton.joints
    hips = 0.5 * (joints['left_hip'] + joints['right_hip'])
    knees = 0.5 * (joints['left_knee'] + joints['right_knee'])
    floor = min(joints['left_ankle'][1], joints['right_ankle'][1]) - 0.04
    seat = hips + 0.15 * (knees - hips) * [1, 0, 1]
    seat[1] = hips[1] - 0.075 * person.body.width
    colour = person.outfit.socks * 0.5 + 40
    height = max(seat[1] - floor, 0.05)
    pieces = [make_piece('prop', seat, np.eye(3), 0.0, (0.13, 0.13), plain_paint(colour), squash=(1.0, 0.14, 0.9))]
    for angle in (30.0, 150.0, 270.0):
        lean = rotate('y', angle) @ rotate('x', 8)
        foot = seat + rotate('y', angle) @ [0, -0.01, 0.07]
        pieces.append(make_piece('prop', foot, lean, height, (0.012, 0.01), plain_paint(colour * 0.7)))
    return pieces
