"""Clothes on the trunk: shirt and trousers, skirt, backpack."""

import numpy as np

from .body import SIDES
from .outfit import Person
from .pieces import PartPaint, Piece, angle_around, make_piece, piece_between, plain_paint
from .solids import cross

__all__ = ['backpack_piece', 'skirt_pieces', 'torso_pieces']


def torso_pieces(person: Person) -> list[Piece]:
    """Return chest, hips, neck and shoulders, in shirt and trousers.

    >>> from .body import Body, Pose, build_skeleton
    >>> from .outfit import sample_outfit
    >>> person = Person(build_skeleton(Body(), Pose()), Body(), sample_outfit(np.random.default_rng(0)))
    >>> len(torso_pieces(person))
    5
    """
    body, outfit, width = person.body, person.outfit, person.body.width
    joints, chest = person.skeleton.joints, person.skeleton.frames['chest']
    loose = 1 + 0.12 * outfit.loose
    squash = (1.0, 1.0, 0.62 + 0.14 * (width - 1))
    length = body.chest - 0.055
    top = joints['neck'] - chest @ [0, 0.05, 0.0]
    pieces = [
        make_piece('torso', top, chest, length, (0.092 * width * loose, 0.081 * width * loose),
                   _collar_paint(person, 0.05, length), squash=squash),
        make_piece('torso', joints['waist'], person.skeleton.frames['pelvis'], body.waist,
                   (0.08 * width * loose, 0.088 * width * loose), _hips_paint(person), squash=squash),
        piece_between('neck', joints['neck'] - chest @ [0, 0.02, 0], joints['head'], (0.034 * width, 0.03 * width),
                      plain_paint(outfit.skin)),
    ]  # fmt: skip
    for side, _ in SIDES:
        start, end = joints['neck'] - chest @ [0, 0.012, 0.004], joints[f'{side}_shoulder']
        radii = (0.034 * width, 0.036 * width * loose)
        pieces.append(piece_between('torso', start, end, radii, _shirt_paint(person, 0.0, 0.02)))
    return pieces


def _shirt_paint(person: Person, top: float, span: float) -> PartPaint:
    """The shirt's cloth from ``top`` over ``span`` body heights; perhaps open at the front."""
    outfit = person.outfit

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        angle = angle_around(normal)
        colour = outfit.shirt.paint(top + along * span, angle * 0.09)
        if outfit.open_front is not None:
            colour[np.abs(angle) < 0.2] = outfit.open_front
        return colour

    return paint


def _collar_paint(person: Person, top: float, span: float) -> PartPaint:
    """The shirt, with skin at the neckline."""
    shirt = _shirt_paint(person, top, span)

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        colour = shirt(along, normal)
        neckline = (along < 0.02) & (normal[:, 1] > 0.55 + 0.5 * np.abs(normal[:, 0])) & (normal[:, 2] > 0)
        colour[neckline] = person.outfit.skin
        return colour

    return paint


def _hips_paint(person: Person) -> PartPaint:
    """Trousers, and the shirt as far as it hangs over them."""
    body, outfit = person.body, person.outfit
    hem = 0.35 + 0.65 * outfit.coat
    shirt = _shirt_paint(person, body.chest, body.waist)

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        below = along - 0.35 * normal[:, 1]  # the round end continues past the axis
        colour = outfit.trousers.paint(along * body.waist, angle_around(normal) * 0.09)
        covered = below < hem
        colour[covered] = shirt(along[covered], normal[covered])
        return colour

    return paint


def skirt_pieces(person: Person) -> list[Piece]:
    """Return a skirt from the waist over the hips to a hem that is wide enough for the legs.

    >>> from dataclasses import replace
    >>> from .body import Body, Pose, build_skeleton
    >>> from .outfit import sample_outfit
    >>> outfit = replace(sample_outfit(np.random.default_rng(0)), skirt=0.5)
    >>> upper, lower = skirt_pieces(Person(build_skeleton(Body(), Pose()), Body(), outfit))
    >>> upper.solid.radius_end == lower.solid.radius_start
    True
    """
    joints, width = person.skeleton.joints, person.body.width
    reach = 0.8 * person.outfit.skirt
    hips = 0.5 * (joints['left_hip'] + joints['right_hip'])
    knees = 0.5 * (joints['left_knee'] + joints['right_knee'])
    hem = hips + reach * (knees - hips)
    apart = 0.5 * np.linalg.norm(
        (1 - reach) * (joints['left_hip'] - joints['right_hip']) + reach * (joints['left_knee'] - joints['right_knee'])
    )
    wide = 0.12 * width
    hem_radii = (wide, max(wide, apart + 0.06 * width))
    return [
        _skirt_piece(person, joints['waist'], hips, (0.08 * width, wide), 0.0),
        _skirt_piece(person, hips, hem, hem_radii, person.body.waist, open_end=True),
    ]


def _skirt_piece(
    person: Person,
    start: np.ndarray,
    end: np.ndarray,
    radii: tuple[float, float],
    origin: float,
    *,
    open_end: bool = False,
) -> Piece:
    """A piece of skirt between two points (3,), turned as the pelvis is; its pattern begins at ``origin``."""
    axis = start - end
    length = float(np.linalg.norm(axis))
    axis = axis / length
    side = person.skeleton.frames['pelvis'][:, 0]
    side = side - axis * (side @ axis)
    side /= np.linalg.norm(side)
    frame = np.stack([side, axis, cross(side, axis)], axis=1)

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        angle = angle_around(normal)
        folds = 1 + 0.1 * np.sin(9 * angle)
        colour = person.outfit.trousers.paint(origin + along * length, angle * 0.1)
        return colour * folds[:, None].astype(np.float32)

    return make_piece('skirt', start, frame, length, radii, paint, squash=(1.0, 1.0, 0.8), open_end=open_end)


def backpack_piece(person: Person) -> Piece:
    """Return the backpack; the outfit must have one."""
    chest, pack = person.skeleton.frames['chest'], person.outfit.backpack
    start = person.skeleton.joints['neck'] - chest @ [0, 0.04, 0.095 * person.body.width]

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        colour = pack.paint(along * 0.15, angle_around(normal) * 0.08)
        colour[np.abs(along - 0.55) < 0.04] *= 0.6
        return colour

    return make_piece('prop', start, chest, 0.14, (0.07, 0.08), paint, squash=(1.0, 1.0, 0.6))
