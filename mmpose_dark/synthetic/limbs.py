"""Arms and legs: sleeves and trouser legs over skin, hands, socks and shoes."""

import numpy as np

from .body import rotate
from .materials import Cloth
from .outfit import Person
from .pieces import PartPaint, Piece, angle_around, make_piece, plain_paint

__all__ = ['arm_pieces', 'leg_pieces']


def arm_pieces(person: Person, side: str) -> list[Piece]:
    """Return upper arm, forearm, palm and thumb of the ``side`` 'left' or 'right'.

    >>> from .body import Body, Pose, build_skeleton
    >>> from .outfit import sample_outfit
    >>> from .pieces import PARTS
    >>> person = Person(build_skeleton(Body(), Pose()), Body(), sample_outfit(np.random.default_rng(0)))
    >>> [PARTS[piece.part] for piece in arm_pieces(person, 'left')]
    ['left_upper_arm', 'left_forearm', 'left_hand', 'left_hand']
    >>> [PARTS[piece.part] for piece in leg_pieces(person, 'right')]
    ['right_thigh', 'right_shank', 'right_foot']
    """
    body, outfit, width = person.body, person.outfit, person.body.width
    joints, frames = person.skeleton.joints, person.skeleton.frames
    loose = 1 + 0.3 * outfit.loose
    upper = loose if outfit.sleeve > 0.3 else 1.0
    lower = loose if outfit.sleeve > 1.0 else 1.0
    upto = 2.0 if outfit.sleeve >= 2 else outfit.sleeve - 1
    wrist, frame = joints[f'{side}_wrist'], frames[f'{side}_hand']
    skin = plain_paint(outfit.skin)
    palm = wrist - frame @ [0, 0.022, 0]
    thumb = frame @ rotate('x', -40)
    return [
        make_piece(
            f'{side}_upper_arm', joints[f'{side}_shoulder'], frames[f'{side}_upper_arm'], body.upper_arm,
            (0.036 * width * upper, 0.029 * width * upper),
            _sleeve_paint(person, outfit.shirt, body.upper_arm, outfit.sleeve, 0.02, 0.035),
        ),
        make_piece(
            f'{side}_forearm', joints[f'{side}_elbow'], frames[f'{side}_forearm'], body.forearm,
            (0.03 * width * lower, 0.021 * width * lower),
            _sleeve_paint(person, outfit.shirt, body.forearm, upto, 0.02 + body.upper_arm, 0.03),
        ),
        make_piece(f'{side}_hand', palm, frame, body.hand - 0.03, (0.021, 0.013), skin, squash=(0.6, 1.0, 1.0)),
        make_piece(f'{side}_hand', palm + frame @ [0, 0, 0.01], thumb, 0.03, (0.009, 0.007), skin),
    ]  # fmt: skip


def leg_pieces(person: Person, side: str) -> list[Piece]:
    """Return thigh, shank and foot of the ``side`` 'left' or 'right'; bare below a skirt."""
    body, outfit, width = person.body, person.outfit, person.body.width
    joints, frames = person.skeleton.joints, person.skeleton.frames
    loose = 1 + 0.22 * outfit.loose
    bare = bool(outfit.skirt)
    upto = -1.0 if bare else outfit.leg
    upper = 1.0 if bare else loose
    lower = loose if upto > 1.2 else 1.0
    ankle, frame = joints[f'{side}_ankle'], frames[f'{side}_foot']
    return [
        make_piece(
            f'{side}_thigh', joints[f'{side}_hip'], frames[f'{side}_thigh'], body.thigh,
            (0.063 * width * upper, 0.043 * width * upper),
            _sleeve_paint(person, outfit.trousers, body.thigh, upto, body.waist, 0.05),
        ),
        make_piece(
            f'{side}_shank', joints[f'{side}_knee'], frames[f'{side}_shank'], body.shank,
            (0.043 * width * lower, 0.027 * width * lower),
            _shank_paint(person, 2.0 if outfit.leg >= 2 and not bare else upto - 1),
        ),
        make_piece(
            f'{side}_foot', ankle + frame @ [0, -0.018, -0.018], frame @ rotate('x', -90), 0.095, (0.03, 0.022),
            _shoe_paint(outfit.shoes), squash=(1.0, 1.0, 0.85), gloss=0.3,
        ),
    ]  # fmt: skip


def _sleeve_paint(person: Person, cloth: Cloth, length: float, upto: float, origin: float, radius: float) -> PartPaint:
    """Cloth on the part of a limb before ``upto`` (0 none of it, 1 all), skin after."""

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        colour = cloth.paint(origin + along * length, angle_around(normal) * radius)
        bare = along > upto
        colour[bare] = person.outfit.skin
        cuff = ~bare & (along > upto - 0.07) & (upto < 1.2)
        colour[cuff] *= 0.8
        return colour

    return paint


def _shank_paint(person: Person, upto: float) -> PartPaint:
    """A trouser leg up to ``upto``, and the sock below one that does not reach the shoe."""
    body, outfit = person.body, person.outfit
    trousers = _sleeve_paint(person, outfit.trousers, body.shank, upto, body.waist + body.thigh, 0.035)

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        colour = trousers(along, normal)
        if upto < 1:
            colour[along > 0.86] = outfit.socks
        return colour

    return paint


def _shoe_paint(shoes: Cloth) -> PartPaint:
    """A shoe with a light sole, or a dark one under light shoes."""

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        colour = shoes.paint(np.zeros(len(normal)), np.zeros(len(normal)))
        sole = normal[:, 2] < -0.55  # the toe frame's z points to the shin
        colour[sole] = (225, 228, 230) if shoes.colour.mean() < 150 else (70, 70, 72)
        return colour

    return paint
