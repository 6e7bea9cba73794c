"""Drawing one person: a depth buffer over its solids, light, contours, and which keypoints can be seen."""

from dataclasses import dataclass

import cv2
import numpy as np

from .body import KEYPOINT_NAMES
from .pieces import PARTS, Piece
from .solids import cast_rays

__all__ = ['JOINT_DEPTH', 'SUPERSAMPLING', 'Layer', 'Light', 'keypoints_in_sight', 'render_figure']

SUPERSAMPLING = 2
"""Rays per pixel along each axis."""

_ARMS = {f'{side}_{joint}': parts for side in ('left', 'right') for joint, parts in dict(
    shoulder=('torso', f'{side}_upper_arm'), elbow=(f'{side}_upper_arm', f'{side}_forearm'),
    wrist=(f'{side}_forearm', f'{side}_hand'), hip=('torso', f'{side}_thigh', 'skirt'),
    knee=(f'{side}_thigh', f'{side}_shank', 'skirt'), ankle=(f'{side}_shank', f'{side}_foot'),
    eye=('head', 'nose'), ear=('head', f'{side}_ear'),
).items()}  # fmt: skip
_SHOWN_BY = {'nose': ('nose', 'head'), **_ARMS}
_DEPTH_OF = dict(nose=0.02, eye=0.015, ear=0.022, shoulder=0.075, elbow=0.055, wrist=0.045, hip=0.115, knee=0.08,
                 ankle=0.12)  # fmt: skip
JOINT_DEPTH = np.array([_DEPTH_OF[name.split('_')[-1]] for name in KEYPOINT_NAMES])
"""(17,) how far behind the surface of the body a keypoint lies that is seen, body heights at most."""


@dataclass(frozen=True)
class Light:
    """Where the light comes from and how strong it is.

    Attributes:
        direction: (3,) unit vector to the lamp in the world's frame.
        ambient: brightness of what the lamp does not reach.
        diffuse: what the lamp adds at most.
        colour: (3,) BGR factors.
    """

    direction: np.ndarray
    ambient: float = 0.62
    diffuse: float = 0.5
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass
class Layer:
    """A drawn person, cut to its own rectangle; integer coordinates are pixel centres.

    Attributes:
        left: column of the image in which the layer's first column lies.
        top: row of the image in which the layer's first row lies.
        colour: (H, W, 3) uint8 BGR.
        alpha: (H, W) float32, how much of a pixel is covered by the person or what they carry.
        person: (H, W) float32, how much of it is covered by the person alone.
        keypoints: (17, 2) x and y in the image, pixels.
        in_sight: (17,) bool, not hidden by the person's own body, clothes or belongings.
    """

    left: int
    top: int
    colour: np.ndarray
    alpha: np.ndarray
    person: np.ndarray
    keypoints: np.ndarray
    in_sight: np.ndarray

    def moved(self, dx: int, dy: int) -> 'Layer':
        """The same layer elsewhere, by whole pixels, so that it stays exact."""
        shifted = self.keypoints + np.array([dx, dy])
        return Layer(self.left + dx, self.top + dy, self.colour, self.alpha, self.person, shifted, self.in_sight)


def render_figure(
    pieces: list[Piece],
    joints: np.ndarray,
    *,
    origin: tuple[float, float],
    scale: float,
    light: Light,
    supersampling: int = SUPERSAMPLING,
) -> Layer:
    """Draw a person.

    Args:
        pieces: its solids.
        joints: (17, 3) keypoints in the world, body heights.
        origin: x and y of the world's origin in the image, pixels, integer = pixel centre.
        scale: pixels a body height.
        light: the lamp.
        supersampling: rays per pixel along each axis.

    Returns:
        The layer; nothing of the person is cut off.

    >>> from .pieces import make_piece, plain_paint
    >>> ball = make_piece('head', np.zeros(3), np.eye(3), 0, (0.1, 0.1), plain_paint(np.full(3, 200)))
    >>> lamp = Light(np.array([0, 0, 1.0]))
    >>> layer = render_figure([ball], np.zeros((17, 3)), origin=(50, 40), scale=100, light=lamp)
    >>> layer.left, layer.top, layer.alpha.shape, layer.keypoints[0].tolist()
    (39, 29, (23, 23), [50.0, 40.0])
    """
    bounds = np.array([piece.solid.bounds() for piece in pieces])
    left = int(np.floor(origin[0] + scale * bounds[:, 0].min())) - 1
    right = int(np.ceil(origin[0] + scale * bounds[:, 1].max())) + 2
    top = int(np.floor(origin[1] - scale * bounds[:, 3].max())) - 1
    bottom = int(np.ceil(origin[1] - scale * bounds[:, 2].min())) + 2
    step = supersampling
    x = (left + (np.arange((right - left) * step) + 0.5) / step - 0.5 - origin[0]) / scale
    y = (origin[1] - top - (np.arange((bottom - top) * step) + 0.5) / step + 0.5) / scale

    depth, colour, parts = _trace(pieces, bounds, x, y, light)
    _draw_contours(colour, depth, parts)
    person = ((parts > 0) & (parts != PARTS.index('prop'))).astype(np.float32)
    covered = (parts > 0).astype(np.float32)
    size = (right - left, bottom - top)
    alpha = cv2.resize(covered, size, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA) / np.maximum(alpha, 1e-6)[..., None]
    return Layer(
        left=left,
        top=top,
        colour=np.clip(colour, 0, 255).astype(np.uint8),
        alpha=alpha,
        person=cv2.resize(person, size, interpolation=cv2.INTER_AREA),
        keypoints=np.array(origin) + scale * joints[:, :2] * (1, -1),
        in_sight=keypoints_in_sight(joints, x, y, depth, parts),
    )


