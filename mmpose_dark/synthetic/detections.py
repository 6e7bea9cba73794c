"""Boxes as a person detector would give them: shaken, some doubled, a few false, a few missing."""

import numpy as np

__all__ = ['jitter_boxes']


def jitter_boxes(
    boxes_xywh: np.ndarray, width: int, height: int, *, rng: np.random.Generator, shake: float = 0.04
) -> list[tuple[np.ndarray, float]]:
    """Imitate a detector.

    Args:
        boxes_xywh: (N, 4) true boxes, pixels: left, top, width, height.
        width: of the image, pixels.
        height: of the image, pixels.
        rng: source of randomness.
        shake: standard deviation of the edges, in box sizes.

    Returns:
        Pairs of a box (4,), left, top, width, height, within the image, and its score, 0 to 1.

    >>> found = jitter_boxes(np.array([[10, 10, 60, 90.0]]), 320, 240, rng=np.random.default_rng(0))
    >>> [(box.round().tolist(), f'{score:.2f}') for box, score in found]
    [([13.0, 13.0, 58.0, 85.0], '0.95'), ([181.0, 33.0, 72.0, 51.0], '0.14')]
    """
    found = []
    for box in boxes_xywh:
        if rng.random() < 0.03:
            continue
        for copy in range(1 + (rng.random() < 0.06)):
            score = rng.beta(12, 1.5) * (0.6 if copy else 1.0)
            found.append((box + np.tile(box[2:], 2) * rng.normal(0, shake * (1 + 2 * copy), 4), score))
    for _ in range(rng.poisson(0.25)):
        size = np.array([rng.uniform(0.08, 0.25), rng.uniform(0.2, 0.6)]) * (width, height)
        corner = rng.uniform(0, 1, 2) * ((width, height) - size)
        found.append((np.concatenate([corner, size]), rng.beta(2, 6)))
    result = []
    for box, score in found:
        low = np.clip(box[:2], 0, (width - 2, height - 2))
        high = np.clip(box[:2] + box[2:], low + 2, (width, height))
        result.append((np.concatenate([low, high - low]), float(score)))
    return result
