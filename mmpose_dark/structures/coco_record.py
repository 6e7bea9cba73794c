"""The one form of COCO's results: a dict a person."""

import numpy as np

__all__ = ['CocoRecord', 'coco_records']

CocoRecord = dict[str, int | float | str | list[float]]


def coco_records(
    keypoints: np.ndarray,
    keypoint_scores: np.ndarray,
    scores: np.ndarray,
    *,
    image_ids: np.ndarray,
    category_ids: np.ndarray,
) -> list[CocoRecord]:
    """Return people in COCO's results format.

    Args:
        keypoints: (N, K, 2) x, y in image pixels.
        keypoint_scores: (N, K), about 0..1.
        scores: (N,) of the people.
        image_ids: (N,) ids of their images.
        category_ids: (N,).

    Returns:
        For each person ``image_id``, ``category_id``, ``keypoints`` [x, y, score, x, ...] and ``score``.

    >>> one = np.ones(1, int)
    >>> coco_records(np.array([[[1, 2]]]), np.array([[0.5]]), np.array([0.9]), image_ids=7 * one, category_ids=one)
    [{'image_id': 7, 'category_id': 1, 'keypoints': [1.0, 2.0, 0.5], 'score': 0.9}]
    """
    rows = np.concatenate([keypoints, keypoint_scores[..., None]], -1).astype(np.float64)
    columns = zip(
        image_ids.tolist(),
        category_ids.tolist(),
        rows.reshape(len(rows), 3 * rows.shape[1]).tolist(),
        np.asarray(scores, np.float64).tolist(),
        strict=True,
    )
    return [dict(image_id=i, category_id=c, keypoints=k, score=s) for i, c, k, s in columns]
