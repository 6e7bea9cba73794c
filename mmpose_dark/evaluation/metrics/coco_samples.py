"""What the COCO metrics read from data samples: box scores, areas, and annotations for the ground truth."""

from collections.abc import Iterable

import numpy as np

from ...annotations import PERSON
from ...utils.errors import InputError
from ..functional.arrays import keypoint_extent
from .sample_arrays import describe, maybe_field, stack

__all__ = ['RawAnnotations', 'box_scores', 'coco_dataset', 'pose_areas', 'raw_annotations']

RawAnnotations = dict[str, dict | list[dict]]


def box_scores(samples: list[dict], counts: np.ndarray) -> np.ndarray:
    """Return the network's box score where it gives one, else that of the box it was given, else 1.

    Args:
        samples: with predictions.
        counts: (S,) number of predicted people of each sample.

    Returns:
        (N,), one a predicted person.

    >>> box_scores([dict(gt_instances=dict(bbox_scores=np.array([0.7])))], np.array([1]))
    array([0.7])
    """
    for owner in ('pred_instances', 'gt_instances'):
        found = maybe_field(samples, owner, 'bbox_scores')
        if found is not None:
            scores, n = stack(samples, found, shape=(), what=f'{owner}.bbox_scores')
            if (n == counts).all():
                return scores
    return np.ones(int(counts.sum()))


def pose_areas(samples: list[dict], xy: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the area of the padded box, or of the keypoints' extent, by which suppression measures distances.

    Args:
        samples: with predictions.
        xy: (N, K, 2) predicted keypoints in pixels.
        counts: (S,) number of predicted people of each sample.

    Returns:
        (N,) square pixels.

    >>> pose_areas([dict(pred_instances={})], np.array([[[0.0, 0.0], [3.0, 4.0]]]), np.array([1]))
    array([12.])
    """
    scales = maybe_field(samples, 'gt_instances', 'bbox_scales')
    if scales is not None:
        scales, n = stack(samples, scales, shape=(2,), what='gt_instances.bbox_scales')
        if (n == counts).all():
            return scales.prod(1)
    return keypoint_extent(xy)


def raw_annotations(sample: dict) -> RawAnnotations:
    """Return image and annotations of a sample, for the ground truth that is made of the samples.

    Raises:
        ValueError: the sample carries none.

    >>> raw_annotations(dict(img_id=7, ori_shape=(4, 6), raw_ann_info=dict(id=1)))
    {'image': {'id': 7, 'height': 4, 'width': 6}, 'annotations': [{'id': 1}]}
    """
    raw = sample.get('raw_ann_info')
    if raw is None:
        raise InputError(
            f'{describe(sample)}: no raw_ann_info to make the ground truth of; give the metric ann_file, '
            "or keep 'raw_ann_info' among the meta_keys of PackPoseInputs and test on ground-truth boxes"
        )
    image = dict(id=sample['img_id'])
    if 'ori_shape' in sample:
        image['height'], image['width'] = map(int, sample['ori_shape'][:2])
    if sample.get('img_path'):
        image['file_name'] = sample['img_path']
    if sample.get('crowd_index') is not None:
        image['crowdIndex'] = sample['crowd_index']
    return dict(image=image, annotations=raw if isinstance(raw, list) else [raw])


def coco_dataset(raws: Iterable[RawAnnotations]) -> dict[str, list[dict]]:
    """Return a COCO-style dataset of what `raw_annotations` gave, each image and annotation once.

    >>> raw = dict(image=dict(id=7), annotations=[dict(id=1)])
    >>> coco_dataset([raw, raw])
    {'images': [{'id': 7}], 'annotations': [{'id': 1}], 'categories': [{'id': 1, 'name': 'person'}]}
    """
    images, annotations = {}, {}
    for raw in raws:
        image = images.setdefault(raw['image']['id'], raw['image'])
        if image.get('file_name') != raw['image'].get('file_name'):
            raise InputError(
                f'two images have the id {image["id"]!r}, {image.get("file_name")!r} and '
                f'{raw["image"].get("file_name")!r}: ids must differ over all that is evaluated together'
            )
        annotations.update({(image['id'], a['id']): a for a in raw['annotations']})
    used = {a.get('category_id', PERSON) for a in annotations.values()} or {PERSON}
    categories = sorted(used, key=lambda c: (isinstance(c, str), c))
    return dict(
        images=list(images.values()),
        annotations=list(annotations.values()),
        categories=[dict(id=c, name='person') for c in categories],
    )
