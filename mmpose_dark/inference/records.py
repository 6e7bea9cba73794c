"""Results as plain records: this project's form a picture, and COCO's results form."""

from typing import Any

import numpy as np

from .inferencer import ImageResult

__all__ = ['coco_results', 'keypoint_names', 'person_score', 'result_record']

_VISIBLE = 0.2  # keypoints below this do not enter a person's score, as CocoMetric's keypoint_score_thr


def keypoint_names(dataset_meta: dict[str, Any] | None, count: int) -> list[str]:
    """Return the names of ``count`` keypoints; numbered where there is no definition of that many.

    >>> keypoint_names(None, 2)
    ['keypoint_0', 'keypoint_1']
    """
    names = (dataset_meta or {}).get('keypoint_id2name', {})
    return [names[i] for i in range(count)] if len(names) == count else [f'keypoint_{i}' for i in range(count)]


def person_score(keypoint_scores: np.ndarray, bbox_score: float = 1.0) -> float:
    """Score of a person: box score times the mean of the keypoint scores above 0.2, 0 if none is.

    Args:
        keypoint_scores: (K,), 0..1.
        bbox_score: 0..1.

    >>> round(person_score(np.array([0.5, 0.7, 0.1]), 0.5), 3)
    0.3
    """
    good = keypoint_scores[keypoint_scores > _VISIBLE]
    return float(good.mean() * bbox_score) if len(good) else 0.0


def _people(result: ImageResult) -> list[dict[str, Any]]:
    people = []
    for sample in result.samples:
        found = sample.pred_instances
        scores, bbox_score = np.asarray(found.keypoint_scores)[0], float(found.bbox_scores[0])
        people.append(
            dict(
                bbox=_rounded(found.bboxes[0]),
                bbox_score=round(bbox_score, 4),
                score=round(person_score(scores, bbox_score), 4),
                keypoints=[_rounded(p) for p in np.asarray(found.keypoints)[0]],
                keypoint_scores=_rounded(scores, 4),
            )
        )
    return people


def _rounded(values: Any, digits: int = 2) -> list[float]:
    return [round(float(v), digits) for v in np.asarray(values)]


def result_record(result: ImageResult, dataset_meta: dict[str, Any] | None) -> dict[str, Any]:
    """Return a picture's result as plain types, ready for json.

    Args:
        result: of an `Inferencer`, of a picture that could be read.
        dataset_meta: definition of the keypoints.

    Returns:
        ``image``: path; ``width``, ``height``: pixels; ``keypoint_names``: K names; ``skeleton``:
        pairs of keypoint numbers; ``people``: for each person ``bbox`` [left, top, right, bottom]
        pixels, ``bbox_score``, ``score`` (see `person_score`), ``keypoints`` K pairs [x, y] in pixels,
        integer = pixel centre, ``keypoint_scores`` K numbers.
    """
    people = _people(result)
    count = len(people[0]['keypoints']) if people else int((dataset_meta or {}).get('num_keypoints', 0))
    links = (dataset_meta or {}).get('skeleton_links', []) if (dataset_meta or {}).get('num_keypoints') == count else []
    return dict(
        image=result.path,
        width=int(result.image.shape[1]),
        height=int(result.image.shape[0]),
        keypoint_names=keypoint_names(dataset_meta, count),
        skeleton=[[int(a), int(b)] for a, b in links],
        people=people,
    )


def coco_results(result: ImageResult, *, image_id: int) -> list[dict[str, Any]]:
    """Return a picture's people in COCO's results format.

    Args:
        result: of an `Inferencer`.
        image_id: number of the picture.

    Returns:
        For each person ``image_id``, ``category_id`` 1, ``keypoints`` [x, y, score, x, ...] and ``score``.
    """
    return [
        dict(
            image_id=image_id,
            category_id=1,
            keypoints=[v for p, s in zip(person['keypoints'], person['keypoint_scores'], strict=True) for v in (*p, s)],
            score=person['score'],
        )
        for person in _people(result)
    ]
