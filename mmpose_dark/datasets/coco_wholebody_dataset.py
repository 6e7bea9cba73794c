"""COCO-WholeBody."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ..annotations import AnnotationError, keypoint_triplets
from ..keypoint_sets import WHOLEBODY_FIELDS
from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['CocoWholeBodyDataset']


@DATASETS.register_module()
class CocoWholeBodyDataset(BaseCocoStyleDataset):
    """COCO-WholeBody 1.0: 133 keypoints, of body (17), feet (6), face (68) and hands (2 x 21).

    The annotation keeps its parts in lists of their own; here they follow each other in this order.
    A person needs a labelled body keypoint. See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='coco_wholebody')
    LAYOUT = """
    data/coco/                                   (data_root; images: https://cocodataset.org/#download)
      annotations/coco_wholebody_train_v1.0.json (https://github.com/jin-s13/COCO-WholeBody)
      annotations/coco_wholebody_val_v1.0.json
      person_detection_results/COCO_val2017_detections_AP_H_56_person.json
      train2017/000000000009.jpg ...
      val2017/000000000139.jpg ..."""

    def _read_keypoints(self, ann: Mapping, where: str) -> np.ndarray:
        missing = [field for field in WHOLEBODY_FIELDS if field not in ann]
        if missing:
            raise AnnotationError(
                f'{where} has no {missing[0]!r}; whole-body annotations have {", ".join(WHOLEBODY_FIELDS)} '
                '(a COCO file of 17 keypoints belongs to CocoDataset)'
            )
        definition = self._metainfo['dataset_name']
        points = np.concatenate(
            [
                keypoint_triplets(ann[field], count, f'{where}: {field}', definition=definition)
                for field, count in WHOLEBODY_FIELDS.items()
            ]
        )
        # Face and hand keypoints have a confidence in the place of the visibility.
        points[:, 2] = points[:, 2] > 0
        return points
