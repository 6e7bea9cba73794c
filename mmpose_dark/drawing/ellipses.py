"""How sure a pose estimator is of each keypoint, as ellipses."""

import numpy as np

from ..utils.errors import InputError
from ..utils.foreign_types import as_numbers
from .canvas import as_canvas, draw_ellipse_
from .colors import Colors, color_table
from .keypoints import shown_keypoints

__all__ = ['covariance_axes', 'draw_covariances']


def covariance_axes(covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ellipses of covariances: standard deviations along the two axes, and where the longer one points.

    Args:
        covariances: (..., 2, 2), symmetric, square pixels.

    Returns:
        half axes (..., 2) in pixels, the longer one first, NaN where a covariance is not finite or has a negative
        eigenvalue; and angles (...) in radians from x towards y, -pi/2 to pi/2.

    >>> axes, angle = covariance_axes(np.array([[1.0, 0.0], [0.0, 9.0]]))
    >>> axes.tolist(), abs(float(angle)).__round__(3)
    ([3.0, 1.0], 1.571)
    """
    covariances = np.asarray(covariances, dtype=np.float64)
    xx, yy = covariances[..., 0, 0], covariances[..., 1, 1]
    xy = 0.5 * (covariances[..., 0, 1] + covariances[..., 1, 0])
    mean, spread = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    variances = np.stack([mean + spread, mean - spread], axis=-1)
    with np.errstate(invalid='ignore'):
        known = np.isfinite(variances).all(-1, keepdims=True) & (variances >= 0).all(-1, keepdims=True)
        axes = np.where(known, np.sqrt(np.where(known, variances, 0)), np.nan)
    return axes, 0.5 * np.arctan2(2 * xy, xx - yy)


def draw_covariances(
    image: np.ndarray,
    keypoints: np.ndarray,
    covariances: np.ndarray,
    *,
    scores: np.ndarray | None = None,
    colors: Colors = None,
    kpt_thr: float = 0.3,
    deviations: float = 1.0,
    alpha: float = 0.35,
) -> np.ndarray:
    """Draw an ellipse around each keypoint whose half axes are standard deviations.

    The ellipse of 1 standard deviation holds 39 % of the probability of a Gaussian, that of 2 holds 86 %, that of
    2.45 holds 95 %.

    Args:
        image: (H, W, 3) uint8; not modified.
        keypoints: (N, K, 2) or (K, 2) x, y in pixels, integer = pixel centre.
        covariances: (N, K, 2, 2) or (K, 2, 2), square pixels; one that is no covariance (NaN, or a negative
            eigenvalue) is left out.
        scores: (N, K) or (K,); None draws every finite keypoint.
        colors: one colour or one a keypoint, in the image's channel order.
        kpt_thr: an ellipse is drawn when its keypoint's score is above this.
        deviations: half axes in standard deviations.
        alpha: opacity of the inside, 0..1; the rim is drawn with twice that.

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InputError: shapes that do not fit together.

    >>> drawn = draw_covariances(np.zeros((21, 21, 3), np.uint8), np.array([[10.0, 10.0]]), [np.diag([36.0, 4.0])],
    ...                          colors='red', alpha=1)
    >>> drawn[10, 15].tolist(), drawn[15, 10].tolist()
    ([255, 0, 0], [0, 0, 0])
    """
    canvas = as_canvas(image)
    points, _, shown = shown_keypoints(keypoints, scores, kpt_thr=kpt_thr)
    matrices = as_numbers(covariances, 'covariances')
    matrices = matrices[None] if matrices.ndim == 3 else matrices
    if matrices.shape != (*points.shape[:2], 2, 2):
        raise InputError(
            f'covariances must have the shape {(*points.shape[:2], 2, 2)} as the keypoints, got {np.shape(covariances)}'
        )
    axes, angles = covariance_axes(matrices)
    tints = color_table(colors, points.shape[1], default='red')
    shown = shown & np.isfinite(axes).all(axis=-1)
    for person, k in zip(*np.nonzero(shown), strict=True):
        half_axes, angle = deviations * axes[person, k], float(angles[person, k])
        draw_ellipse_(canvas, points[person, k], half_axes=half_axes, angle=angle, color=tints[k], alpha=alpha)
    return canvas
