"""What images show of motion: keypoints and boxes carried from one frame to the next by optical flow."""

from typing import TYPE_CHECKING

import numpy as np

from ...utils.errors import InputError

if TYPE_CHECKING:
    import cv2

__all__ = ['FLOWS', 'carry_boxes', 'carry_points', 'dense_flow', 'make_dense_flow', 'small_grey', 'sparse_flow']

FLOWS = ('dis', 'lk')
"""``'dis'``, dense inverse search (Kroeger et al., ECCV 2016): everywhere at once, the time does not depend on the
number of people; ``'lk'``, Lucas and Kanade with pyramids (Bouguet, 2000): only at the keypoints."""

_WINDOW = 21  # pixels of Lucas and Kanade


def small_grey(image: np.ndarray, longest: int = 512) -> tuple[np.ndarray, float]:
    """Return an image in grey, at most ``longest`` pixels wide and high, as flow needs no more.

    Args:
        image: (H, W, 3) uint8 BGR.
        longest: pixels.

    Returns:
        (h, w) uint8, and the factor from pixels of the image to its pixels.

    Raises:
        InputError: no such image.

    >>> small, factor = small_grey(np.zeros((300, 1024, 3), np.uint8))
    >>> small.shape, factor
    ((150, 512), 0.5)
    """
    import cv2

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise InputError(f'flow needs images (H, W, 3) uint8 BGR, got {image.shape} {image.dtype}')
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = min(1.0, longest / max(grey.shape))
    if factor < 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return grey, factor


def make_dense_flow() -> 'cv2.DISOpticalFlow':
    """Return OpenCV's dense inverse search, which keeps its buffers from call to call."""
    import cv2

    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)


def dense_flow(previous: np.ndarray, current: np.ndarray, method: 'cv2.DISOpticalFlow | None' = None) -> np.ndarray:
    """Return how far each pixel moved.

    Args:
        previous: (h, w) uint8.
        current: (h, w) uint8.
        method: of `make_dense_flow`, to be used again for all frames of a video.

    Returns:
        (h, w, 2) float32, x and y in pixels.

    >>> frame = np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8).repeat(4, 0).repeat(4, 1)
    >>> dense_flow(frame, np.roll(frame, 3, axis=1))[32, 32].round().astype(int).tolist()
    [3, 0]
    """
    return (method or make_dense_flow()).calc(previous, current, None)


def carry_points(points: np.ndarray, flow: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """Carry points along dense flow; outside of the image the flow at its edge counts.

    Args:
        points: (..., 2) x, y in pixels of the image.
        flow: (h, w, 2) of the images that were made smaller.
        factor: from pixels of the image to those of the flow.

    Returns:
        (..., 2) float64 in pixels of the image.

    >>> carry_points(np.array([[4.0, 2.0]]), np.full((8, 8, 2), 3.0), factor=0.5).tolist()
    [[10.0, 8.0]]
    """
    height, width = flow.shape[:2]
    points = np.asarray(points, np.float64)
    at = np.clip((points + 0.5) * factor - 0.5, 0, (width - 1, height - 1))
    low = np.minimum(np.floor(at).astype(int), (max(width - 2, 0), max(height - 2, 0)))
    part = at - low
    x, y, x1, y1 = (
        low[..., 0],
        low[..., 1],
        np.minimum(low[..., 0] + 1, width - 1),
        np.minimum(low[..., 1] + 1, height - 1),
    )
    right, down = part[..., :1], part[..., 1:]
    above = flow[y, x] * (1 - right) + flow[y, x1] * right
    below = flow[y1, x] * (1 - right) + flow[y1, x1] * right
    return points + (above * (1 - down) + below * down) / factor


def sparse_flow(previous: np.ndarray, current: np.ndarray, points: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """Carry points by what is around them; where nothing can be followed they stay.

    Args:
        previous: (h, w) uint8.
        current: (h, w) uint8.
        points: (..., 2) x, y in pixels of the image.
        factor: from pixels of the image to those of the small ones.

    Returns:
        (..., 2) float64 in pixels of the image.

    >>> frame = np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8).repeat(4, 0).repeat(4, 1)
    >>> sparse_flow(frame, np.roll(frame, 3, axis=1), np.array([[32.0, 32.0]])).round().tolist()
    [[35.0, 32.0]]
    """
    import cv2

    points = np.asarray(points, np.float64)
    if not points.size:
        return points.copy()
    at = ((points + 0.5) * factor - 0.5).reshape(-1, 1, 2).astype(np.float32)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(previous, current, at, None, winSize=(_WINDOW, _WINDOW), maxLevel=3)
    step = np.where(found.reshape(-1, 1) == 1, (moved - at)[:, 0], 0.0)
    return points + step.reshape(points.shape) / factor


def carry_boxes(
    points: np.ndarray, seen: np.ndarray, flow: np.ndarray, *, factor: float = 1.0, margin: float = 0.15
) -> np.ndarray:
    """Return the boxes where people of the last frame are expected, as Simple Baselines adds them to a detector's.

    The bounds of the carried keypoints, wider by ``margin`` (Xiao et al., ECCV 2018, section 3.1).

    Args:
        points: (N, K, 2) keypoints in the last frame, pixels.
        seen: (N, K) boolean, which of them count.
        flow: (h, w, 2) from the last frame to this one.
        factor: from pixels of the image to those of the flow.
        margin: share of the size that is added on each axis, half on each side.

    Returns:
        (N, 4) left, top, right, bottom in pixels; NaN for people without keypoints.

    >>> people = np.array([[[10.0, 10.0], [20.0, 30.0]]])
    >>> carry_boxes(people, np.ones((1, 2), bool), np.full((64, 64, 2), 2.0), margin=0.2).tolist()
    [[11.0, 10.0, 23.0, 34.0]]
    """
    moved, seen = carry_points(points, flow, factor), np.asarray(seen)[..., None]
    low = np.where(seen, moved, np.inf).min(1, initial=np.inf)
    high = np.where(seen, moved, -np.inf).max(1, initial=-np.inf)
    known = np.isfinite(low).all(1, keepdims=True)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    wider = margin / 2 * (high - low)
    return np.concatenate([low - wider, high + wider], 1)
