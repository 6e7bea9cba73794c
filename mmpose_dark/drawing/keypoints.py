"""People on images: keypoints as discs, skeleton links as lines, sized to the person."""

from collections.abc import Sequence

import numpy as np

from ..utils.errors import InputError
from ..utils.foreign_types import as_numbers
from .canvas import as_canvas, draw_disc_, draw_line_, draw_text_
from .colors import Colors, color_table

__all__ = ['draw_keypoints', 'draw_people', 'draw_skeleton', 'person_sizes', 'shown_keypoints']

# Fractions of the person's size (mean of width and height over the shown keypoints), found by eye
# on COCO people of 30 to 600 pixels.
_RADIUS, _WIDTH = 0.016, 0.013
_SMALLEST_RADIUS, _SMALLEST_WIDTH = 1.3, 1.0
_RIM, _RIM_FROM = (255, 255, 255), 2.5  # a light rim from this radius on sets keypoints off from links


def _rim(radius: float) -> float:
    return min(2.0, 0.3 * radius)


def shown_keypoints(
    keypoints: np.ndarray, scores: np.ndarray | None = None, *, kpt_thr: float = 0.3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring keypoints and scores to the shapes of a batch and say which are drawn.

    Args:
        keypoints: (N, K, 2) or (K, 2) x, y in pixels.
        scores: (N, K) or (K,) scores or visibility; None draws every finite keypoint.
        kpt_thr: a keypoint is drawn when its score is above this.

    Returns:
        keypoints (N, K, 2) float64, scores (N, K) float64 (ones where none are given), and shown
        (N, K) bool: finite and above the threshold.

    Raises:
        InputError: shapes that do not fit together.

    >>> shown_keypoints(np.array([[1, 2], [np.nan, 0], [3, 4]]), [0.9, 0.9, 0.1])[2].tolist()
    [[True, False, False]]
    """
    points = as_numbers(keypoints, 'keypoints')
    points = points[None] if points.ndim == 2 else points
    if points.ndim != 3 or points.shape[2] < 2:
        raise InputError(f'keypoints must have the shape (N, K, 2) or (K, 2), got {np.shape(keypoints)}')
    points = points[..., :2]
    if scores is None:
        weights = np.ones(points.shape[:2])
    else:
        weights = as_numbers(scores, 'scores')
        weights = weights[None] if weights.ndim == 1 else weights
    if weights.shape != points.shape[:2]:
        raise InputError(f'scores must have the shape {points.shape[:2]} as the keypoints, got {np.shape(scores)}')
    shown = np.isfinite(points).all(-1)
    if scores is not None:
        shown &= weights > kpt_thr
    return points, weights, shown


def person_sizes(keypoints: np.ndarray, shown: np.ndarray, image_hw: tuple[int, int]) -> np.ndarray:
    """Mean of width and height of each person in pixels, as far as its keypoints are shown.

    Args:
        keypoints: (N, K, 2) x, y in pixels.
        shown: (N, K) bool.
        image_hw: height and width of the image; no person counts as larger than it, and one with
            a single keypoint counts as a tenth of it.

    Returns:
        (N,) float64, pixels.

    >>> person_sizes(np.array([[[0, 0], [30, 90.0]]]), np.ones((1, 2), bool), (200, 200)).tolist()
    [60.0]
    """
    largest = float(sum(image_hw)) / 2
    low = np.where(shown[..., None], keypoints, np.inf).min(axis=1, initial=np.inf)
    high = np.where(shown[..., None], keypoints, -np.inf).max(axis=1, initial=-np.inf)
    with np.errstate(invalid='ignore'):
        sizes = (high - low).mean(axis=-1)
    return np.where(shown.sum(axis=1) < 2, 0.1 * largest, np.minimum(sizes, largest))


def _radii(keypoints: np.ndarray, shown: np.ndarray, size: float) -> np.ndarray:
    """Radius of each keypoint of one person, smaller where two others are near (faces, hands).

    Two, because one other keypoint may lie close by chance: a wrist on a knee.
    """
    base = max(_SMALLEST_RADIUS, _RADIUS * size)
    points = np.where(shown[:, None], keypoints, np.inf)
    with np.errstate(invalid='ignore'):
        gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    gaps[~np.isfinite(gaps)] = np.inf
    np.fill_diagonal(gaps, np.inf)
    if len(gaps) < 3:
        return np.full(len(gaps), base)
    second_nearest = np.partition(gaps, 1, axis=1)[:, 1]
    return np.clip(0.35 * second_nearest, _SMALLEST_RADIUS, base)


def _checked_links(links: Sequence[Sequence[int]], num_keypoints: int) -> list[tuple[int, int]]:
    pairs = [(int(a), int(b)) for a, b in links]
    for a, b in pairs:
        if not (0 <= a < num_keypoints and 0 <= b < num_keypoints):
            raise InputError(f'skeleton link {(a, b)} names a keypoint outside 0..{num_keypoints - 1}')
    return pairs


def draw_skeleton(
    image: np.ndarray,
    keypoints: np.ndarray,
    *,
    links: Sequence[Sequence[int]],
    scores: np.ndarray | None = None,
    colors: Colors = None,
    kpt_thr: float = 0.3,
    line_width: float | None = None,
    alpha: float = 1.0,
    show_keypoint_weight: bool = False,
) -> np.ndarray:
    """Draw the links between keypoints. A link is drawn when both its ends are.

    Args:
        image: (H, W, 3) uint8; not modified.
        keypoints: (N, K, 2) or (K, 2) x, y in pixels, integer = pixel centre.
        links: pairs of keypoint numbers.
        scores: (N, K) or (K,); None draws every finite keypoint.
        colors: one colour or one a link, in the image's channel order.
        kpt_thr: a keypoint is drawn when its score is above this.
        line_width: pixels; None fits it to each person's size.
        alpha: opacity, 0..1.
        show_keypoint_weight: let a link fade with the lower of its two scores.

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InputError: shapes that do not fit, or a link naming a keypoint that is not there.

    >>> ends = np.array([[1.0, 4.0], [7.0, 4.0]])
    >>> drawn = draw_skeleton(np.zeros((9, 9, 3), np.uint8), ends, links=[(0, 1)], colors='blue', line_width=3)
    >>> drawn[4, 4].tolist()
    [0, 0, 255]
    """
    canvas = as_canvas(image)
    points, weights, shown = shown_keypoints(keypoints, scores, kpt_thr=kpt_thr)
    pairs = _checked_links(links, points.shape[1])
    tints = color_table(colors, len(pairs), default='green')
    for person, size in enumerate(person_sizes(points, shown, canvas.shape[:2])):
        base = max(_SMALLEST_WIDTH, _WIDTH * size) if line_width is None else line_width
        for (a, b), tint in zip(pairs, tints, strict=True):
            if not (shown[person, a] and shown[person, b]):
                continue
            length = np.linalg.norm(points[person, a] - points[person, b])
            width = base if line_width is not None else min(base, max(_SMALLEST_WIDTH, 0.25 * length))
            fade = float(np.clip(weights[person, [a, b]].min(), 0, 1)) if show_keypoint_weight else 1.0
            draw_line_(canvas, points[person, a], points[person, b], color=tint, width=width, alpha=alpha * fade)
    return canvas


def draw_keypoints(
    image: np.ndarray,
    keypoints: np.ndarray,
    *,
    scores: np.ndarray | None = None,
    colors: Colors = None,
    kpt_thr: float = 0.3,
    radius: float | None = None,
    alpha: float = 1.0,
    show_keypoint_weight: bool = False,
    show_kpt_idx: bool = False,
) -> np.ndarray:
    """Draw each keypoint as a filled circle.

    Args:
        image: (H, W, 3) uint8; not modified.
        keypoints: (N, K, 2) or (K, 2) x, y in pixels, integer = pixel centre.
        scores: (N, K) or (K,); None draws every finite keypoint.
        colors: one colour or one a keypoint, in the image's channel order.
        kpt_thr: a keypoint is drawn when its score is above this.
        radius: pixels; None fits it to each person's size, smaller where keypoints crowd.
        alpha: opacity, 0..1.
        show_keypoint_weight: let a keypoint fade with its score.
        show_kpt_idx: write each keypoint's number beside it.

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InputError: shapes that do not fit.

    >>> drawn = draw_keypoints(np.zeros((9, 9, 3), np.uint8), np.array([[4.0, 4.0]]), colors='blue')
    >>> drawn[4, 4].tolist()
    [0, 0, 255]
    """
    canvas = as_canvas(image)
    points, weights, shown = shown_keypoints(keypoints, scores, kpt_thr=kpt_thr)
    tints = color_table(colors, points.shape[1], default='red')
    for person, size in enumerate(person_sizes(points, shown, canvas.shape[:2])):
        if radius is None:
            radii = _radii(points[person], shown[person], size)
        else:
            radii = np.full(points.shape[1], float(radius))
        for k in np.flatnonzero(shown[person]):
            fade = float(np.clip(weights[person, k], 0, 1)) if show_keypoint_weight else 1.0
            if radii[k] >= _RIM_FROM:
                draw_disc_(canvas, points[person, k], color=_RIM, radius=radii[k] + _rim(radii[k]), alpha=alpha * fade)
            draw_disc_(canvas, points[person, k], color=tints[k], radius=radii[k], alpha=alpha * fade)
            if show_kpt_idx:
                x, y = points[person, k] + radii[k] + 1
                draw_text_(canvas, str(k), xy=(x, y), height=max(6, 1.5 * radii[k]), color=tints[k])
    return canvas


def draw_people(
    image: np.ndarray,
    keypoints: np.ndarray,
    *,
    scores: np.ndarray | None = None,
    links: Sequence[Sequence[int]] = (),
    kpt_colors: Colors = None,
    link_colors: Colors = None,
    kpt_thr: float = 0.3,
    radius: float | None = None,
    line_width: float | None = None,
    alpha: float = 1.0,
    show_keypoint_weight: bool = False,
    show_kpt_idx: bool = False,
) -> np.ndarray:
    """Draw skeletons and keypoints of all people, larger people first so that smaller ones stay visible.

    Args:
        image: (H, W, 3) uint8; not modified.
        keypoints: (N, K, 2) or (K, 2) x, y in pixels, integer = pixel centre; N may be 0.
        scores: (N, K) or (K,); None draws every finite keypoint.
        links: pairs of keypoint numbers.
        kpt_colors: one colour or one a keypoint, in the image's channel order.
        link_colors: one colour or one a link.
        kpt_thr: a keypoint is drawn when its score is above this.
        radius: of a keypoint in pixels; None fits it to each person's size.
        line_width: of a link in pixels; None fits it to each person's size.
        alpha: opacity, 0..1.
        show_keypoint_weight: let keypoints and links fade with their scores.
        show_kpt_idx: write each keypoint's number beside it.

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InputError: shapes that do not fit, or a link naming a keypoint that is not there.

    >>> person = np.array([[1.0, 4.0], [7.0, 4.0]])
    >>> drawn = draw_people(np.zeros((9, 9, 3), np.uint8), person, links=[(0, 1)], link_colors='blue', line_width=3)
    >>> drawn[4, 1].tolist(), drawn[4, 4].tolist()
    ([255, 0, 0], [0, 0, 255])
    """
    canvas = as_canvas(image)
    points, weights, shown = shown_keypoints(keypoints, scores, kpt_thr=kpt_thr)
    sizes = person_sizes(points, shown, canvas.shape[:2])
    common = dict(kpt_thr=kpt_thr, alpha=alpha, show_keypoint_weight=show_keypoint_weight)
    for person in np.argsort(-sizes, kind='stable'):
        given = None if scores is None else weights[person]
        canvas = draw_skeleton(
            canvas, points[person], links=links, scores=given, colors=link_colors, line_width=line_width, **common
        )
        canvas = draw_keypoints(
            canvas, points[person], scores=given, colors=kpt_colors, radius=radius, show_kpt_idx=show_kpt_idx, **common
        )
    return canvas
