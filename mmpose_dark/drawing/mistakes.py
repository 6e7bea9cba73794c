"""One person's keypoints beside their labels, coloured by the kind of error."""

from collections.abc import Sequence

import cv2
import numpy as np

from .canvas import as_canvas, draw_disc_, draw_line_

__all__ = ['MISTAKE_COLORS', 'draw_mistakes']

MISTAKE_COLORS = {
    'good': (47, 143, 91),
    'jitter': (217, 165, 20),
    'inversion': (194, 87, 26),
    'swap': (130, 80, 196),
    'miss': (192, 54, 44),
}
"""Red first; the colours of the bars on a report's page."""
_HEIGHT = 320
_MARGIN = 0.15
_LABEL, _EDGE = (255, 255, 255), (20, 20, 20)


def draw_mistakes(
    image: np.ndarray,
    found: np.ndarray,
    truth: np.ndarray,
    kinds: np.ndarray,
    *,
    box: np.ndarray,
    links: Sequence[Sequence[int]] = (),
    height: int = _HEIGHT,
) -> np.ndarray:
    """Draw one person: the labels as a white skeleton, each keypoint as a disc, and a line from a mistake to its label.

    Args:
        image: (H, W, 3) uint8 RGB, the whole image.
        found: (K, 2) predicted keypoints in image pixels.
        truth: (K, 2) labels.
        kinds: (K,) names of `MISTAKE_COLORS`; others, as those of keypoints without a label, are not drawn.
        box: (4,) left, top, right, bottom of the person; what is near it is shown.
        links: pairs of keypoints that a bone joins.
        height: of the drawing, in pixels.

    Returns:
        (height, w, 3) uint8 RGB.

    >>> kinds = np.array(['good', 'miss'])
    >>> xy = np.array([[20.0, 20], [30, 30]])
    >>> draw_mistakes(np.zeros((60, 50, 3), np.uint8), xy, xy, kinds, box=np.array([10, 10, 40, 50]), height=64).shape
    (64, 52, 3)
    """
    view, scale, corner = _view(as_canvas(image), box, height)
    found, truth = ((np.asarray(xy, np.float64) - corner) * scale for xy in (found, truth))
    shown = np.isin(kinds, list(MISTAKE_COLORS))
    for a, b in links:
        if shown[a] and shown[b]:
            draw_line_(view, truth[a], truth[b], color=_EDGE, width=4, alpha=0.6)
            draw_line_(view, truth[a], truth[b], color=_LABEL, width=2, alpha=0.9)
    for keypoint in np.flatnonzero(shown):
        color = MISTAKE_COLORS[str(kinds[keypoint])]
        if kinds[keypoint] != 'good':
            draw_line_(view, truth[keypoint], found[keypoint], color=color, width=2)
        draw_disc_(view, found[keypoint], color=_EDGE, radius=5.5)
        draw_disc_(view, found[keypoint], color=color, radius=4.5)
    return view


def _view(image: np.ndarray, box: np.ndarray, height: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the neighbourhood of a box at a height, the scale, and the image's pixel at its corner (2,)."""
    left, top, right, bottom = np.asarray(box, np.float64)
    margin = _MARGIN * max(right - left, bottom - top)
    low = np.clip(np.floor([left - margin, top - margin]), 0, np.array(image.shape[1::-1]) - 1).astype(int)
    high = np.clip(np.ceil([right + margin, bottom + margin]), low + 1, image.shape[1::-1]).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    scale = height / part.shape[0]
    width = min(max(1, round(part.shape[1] * scale)), 3 * height)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(part, (width, height), interpolation=how)), scale, low
