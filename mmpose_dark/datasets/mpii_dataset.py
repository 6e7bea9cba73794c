"""MPII Human Pose."""

import os
from typing import Any, ClassVar

import numpy as np

from ..annotations import AnnotationError, area_of_box, finite_numbers, head_sizes_of_corners, read_json, read_mat
from ..annotations.fields import GREATEST_COORDINATE, FieldError, file_name
from ..registry import DATASETS
from ..structures import bbox_cs2xyxy
from ..utils.errors import InputError
from .base_coco_style_dataset import BaseCocoStyleDataset
from .image_places import refuse_urls

__all__ = ['PIXELS_PER_SCALE', 'MpiiDataset']

PIXELS_PER_SCALE = 200.0
"""Height in pixels of a person whose ``scale`` is 1 in MPII's files."""
_CENTER_SHIFT = 15.0  # of 200: lowers the box, so that no limb is cropped (as in all references)
_GT_VALID = '; give the official gt_valid.mat ' + (
    '(https://download.openmmlab.com/mmpose/datasets/mpii_annotations.tar has it as mpii_gt_val.mat)'
)


@DATASETS.register_module()
class MpiiDataset(BaseCocoStyleDataset):
    """MPII Human Pose (16 keypoints) in the JSON of Simple Baselines, HRNet and mmpose.

    The file is a list of people with image, center, scale (height of the person over 200 px),
    joints and joints_vis. Its coordinates count from 1, here they count from 0. Every person of
    the file is a sample, in its order, as the PCKh script needs.

    Args:
        headbox_file: the official ``gt_valid.mat``; adds ``head_size`` (1, 1), the PCKh unit in
            pixels, to each sample; as given or relative to ``data_root``; in test mode only.
        **kwargs: see :class:`BaseCocoStyleDataset`.

    Raises:
        AnnotationError: see :class:`BaseCocoStyleDataset`; or ``headbox_file`` is for other people.
    """

    METAINFO: ClassVar[dict] = dict(from_file='mpii')
    LAYOUT = """
    data/mpii/                                   (data_root; http://human-pose.mpi-inf.mpg.de)
      annotations/mpii_train.json
      annotations/mpii_val.json                  (https://download.openmmlab.com/mmpose/datasets/mpii_annotations.tar)
      annotations/mpii_gt_val.mat                (the same file as gt_valid.mat)
      images/000001163.jpg ..."""

    def __init__(self, headbox_file: str | None = None, **kwargs: Any) -> None:
        if headbox_file and not kwargs.get('test_mode'):
            raise InputError('MpiiDataset: headbox_file needs test_mode=True')
        if kwargs.get('bbox_file'):
            raise InputError('MpiiDataset: bbox_file is not supported; MPII is tested with its own centers and scales')
        self._headbox_given = headbox_file
        super().__init__(**kwargs)

    @property
    def headbox_file(self) -> str | None:
        """Path of the head boxes, or None."""
        return self._find_file(self._headbox_given) if self._headbox_given else None

    def load_data_list(self) -> list[dict]:
        """Read the files and return one record a person."""
        people = read_json(self.ann_file, hint=self.layout_hint(), backend_args=self.backend_args)
        if not isinstance(people, list) or not people:
            raise AnnotationError(
                f'annotation file {self.ann_file!r} holds no list of people (image, center, scale, joints, '
                'joints_vis); a COCO-style file belongs to CocoDataset with a definition of its own'
            )
        for i, person in enumerate(people):
            if not isinstance(person, dict):
                raise AnnotationError(f'annotation file {self.ann_file!r}: person {i} is no object: {str(person)[:80]}')
        infos = [self.parse_data_info(dict(person, id=i)) for i, person in enumerate(people)]
        names = (str(person['image']) for person in people)
        refuse_urls(names, self.ann_file, self.pipeline.transforms)
        if self.headbox_file:
            sizes = _head_sizes(self.headbox_file, self.backend_args)
            if len(sizes) != len(infos):
                raise AnnotationError(
                    f'head boxes {self.headbox_file!r} are for {len(sizes)} people, {self.ann_file!r} has {len(infos)}'
                )
            for info, size in zip(infos, sizes, strict=True):
                info['head_size'] = np.full((1, 1), size, np.float32)
        return infos

    def parse_data_info(self, raw_data_info: dict) -> dict[str, object]:
        """Turn one person of the file into a record.

        Raises:
            AnnotationError: an entry is missing, has too few numbers or is not finite.
        """
        where = f'annotation file {self.ann_file!r}: person {raw_data_info["id"]}'
        for key in ('image', 'center', 'scale', *(() if self.test_mode else ('joints', 'joints_vis'))):
            if key not in raw_data_info:
                raise AnnotationError(f'{where} has no {key!r}; image, center, scale, joints and joints_vis are needed')
        try:
            name = file_name(raw_data_info['image'])
        except FieldError as err:
            raise AnnotationError(f'{where}: image is {str(raw_data_info["image"])[:80]!r}; {err}') from err
        count = self._metainfo['num_keypoints']
        center = finite_numbers(raw_data_info['center'], f'{where}: center').reshape(1, -1)
        scale = finite_numbers([raw_data_info['scale']], f'{where}: scale') * PIXELS_PER_SCALE
        if center.shape != (1, 2) or scale.shape != (1,) or not 0 < scale[0] < GREATEST_COORDINATE:
            raise AnnotationError(
                f'{where} has center {raw_data_info["center"]}, scale {raw_data_info["scale"]}; two numbers and a '
                'positive one are needed'
            )
        scale = np.repeat(scale, 2)[None]
        if center[0, 0] != -1:
            center[0, 1] += _CENTER_SHIFT / PIXELS_PER_SCALE * scale[0, 1]
        center -= 1
        bbox = bbox_cs2xyxy(center, scale)
        joints = finite_numbers(raw_data_info.get('joints', np.ones((count, 2))), f'{where}: joints')
        visible = finite_numbers(raw_data_info.get('joints_vis', np.ones(count)), f'{where}: joints_vis')
        if joints.shape != (count, 2) or visible.shape != (count,):
            raise AnnotationError(
                f'{where} has joints of shape {joints.shape} and joints_vis of shape {visible.shape}; the definition '
                f'{self._metainfo["dataset_name"]!r} has {count} keypoints'
            )
        stem = os.path.splitext(os.path.basename(name))[0]
        return dict(
            id=raw_data_info['id'],
            img_id=int(stem) if stem.isdigit() else raw_data_info['id'],
            img_path=os.path.join(self.data_prefix.get('img', ''), name),
            bbox_center=center,
            bbox_scale=scale,
            bbox=bbox,
            bbox_score=np.ones(1, np.float32),
            keypoints=joints[None] - 1,
            keypoints_visible=np.clip(visible[None], 0, 1),
            num_keypoints=int(np.count_nonzero(visible)),
            area=float(max(area_of_box(scale[0, 0], scale[0, 1]), 1.0)),
            category_id=1,
            iscrowd=0,
        )


def _head_sizes(path: str, backend_args: dict | None) -> np.ndarray:
    """PCKh units (N,) of all people of the official ground truth, in pixels."""
    truth = read_mat(path, 'headboxes_src', what='head boxes', hint=_GT_VALID, backend_args=backend_args)
    return head_sizes_of_corners(truth['headboxes_src'])
