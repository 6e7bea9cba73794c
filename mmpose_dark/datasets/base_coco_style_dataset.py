"""Datasets whose annotations are COCO-style JSON."""

import contextlib
import gc
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..utils.errors import InputError
from .annotation_file import finite_numbers, index_images, read_coco, read_detections
from .errors import AnnotationError
from .pose_dataset import PoseDataset
from .record_table import RecordTable
from .storage import PackedBackend
from .transforms.load_image import LoadImage

__all__ = ['BaseCocoStyleDataset']

_IMAGES_TRIED = 100

_LAYOUT = """
    data_root/
      annotations/....json   (ann_file)
      images/                (data_prefix=dict(img='images/'))"""


class BaseCocoStyleDataset(PoseDataset):
    """People of COCO-style annotations, one sample a person; mmpose 1.x's class of the same name.

    A person is used if it is no crowd region, has a labelled keypoint and a box with an area
    inside the image. With ``bbox_file`` the samples are the detected boxes instead.

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
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    def _under_root(self, path: str) -> str:
        return path if '://' in path or not self.data_root else os.path.join(self.data_root, path)

    def _find_file(self, path: str) -> str:
        """Mmpose's configs give it with the data root, unlike ann_file; either is taken."""
        return path if os.path.exists(path) else self._under_root(path)

    # ------------------------------------------------------------------------------ the public surface

    def full_init(self) -> None:
        """Read annotations (once); called by the constructor unless ``lazy_init``."""
        if self._fully_initialized:
            return
        self._check_folders()
        with _without_garbage_collection():
            records = self.load_data_list()
        thr = self.filter_cfg.get('bbox_score_thr')
        if thr is not None:
            records = [r for r in records if r['bbox_score'][0] > thr]
        if self._indices is not None:
            chosen = range(self._indices) if isinstance(self._indices, int) else self._indices
            records = [records[i] for i in chosen if not isinstance(self._indices, int) or i < len(records)]
        if not records:
            raise AnnotationError(
                f'{type(self).__name__}: no sample is left of {self.bbox_file or self.ann_file!r} with '
                f'filter_cfg={self.filter_cfg}, indices={self._indices}, sample_interval={self.sample_interval}'
            )
        self._check_packed_images([record['img_path'] for record in records])
        self._records = RecordTable(records) if self.serialize_data else records
        self._fully_initialized = True

    def __len__(self) -> int:
        self.full_init()
        return len(self._records)

    def get_data_info(self, idx: int) -> dict[str, Any]:
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

    def load_data_list(self) -> list[dict]:
        """Read the files and return one record a sample."""
        if self.bbox_file:
            return self._load_detection_results()
        return self._get_topdown_data_infos(self._load_annotations())

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Turn one annotation into a record.

        Args:
            raw_data_info: ``raw_ann_info`` and ``raw_img_info`` (with ``img_path``).

        Returns:
            See :meth:`get_data_info`; None for an annotation without box or keypoints.

        Raises:
            AnnotationError: numbers are missing, too many or not finite.
        """
        ann, img = raw_data_info['raw_ann_info'], raw_data_info['raw_img_info']
        if 'bbox' not in ann or 'keypoints' not in ann:
            return None
        where = f'annotation file {self.ann_file!r}: annotation {ann["id"]}'
        points = self._read_keypoints(ann, where)
        xywh = finite_numbers(ann['bbox'], f'{where}: bbox')
        if xywh.shape != (4,):
            raise AnnotationError(f'{where}: bbox is {ann["bbox"]}; x, y, width, height are needed')
        x, y, w, h = (float(v) for v in ann['bbox'])
        # The clipping of mmpose 1.x: corners within the pixel grid.
        right, bottom = img['width'] - 1, img['height'] - 1
        x1, y1 = min(max(x, 0), right), min(max(y, 0), bottom)
        x2, y2 = min(max(x + w, 0), right), min(max(y + h, 0), bottom)
        visible = np.clip(points[None, :, 2], 0, 1)
        info = dict(
            id=ann['id'],
            img_id=ann['image_id'],
            img_path=img['img_path'],
            bbox=np.array([[x1, y1, x2, y2]], np.float32),
            bbox_score=np.ones(1, np.float32),
            keypoints=np.ascontiguousarray(points[None, :, :2]),
            keypoints_visible=visible,
            num_keypoints=int(ann.get('num_keypoints', np.count_nonzero(visible))),
            # Without annotated area the toolbox's 0.53 x box area.
            area=float(ann['area']) if ann.get('area') is not None else max((x2 - x1) * (y2 - y1) * 0.53, 1.0),
            category_id=ann.get('category_id', 1),
            iscrowd=int(ann.get('iscrowd', 0)),
        )
        if self.test_mode:
            info['raw_ann_info'] = ann
        if 'crowdIndex' in img:
            info['crowd_index'] = img['crowdIndex']
        return info

    # ------------------------------------------------------------------------------ reading

    def _packed_images(self) -> PackedBackend | None:
        """The archive that the pipeline reads images from, if it does."""
        loader = next((t for t in self.pipeline.transforms if isinstance(t, LoadImage)), None)
        return None if loader is None else loader.storage

    def _check_packed_images(self, paths: Sequence[str]) -> None:
        """Stop before a run in which no image would be found; single ones are missing like single files."""
        images = self._packed_images()
        if images is None:
            return
        tried = list(dict.fromkeys(paths[:: max(len(paths) // _IMAGES_TRIED, 1)]))
        if not any(images.exists(path) for path in tried):
            try:
                images.get(tried[0])
            except FileNotFoundError as err:
                raise AnnotationError(
                    f'{type(self).__name__}: none of {len(tried)} images tried is in the archive; the first is '
                    f'{tried[0]!r}: {err}. Set root in backend_args of LoadImage so that root and a member make the '
                    "image's path"
                ) from err

    def _check_folders(self) -> None:
        images = self._packed_images()
        if images is not None:
            images.open()
            return
        folder = self.data_prefix.get('img', '')
        if (
            folder
            and '://' not in folder
            and not (self.backend_args or {}).get('backend')
            and not os.path.isdir(folder)
        ):
            raise AnnotationError(
                f'{type(self).__name__}: the image folder {folder!r} does not exist (looked from {os.getcwd()}).'
                + self._hint()
            )

    def _hint(self) -> str:
        layout = self.LAYOUT.rstrip()
        return f' {type(self).__name__} expects this layout:{layout}\nSet data_root, or link your copy there.'

    def _load_images(self, *, annotated: bool = True) -> tuple[dict[Any, dict], list[dict]]:
        images, annotations = read_coco(
            self.ann_file, hint=self._hint(), annotated=annotated, backend_args=self.backend_args
        )
        prefix = self.data_prefix.get('img', '')
        by_id = index_images(images, self.ann_file)
        return {k: dict(v, img_path=os.path.join(prefix, v['file_name'])) for k, v in by_id.items()}, annotations

    def _load_annotations(self) -> list[dict]:
        images, annotations = self._load_images()
        by_image: dict[Any, list[dict]] = {k: [] for k in images}
        for ann in annotations:
            if ann.get('image_id') not in images:
                raise AnnotationError(
                    f'annotation file {self.ann_file!r}: annotation {ann["id"]} points to image_id '
                    f'{ann.get("image_id")!r}, which is not among the {len(images)} images; add the image or '
                    'remove the annotation'
                )
            by_image[ann['image_id']].append(ann)
        if not annotations:
            raise AnnotationError(
                f'annotation file {self.ann_file!r} has {len(images)} images but no annotation; to predict on '
                'images without annotations give bbox_file, or use demo/image_demo.py'
            )
        infos = []
        for image_id, image in images.items():
            if self.sample_interval > 1 and image_id % self.sample_interval != 0:
                continue
            for ann in by_image[image_id]:
                infos.append(self.parse_data_info(dict(raw_ann_info=ann, raw_img_info=image)))
        return infos

    def _read_keypoints(self, ann: dict, where: str) -> np.ndarray:
        """Keypoints of one annotation as (K, 3) float32: x, y in pixels, visibility."""
        return self._triplets(ann['keypoints'], self._metainfo['num_keypoints'], f'{where}: keypoints')

    def _triplets(self, values: Sequence[float], count: int, where: str) -> np.ndarray:
        if len(values) != 3 * count:
            raise AnnotationError(
                f'{where} has {len(values)} numbers; the definition {self._metainfo["dataset_name"]!r} has {count} '
                f'keypoints, so {3 * count} (x, y, visibility each) are needed. Use the definition that belongs to '
                "this file (metainfo=dict(from_file='...')), or correct the record"
            )
        return finite_numbers(values, where).reshape(count, 3)

    @staticmethod
    def _why_invalid(info: dict | None) -> str | None:
        """Mmpose 1.x's rule for which annotations are people to learn from or to test on."""
        if info is None:
            return 'no box or no keypoints'
        if info.get('iscrowd'):
            return 'a crowd region'
        if info.get('num_keypoints') == 0 or info['keypoints'].max() <= 0:
            return 'no keypoint labelled'
        x1, y1, x2, y2 = info['bbox'][0]
        return None if x2 > x1 and y2 > y1 else 'a box without area in the image'

    def _get_topdown_data_infos(self, infos: list[dict | None]) -> list[dict]:
        reasons = [self._why_invalid(info) for info in infos]
        valid = [info for info, reason in zip(infos, reasons, strict=True) if reason is None]
        boxes = [
            info['id'] for info, reason in zip(infos, reasons, strict=True) if reason and reason.startswith('a box')
        ]
        if boxes:
            what = 'people have a box of no width or height, or outside the image,'
            _warn_left_out(f'annotation file {self.ann_file!r}', what, 'annotations', boxes)
        if not valid:
            counts = ', '.join(f'{n} x {reason}' for reason, n in Counter(reasons).items())
            raise AnnotationError(
                f'annotation file {self.ann_file!r} has {len(infos)} annotations but no person to use ({counts}); '
                'a person needs iscrowd=0, a box with an area inside the image and a keypoint with v > 0'
            )
        return valid

    def _load_detection_results(self) -> list[dict]:
        images, _ = self._load_images(annotated=False)
        files = [self.bbox_file] if isinstance(self.bbox_file, str) else self.bbox_file
        infos = [info for path in files for info in self._parse_detections(path, images)]
        for i, info in enumerate(infos):
            info['id'] = i
        return infos

    def _parse_detections(self, path: str, images: dict[Any, dict]) -> list[dict]:
        detections = read_detections(path, backend_args=self.backend_args)
        unknown = [i for i, det in enumerate(detections) if det['image_id'] not in images]
        if unknown and not (self.filter_cfg.get('skip_unknown_images') and len(unknown) < len(detections)):
            i = unknown[0]
            raise AnnotationError(
                f'detections file {path!r} is for other images: {len(unknown)} of {len(detections)} records have an '
                f'image_id that {self.ann_file!r} lacks, the first is record {i} with image_id '
                f'{detections[i]["image_id"]!r}. Give the detections of these images, or leave the rest out with '
                'filter_cfg=dict(skip_unknown_images=True)'
            )
        keypoints = np.zeros((1, self._metainfo['num_keypoints'], 2), np.float32)
        visible = np.ones((1, self._metainfo['num_keypoints']), np.float32)
        infos, flat = [], []
        for i, det in enumerate(detections):
            image = images.get(det['image_id'])
            if det['category_id'] != 1 or image is None:
                continue
            x, y, w, h = (float(v) for v in det['bbox'][:4])
            if w <= 0 or h <= 0:
                flat.append(i)
                continue
            info = dict(
                id=len(infos),
                img_id=det['image_id'],
                img_path=image['img_path'],
                bbox=np.array([[x, y, x + w, y + h]], np.float32),
                bbox_score=np.array([det['score']], np.float32),
                keypoints=keypoints,
                keypoints_visible=visible,
                category_id=1,
            )
            if 'crowdIndex' in image:
                info['crowd_index'] = image['crowdIndex']
            infos.append(info)
        if flat:
            _warn_left_out(f'detections file {path!r}', 'boxes have no width or height', 'records', flat)
        if not infos:
            raise AnnotationError(
                f'detections file {path!r} has {len(detections)} records but no usable person box '
                '(category_id 1, positive width and height)'
            )
        return infos


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Reading millions of small objects, none of them garbage, takes twice as long while they are collected."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _warn_left_out(where: str, what: str, kind: str, ids: list) -> None:
    listed = ', '.join(map(str, ids[:5])) + (' ...' if len(ids) > 5 else '')
    warnings.warn(f'{where}: {len(ids)} {what} and are left out; {kind} {listed}', stacklevel=2)
