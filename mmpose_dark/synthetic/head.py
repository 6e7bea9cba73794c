"""The head: face, nose and ears, hair and hat."""

import numpy as np

from .body import SIDES, rotate
from .outfit import Person
from .pieces import PartPaint, Piece, make_piece, piece_between, plain_paint

__all__ = ['head_pieces']


def head_pieces(person: Person) -> list[Piece]:
    """Return the head with all that is on it.

    >>> from .body import Body, Pose, build_skeleton
    >>> from .outfit import sample_outfit
    >>> from .pieces import PARTS
    >>> person = Person(build_skeleton(Body(), Pose()), Body(), sample_outfit(np.random.default_rng(0)))
    >>> [PARTS[piece.part] for piece in head_pieces(person)][:5]
    ['head', 'nose', 'neck', 'left_ear', 'right_ear']
    """
    outfit, radii = person.outfit, person.body.head_radii
    joints, frame = person.skeleton.joints, person.skeleton.frames['head']
    centre = joints['head']
    bridge = centre + frame @ (radii * [0, 0.12, 0.9])
    tip = joints['nose'] - frame @ [0, 0, 0.008]
    pieces = [
        _ball('head', centre, frame, radii, lambda along, normal: outfit.face.paint(normal)),
        piece_between('nose', bridge, tip, (0.005, 0.0105), plain_paint(outfit.skin * 1.03)),
        piece_between('neck', joints['neck'], centre - frame @ [0, 0.03, 0], (0.03, 0.034), plain_paint(outfit.skin)),
    ]
    for side, sign in SIDES:
        ear = centre + frame @ (radii * [sign * 0.98, -0.08, -0.12])
        paint = plain_paint(outfit.skin * 0.93)
        pieces.append(make_piece(f'{side}_ear', ear, frame, 0.0, (0.018, 0.018), paint, squash=(0.45, 1.0, 0.7)))
    return [*pieces, *_hair_pieces(person), *_hat_pieces(person)]


def _ball(part: str, centre: np.ndarray, frame: np.ndarray, radii: np.ndarray, paint: PartPaint) -> Piece:
    """A ball around ``centre`` (3,), stretched to ``radii`` (3,) along its own axes."""
    return make_piece(part, centre, frame, 0.0, (radii[1], radii[1]), paint, squash=tuple(radii / radii[1]))


def _hair_pieces(person: Person) -> list[Piece]:
    """What of the hair stands off the head; short hair is paint alone."""
    style, radii = person.outfit.hair, person.body.head_radii
    frame, centre = person.skeleton.frames['head'], person.skeleton.joints['head']
    colour = person.outfit.face.hair

    def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """(M,), (M, 3) to (M, 3)."""
        strand = np.sin(24 * np.arctan2(normal[:, 0], normal[:, 2]))
        return colour * (0.9 + 0.15 * strand)[:, None].astype(np.float32)

    if style == 'volume':
        return [_ball('hair', centre + frame @ [0, 0.022, -0.022], frame, radii * 1.13, paint)]
    if style == 'long':
        back = centre + frame @ (radii * [0, 0.1, -0.38])
        down = person.skeleton.frames['chest'] * 0.5 + frame * 0.5
        down = np.linalg.qr(down)[0] * np.sign(np.diag(np.linalg.qr(down)[1]))
        return [make_piece('hair', back, down, 0.13, (0.057, 0.047), paint, squash=(1.05, 1.0, 0.75))]
    if style == 'tail':
        knot = centre + frame @ (radii * [0, 0.35, -1.05])
        return [make_piece('hair', knot, frame @ rotate('x', 15), 0.09, (0.02, 0.008), paint)]
    if style == 'bun':
        return [make_piece('hair', centre + frame @ (radii * [0, 0.75, -0.85]), frame, 0.0, (0.028, 0.028), paint)]
    return []


def _hat_pieces(person: Person) -> list[Piece]:
    """A cap and its brim, if the person wears one."""
    hat, radii = person.outfit.hat, person.body.head_radii
    if hat is None:
        return []
    frame = person.skeleton.frames['head']
    crown = person.skeleton.joints['head'] + frame @ (radii * [0, 0.36, -0.05])
    brim = crown + frame @ (radii * [0, 0.12, 0.95])
    return [
        _ball('hat', crown, frame, radii * [1.08, 0.78, 1.05], plain_paint(hat)),
        make_piece('hat', brim, frame, 0.0, (0.04, 0.04), plain_paint(hat * 0.85), squash=(1.0, 0.2, 1.1)),
    ]
