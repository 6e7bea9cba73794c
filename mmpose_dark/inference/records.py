"""Results as plain records: this project's form an image, and COCO's results form."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..structures.poses import Poses
from .results import ImageResult

__all__ = ['coco_results', 'result_record']

PersonRecord = dict[str, float | list[float] | list[list[float]]]


def result_record(result: ImageResult, dataset_meta: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return an image's result as plain types, ready for json.

    Args:
        result: of an `Inferencer`, of an image that could be read.
        dataset_meta: definition of the keypoints, where the poses do not know it.

    Returns:
        ``image``: path; ``width``, ``height``: pixels; ``keypoint_names``: K names; ``skeleton``:
        pairs of keypoint numbers; ``people``: for each person ``bbox`` [left, top, right, bottom]
        pixels, ``bbox_score``, ``score`` (see `pose_scores`), ``keypoints`` K pairs [x, y] in pixels,
        integer = pixel centre, ``keypoint_scores`` K numbers.

    >>> result = ImageResult('a.jpg', Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]), np.zeros((6, 8, 3), np.uint8))
    >>> record = result_record(result)
    >>> record['image'], record['width'], record['people'][0]['keypoints'], record['people'][0]['score']
    ('a.jpg', 8, [[1.0, 2.0]], 0.5)
    """
    poses = _with_definition(result.poses, dataset_meta)
    return dict(
        image=result.path,
        width=int(result.image.shape[1]),
        height=int(result.image.shape[0]),
        keypoint_names=poses.keypoint_names,
        skeleton=[list(link) for link in poses.skeleton],
        people=_people(poses),
    )


def coco_results(
    result: ImageResult, *, image_id: int | str, category_id: int | str = 1
) -> list[dict[str, int | str | float | list[float]]]:
    """Return an image's people in COCO's results format, with two decimals of a pixel and four of a score.

    Args:
        result: of an `Inferencer`.
        image_id: of the image, as its annotation file has it.
        category_id: of people, as the annotation file has it.

    Returns:
        For each person ``image_id``, ``category_id``, ``keypoints`` [x, y, score, x, ...] and ``score``.

    >>> coco_results(ImageResult('a.jpg', Poses([[[1.234, 2]]], [[0.5]], [[0, 0, 4, 4]])), image_id=7)
    [{'image_id': 7, 'category_id': 1, 'keypoints': [1.23, 2.0, 0.5], 'score': 0.5}]
    """
    return result.poses.to_coco(image_id, category_id, decimals=2)


def _with_definition(poses: Poses, dataset_meta: Mapping[str, object] | None) -> Poses:
    """Take a definition where the poses have none and it is of their number of keypoints."""
    if poses.keypoint_set is not None or dataset_meta is None:
        return poses
    count = int(dataset_meta['num_keypoints'])
    if not len(poses):
        return Poses.empty(count, dataset_meta)
    return replace(poses, keypoint_set=dataset_meta) if count == poses.num_keypoints else poses


def _people(poses: Poses) -> list[PersonRecord]:
    columns = dict(
        bbox=_rounded(poses.boxes, 2),
        bbox_score=_rounded(poses.box_scores, 4),
        score=_rounded(poses.scores, 4),
        keypoints=_rounded(poses.keypoints, 2),
        keypoint_scores=_rounded(poses.keypoint_scores, 4),
    )
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _rounded(values: np.ndarray, decimals: int) -> list:
    """Return an array (N, ...) as lists of rounded numbers."""
    return values.astype(np.float64).round(decimals).tolist()
