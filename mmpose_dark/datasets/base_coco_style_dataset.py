"""Datasets whose annotations are COCO-style JSON."""

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from ..annotations import (
    PERSON,
    AnnotationError,
    CocoContent,
    group_by_image,
    index_images,
    keypoint_triplets,
    person_category,
    read_coco,
    read_detections,
    require_box,
    without_garbage_collection,
)
from ..utils.errors import InputError
from ..utils.free_memory import give_back_free_memory
from .coco_style_records import annotation_record, detection_records, usable_people, warn_of, with_paths
from .image_places import check_image_folder, check_packed_images, packed_images, refuse_urls
from .pose_dataset import PoseDataset
from .record_table import RecordTable

__all__ = ['BaseCocoStyleDataset']

_LAYOUT = """
    data_root/
      annotations/....json   (ann_file)
      images/                (data_prefix=dict(img='images/'))"""


class BaseCocoStyleDataset(PoseDataset):
    """People of COCO-style annotations, one sample a person; mmpose 1.x's class of the same name.

    A person is used if it is no crowd region, has a labelled keypoint and a box with an area
    inside the image. An annotation without keypoints is nobody to use; a labelled person without
    a box is left out of training, and refused in test mode, as the evaluation needs the box.
    With ``bbox_file`` the samples are the detected boxes of the category of people instead.
    What each field of the file may hold is said once, in :mod:`mmpose_dark.annotations.fields`.

    Subclasses set ``METAINFO`` and ``LAYOUT`` and, where their records differ, override
    ``parse_data_info`` or ``load_data_list``.

    Args:
        ann_file: annotation file, relative to ``data_root``.
        bbox_file: person detections (list of image_id, category_id, bbox xywh, score), as given or
            relative to ``data_root``; in test mode only. Several files make a detector ensemble:
            all their boxes are samples, and the metric's OKS-NMS merges the poses.
        data_mode: only ``'topdown'``.
        metainfo: definition (``dict(from_file=name_or_path)``) instead of the class's own.
        data_root: prefix of relative paths.
        data_prefix: ``img``: folder of the images, relative to ``data_root``.
        filter_cfg: ``bbox_score_thr``: keep detections with a higher score;
            ``skip_unknown_images=True``: leave out detections for images that ``ann_file`` lacks,
            which is an error otherwise.
        indices: use only these samples, or the first so many.
        serialize_data: keep samples as columns of arrays that worker processes share.
        pipeline: transforms.
        test_mode: whether samples are for testing; adds ``raw_ann_info`` to them.
        lazy_init: read the files at the first use instead of now.
        max_refetch: see :class:`PoseDataset`.
        sample_interval: use images whose id is a multiple of it.
        on_bad_image: see :class:`PoseDataset`.
        backend_args: of mmengine's file backend, for the annotation files (images: see LoadImage).

    Raises:
        ArchiveError: the archive that LoadImage reads from is missing, cut off or damaged.
        AnnotationError: a file or folder is missing, a file is cut off or contradicts itself or the
            definition, a record points nowhere, or nothing is left to use.
        DefinitionError: see :func:`parse_pose_metainfo`.
        ValueError: arguments that do not go together.
    """

    METAINFO: ClassVar[dict] = {}
    LAYOUT: str = _LAYOUT

    def __init__(
        self,
        ann_file: str = '',
        bbox_file: str | Sequence[str] | None = None,
        data_mode: str = 'topdown',
        metainfo: dict | None = None,
        data_root: str | None = None,
        data_prefix: dict | None = None,
        filter_cfg: dict | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
        sample_interval: int = 1,
        on_bad_image: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        name = type(self).__name__
        if data_mode != 'topdown':
            raise InputError(f"{name}: data_mode must be 'topdown', got {data_mode!r}; mmpose_dark is top-down only")
        if bbox_file and not test_mode:
            raise InputError(f'{name}: bbox_file needs test_mode=True; training uses the annotated boxes')
        if not (metainfo or self.METAINFO):
            raise InputError(f"{name} has no definition of its own: give metainfo=dict(from_file='...')")
        if not ann_file:
            raise InputError(f'{name}: ann_file is needed')
        unknown = set(filter_cfg or {}) - {'bbox_score_thr', 'skip_unknown_images'}
        if unknown:
            raise InputError(
                f'{name}: unknown filter_cfg {sorted(unknown)}; known: bbox_score_thr, skip_unknown_images'
            )
        super().__init__(
            metainfo or self.METAINFO,
            pipeline=pipeline,
            test_mode=test_mode,
            max_refetch=max_refetch,
            on_bad_image=on_bad_image,
        )
        self.data_root = data_root or ''
        self.ann_file = self._under_root(ann_file)
        self.data_prefix = {k: self._under_root(v) for k, v in (data_prefix or dict(img='')).items()}
        self.bbox_file: str | list[str] | None = None
        if bbox_file:
            several = not isinstance(bbox_file, str)
            self.bbox_file = [self._find_file(f) for f in bbox_file] if several else self._find_file(bbox_file)
        self.data_mode = data_mode
        self.filter_cfg = dict(filter_cfg or {})
        self.serialize_data = serialize_data
        self.sample_interval = sample_interval
        self.backend_args = backend_args
        self._indices = indices
        self._records: Sequence[dict] | RecordTable = []
        self._without_area = ''
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    def _under_root(self, path: str) -> str:
        return path if '://' in path or not self.data_root else os.path.join(self.data_root, path)

    def _find_file(self, path: str) -> str:
        """Mmpose's configs give it with the data root, unlike ann_file; either is taken."""
        return path if os.path.exists(path) else self._under_root(path)

    @property
    def metainfo(self) -> dict[str, object]:
        """The parsed definition; in test mode with ``without_area``, who has no area, once that is known."""
        return dict(self._metainfo, without_area=self._without_area) if self._without_area else dict(self._metainfo)

    def full_init(self) -> None:
        """Read annotations (once); called by the constructor unless ``lazy_init``."""
        if self._fully_initialized:
            return
        name, archive = type(self).__name__, packed_images(self.pipeline.transforms)
        if archive is not None:
            archive.open()
        elif not (self.backend_args or {}).get('backend'):
            check_image_folder(self.data_prefix.get('img', ''), name, hint=self.layout_hint())
        with without_garbage_collection():
            records = self.load_data_list()
        records = self._chosen(records)
        if not records:
            raise AnnotationError(
                f'{name}: no sample is left of {self.bbox_file or self.ann_file!r} with '
                f'filter_cfg={self.filter_cfg}, indices={self._indices}, sample_interval={self.sample_interval}'
            )
        if archive is not None:
            check_packed_images(archive, [record['img_path'] for record in records], name)
        self._records = RecordTable(records) if self.serialize_data else records
        self._fully_initialized = True
        if self.serialize_data:
            del records
            give_back_free_memory()

    def _chosen(self, records: list[dict]) -> list[dict]:
        thr = self.filter_cfg.get('bbox_score_thr')
        if thr is not None:
            records = [r for r in records if r['bbox_score'][0] > thr]
        if isinstance(self._indices, int):
            return records[: max(self._indices, 0)]
        return records if self._indices is None else [records[i] for i in self._indices]

    def layout_hint(self) -> str:
        """Say how files are to be laid out; appended to errors about what is missing."""
        layout = self.LAYOUT.rstrip()
        return f' {type(self).__name__} expects this layout:{layout}\nSet data_root, or link your copy there.'

    def __len__(self) -> int:
        self.full_init()
        return len(self._records)

    def get_data_info(self, idx: int) -> dict[str, object]:
        """Return the record of one person.

        Returns:
            id, img_id, img_path, bbox (1, 4) xyxy pixels, bbox_score (1,), keypoints (1, K, 2)
            pixels, keypoints_visible (1, K) 0 or 1, area, category_id, iscrowd, num_keypoints; in
            test mode raw_ann_info; where the dataset has it crowd_index; and by reference the
            metainfo in ``SHARED_METAINFO``.
        """
        self.full_init()
        info = dict(self._records[idx])
        info.update(self._shared)
        info['sample_idx'] = idx if idx >= 0 else len(self) + idx
        return info

    def sample_places(self) -> list[tuple[object, object, str, bytes]]:
        """Return id, img_id, the image's path and the box, as bytes, of every sample, without reading an image."""
        self.full_init()
        names = ('id', 'img_id', 'img_path')
        if not isinstance(self._records, RecordTable):
            return [(*(record[name] for name in names), record['bbox'].tobytes()) for record in self._records]
        columns = [self._records.column(name) for name in names]
        columns = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
        return list(zip(*columns, (box.tobytes() for box in self._records.column('bbox')), strict=True))

    def load_data_list(self) -> list[dict]:
        """Read the files and return one record a sample."""
        if self.bbox_file:
            return self._load_detection_results()
        people = usable_people(self._load_annotations(), self.ann_file)
        lacking = [p['id'] for p in people if self.test_mode and p.get('raw_ann_info', {}).get('area') is None]
        if lacking:
            self._without_area = f'{self.ann_file}: {len(lacking)} people, the first annotation {lacking[0]}, have'
        return people

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Turn one annotation into a record.

        Args:
            raw_data_info: ``raw_ann_info`` and ``raw_img_info`` (with ``img_path``).

        Returns:
            See :meth:`get_data_info`; None for an annotation without box or keypoints.

        Raises:
            AnnotationError: numbers are missing, too many or not finite; in test mode, a labelled
                person has no box.
        """
        ann, image = raw_data_info['raw_ann_info'], raw_data_info['raw_img_info']
        where = f'annotation file {self.ann_file!r}: annotation {ann["id"]}'
        if self.test_mode:
            require_box(ann, where)
        if 'bbox' not in ann or 'keypoints' not in ann:
            return None
        info = annotation_record(ann, image, self._read_keypoints(ann, where), where)
        if self.test_mode:
            info['raw_ann_info'] = ann
        return info

    def _read_keypoints(self, ann: Mapping, where: str) -> np.ndarray:
        """Keypoints of one annotation as (K, 3) float32: x, y in pixels, visibility."""
        meta = self._metainfo
        return keypoint_triplets(
            ann['keypoints'], meta['num_keypoints'], f'{where}: keypoints', definition=meta['dataset_name']
        )

    def _load_images(self, *, annotated: bool = True) -> tuple[dict[Hashable, dict], CocoContent]:
        content = read_coco(self.ann_file, hint=self.layout_hint(), annotated=annotated, backend_args=self.backend_args)
        images = index_images(content.images, self.ann_file)
        refuse_urls((image['file_name'] for image in images.values()), self.ann_file, self.pipeline.transforms)
        return with_paths(images, self.data_prefix.get('img', '')), content

    def _load_annotations(self) -> list[dict | None]:
        images, content = self._load_images()
        annotations = content.annotations
        if content.renumbered:
            warn_of(f'annotation file {self.ann_file!r}: {content.renumbered}; they are numbered anew, from 1')
        by_image = group_by_image(annotations, images, self.ann_file)
        if self.sample_interval > 1 and not all(isinstance(image_id, int) for image_id in images):
            raise InputError(
                f'{type(self).__name__}: sample_interval={self.sample_interval} needs image ids that are numbers; '
                f'{self.ann_file!r} has text; use indices instead'
            )
        if not annotations:
            raise AnnotationError(
                f'annotation file {self.ann_file!r} has {len(images)} images but no annotation; to predict on '
                'images without annotations give bbox_file, or use demo/image_demo.py'
            )
        del content, annotations  # each goes when its record is made: as Python objects they are four times the file
        return [
            self.parse_data_info(dict(raw_ann_info=ann, raw_img_info=image))
            for image_id, image in images.items()
            if self.sample_interval <= 1 or image_id % self.sample_interval == 0
            for ann in by_image.pop(image_id)
        ]

    def _load_detection_results(self) -> list[dict]:
        images, content = self._load_images(annotated=False)
        category = person_category(content.categories)
        infos: list[dict] = []
        for path in [self.bbox_file] if isinstance(self.bbox_file, str) else self.bbox_file:
            infos += detection_records(
                read_detections(path, backend_args=self.backend_args),
                images,
                self._metainfo['num_keypoints'],
                path=path,
                ann_file=self.ann_file,
                category=PERSON if category is None else category,
                skip_unknown=bool(self.filter_cfg.get('skip_unknown_images')),
                first_id=len(infos),
            )
        return infos