def _trace(
    pieces: list[Piece], bounds: np.ndarray, x: np.ndarray, y: np.ndarray, light: Light
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find what each ray meets first: depth (H, W), -inf where nothing, colour (H, W, 3) and part (H, W).

    ``bounds`` (n, 4) are those of the pieces; ``x`` (W,) and ``y`` (H,) are the rays' places in the world.
    """
    depth = np.full((len(y), len(x)), -np.inf, np.float32)
    owner = np.full(depth.shape, -1, np.int16)
    found = []
    for number, (piece, (x0, x1, y0, y1)) in enumerate(zip(pieces, bounds, strict=True)):
        columns = slice(np.searchsorted(x, x0), np.searchsorted(x, x1))
        rows = slice(np.searchsorted(-y, -y1), np.searchsorted(-y, -y0))
        hit, z, along, normal = cast_rays(piece.solid, x[columns], y[rows])
        row, column = np.nonzero(hit)
        place = (row + rows.start) * len(x) + (column + columns.start)
        near = z > depth.ravel()[place]
        depth.ravel()[place[near]] = z[near]
        owner.ravel()[place[near]] = number
        found.append((place, along, normal))

    colour = np.zeros((*depth.shape, 3), np.float32)
    for number, (piece, (place, along, normal)) in enumerate(zip(pieces, found, strict=True)):
        front = owner.ravel()[place] == number
        if front.any():
            colour.reshape(-1, 3)[place[front]] = _shade(piece, along[front], normal[front], light)
    parts = np.array([*(piece.part for piece in pieces), 0], np.uint8)[owner]
    return depth, colour, parts


def _shade(piece: Piece, along: np.ndarray, normal: np.ndarray, light: Light) -> np.ndarray:
    """Paint and light the surface points of a piece."""
    from_local = piece.solid.frame / np.array(piece.solid.squash)
    outwards = normal @ from_local.T.astype(np.float32)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True) + 1e-9
    facing = np.maximum(outwards @ light.direction.astype(np.float32), 0)
    strength = light.ambient + light.diffuse * facing
    strength *= 0.72 + 0.28 * np.minimum(1.6 * np.maximum(outwards[:, 2], 0), 1)  # darker where it turns away
    shaded = piece.paint(along, normal) * (strength[:, None] * np.array(light.colour, np.float32))
    if piece.gloss:
        shaded += (255 * piece.gloss * facing**20)[:, None]
    return np.minimum(shaded, 255)


def _draw_contours(colour: np.ndarray, depth: np.ndarray, parts: np.ndarray) -> None:
    """Darken where the depth jumps, on the farther side, so that crossing limbs stay apart."""
    shadow = np.zeros(depth.shape, np.float32)
    inside = parts > 0
    z = np.where(inside, depth, -1.0)
    for dy, dx in ((0, 1), (1, 0)):
        a = (slice(None, -1) if dy else slice(None), slice(None, -1) if dx else slice(None))
        b = (slice(1, None) if dy else slice(None), slice(1, None) if dx else slice(None))
        jump = z[a] - z[b]
        shadow[b] = np.maximum(shadow[b], jump)
        shadow[a] = np.maximum(shadow[a], -jump)
    shadow = cv2.dilate(np.minimum(np.maximum(shadow - 0.012, 0) * 12, 1), np.ones((2, 2), np.uint8))
    colour *= (1 - 0.45 * shadow * inside)[..., None]


def keypoints_in_sight(
    joints: np.ndarray, x: np.ndarray, y: np.ndarray, depth: np.ndarray, parts: np.ndarray
) -> np.ndarray:
    """Which keypoints nothing of the person itself hides.

    A joint is inside a limb; it is seen when the surface before it belongs to a part that ends there
    and is no farther than the limb is thick.

    Args:
        joints: (17, 3) in the world, body heights.
        x: (W,) world x of the columns.
        y: (H,) world y of the rows.
        depth: (H, W) world z of the surface, -inf where there is none.
        parts: (H, W) numbers of the parts.

    Returns:
        (17,) bool.
    """
    columns = np.clip(np.rint((joints[:, 0] - x[0]) / (x[1] - x[0])).astype(int), 0, len(x) - 1)
    rows = np.clip(np.rint((joints[:, 1] - y[0]) / (y[1] - y[0])).astype(int), 0, len(y) - 1)
    before = depth[rows, columns] - joints[:, 2]
    seen = np.zeros(len(joints), bool)
    for k, name in enumerate(KEYPOINT_NAMES):
        front = PARTS[parts[rows[k], columns[k]]]
        # an eye on the rim of the head may project just outside of it
        seen[k] = (front in _SHOWN_BY[name]) and before[k] <= JOINT_DEPTH[k]
    return seen
