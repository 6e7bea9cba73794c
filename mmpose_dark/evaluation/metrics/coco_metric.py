"""OKS average precision of COCO, CrowdPose, AI Challenger and every set in COCO's format."""

import json
import os

import numpy as np

from ...keypoint_sets import numbers_of
from ...registry import METRICS
from ...structures.coco_record import CocoRecord, coco_records
from ...structures.keypoint_mapping import Pairs, map_keypoints, map_sigmas
from ...structures.pose_score import pose_scores
from ...utils.atomic_file import atomic_path
from ...utils.errors import InputError, InputTypeError, MissingFileError
from ...utils.progress import show_progress
from ..functional.arrays import all_finite
from ..functional.bootstrap import oks_intervals
from ..functional.oks_case import OksCase
from ..functional.oks_detections import OksDetections
from ..functional.oks_engines import ENGINES, require_engine
from ..functional.oks_eval import IOU_TYPES, check_ground_truth, evaluate_oks
from ..functional.oks_ground_truth import OksGroundTruth
from ..functional.oks_matching import match_people
from ..functional.oks_problem import OksProblem
from ..functional.pose_nms import grouped_oks_nms, grouped_soft_oks_nms
from .base import ArrayMetric
from .coco_samples import box_scores, coco_dataset, pose_areas, raw_annotations
from .sample_arrays import describe, field, maybe_field, per_instance, stack
from .tables import PER_SAMPLE, Table

__all__ = ['CocoMetric', 'write_json']

RAW = PER_SAMPLE + 'annotations'
SCORE_MODES = ('bbox_keypoint', 'bbox', 'keypoint', 'bbox_rle')
NMS_MODES = ('oks_nms', 'soft_oks_nms', 'none')


@METRICS.register_module()
class CocoMetric(ArrayMetric):
    """Average precision and recall over object keypoint similarity.

    Args:
        ann_file: ground truth in COCO's format; by default it is made of the samples' ``raw_ann_info``.
        use_area: divide by the annotated area; otherwise by 0.53 of the box's (CrowdPose, AIC).
        iou_type: ``'keypoints'``, or ``'keypoints_crowd'`` for CrowdPose with AP easy, medium and hard.
        score_mode: score of a pose: ``'bbox_keypoint'`` (box score times the mean of the keypoint scores above
            ``keypoint_score_thr``), ``'bbox'``, ``'keypoint'`` (mean of all keypoint scores) or ``'bbox_rle'``
            (box score + mean + maximum of the keypoint scores).
        keypoint_score_thr: see ``score_mode``.
        nms_mode: ``'oks_nms'``, ``'soft_oks_nms'`` or ``'none'``.
        nms_thr: greatest OKS at which two poses of an image both stay.
        format_only: only write ``{outfile_prefix}.keypoints.json``, evaluate nothing (test sets).
        pred_converter: ``dict(num_keypoints=..., mapping=[(source, target), ...])``, renumbers predicted keypoints,
            as where a network of COCO's 17 is tested on another dataset; the model then has a ``metainfo`` of its own.
        gt_converter: the same for the ground truth and the sigmas of the dataset's definition. Numbers of keypoints
            must agree afterwards.
        outfile_prefix: where to write the results (and the ground truth made of the samples); nowhere by default.
        collect_device: ``'cpu'`` or ``'gpu'``.
        prefix: put before the names of the values; ``'coco'`` by default.
        engine: ``'numpy'``, ``'hotcoco'`` or ``'xtcocotools'``, the same values.
        collect_dir: mmengine's; nothing is written to it.

    Raises:
        FileNotFoundError: ``ann_file`` is not there.
        ImportError: the engine is not installed.
        ValueError: a value that is not allowed, or ``format_only`` without ``outfile_prefix``.
    """

    default_prefix = 'coco'
    needs_ids = True
    wholebody = False

    def __init__(
        self,
        ann_file: str | None = None,
        use_area: bool = True,
        iou_type: str = 'keypoints',
        score_mode: str = 'bbox_keypoint',
        keypoint_score_thr: float = 0.2,
        nms_mode: str = 'oks_nms',
        nms_thr: float = 0.9,
        format_only: bool = False,
        pred_converter: dict | None = None,
        gt_converter: dict | None = None,
        outfile_prefix: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        engine: str = 'numpy',
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.ann_file = ann_file
        self.use_area = use_area
        self.iou_type = iou_type
        self.score_mode = score_mode
        self.keypoint_score_thr = keypoint_score_thr
        self.nms_mode = nms_mode
        self.nms_thr = nms_thr
        self.format_only = format_only
        self.pred_converter = _converter(pred_converter)
        self.gt_converter = _converter(gt_converter)
        self.outfile_prefix = outfile_prefix
        self.engine = engine
        self._ground_truth: OksGroundTruth | None = None
        self._check_settings()

    def _check_settings(self) -> None:
        """Refuse what cannot be, now and not after an hour of inference."""
        name = type(self).__name__
        for setting, allowed in (
            ('score_mode', SCORE_MODES),
            ('nms_mode', NMS_MODES),
            ('iou_type', IOU_TYPES),
            ('engine', tuple(ENGINES)),
        ):
            value = getattr(self, setting)
            if value not in allowed:
                raise InputError(f'{name}: {setting}={value!r} is unknown; use one of {", ".join(allowed)}')
        if self.format_only:
            if self.outfile_prefix is None:
                raise InputError(
                    f'{name}: format_only=True writes the results and nothing else; say where with outfile_prefix'
                )
            return
        require_engine(self.engine)
        if self.ann_file is not None and not os.path.exists(self.ann_file):
            raise MissingFileError(f'{name}: ann_file not found: {self.ann_file}')
        self._check_annotated()

    def _check_annotated(self) -> None:
        """Refuse a test set whose annotations are not published, before anything is computed for it."""
        if self.ann_file is not None and not len(self.ground_truth.ids):
            raise InputError(
                f'{type(self).__name__}: {self.ann_file} has no annotated people to compare with; for the results of a '
                'test set use format_only=True and outfile_prefix'
            )

    @property
    def ground_truth(self) -> OksGroundTruth:
        """The annotations of ``ann_file``, read once."""
        if self._ground_truth is None:
            self._ground_truth = OksGroundTruth.read(self.ann_file, wholebody=self.wholebody)
        return self._ground_truth

    def check_dataset_meta(self) -> None:
        """Refuse a dataset or ground truth that could not be evaluated; ``dataset_meta`` calls it when it is set.

        Raises:
            ValueError: the definition has no sigmas, which OKS needs; the annotations lack boxes or areas, or have
                another number of keypoints; or ``ann_file`` knows other image ids than the samples.
        """
        if self.nms_mode != 'none' or not self.format_only:
            self._sigmas()
        if self.format_only:
            return
        name, meta = type(self).__name__, self.dataset_meta
        if self.ann_file is None:
            if self.use_area and meta.get('without_area'):
                raise InputError(
                    f"{name}: {meta['without_area']} no 'area', which OKS divides by; use use_area=False to take 0.53 "
                    'of the box, as CrowdPose and AIC are evaluated'
                )
            return
        if meta.get('renumbered'):
            raise InputError(
                f'{name}: ids of the combined datasets meet ({meta["renumbered"]}), so no ann_file knows all samples: '
                'leave ann_file out (the ground truth is made of the samples then), or give the files ids that differ'
            )
        self._check_ground_truth()

    def _check_ground_truth(self) -> None:
        check_ground_truth(*self._converted(self.ground_truth), use_area=self.use_area)

    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return keypoints (N, K, 2), scores and areas of the people of a batch, and (S,) people of each sample."""
        xy, counts = stack(
            samples, field(samples, 'pred_instances', 'keypoints'), shape=(None, 2), what='pred_instances.keypoints'
        )
        scores, _ = stack(
            samples,
            field(samples, 'pred_instances', 'keypoint_scores'),
            shape=(xy.shape[1],),
            what='pred_instances.keypoint_scores',
        )
        _check_finite(samples, xy, scores, counts)
        table = {
            'xy': xy,
            'keypoint_scores': scores,
            'bbox_score': box_scores(samples, counts),
            'category_id': per_instance([s.get('category_id', -1) for s in samples], counts),
        }
        if self.nms_mode != 'none':
            table['area'] = pose_areas(samples, xy, counts)
        tracks = maybe_field(samples, 'pred_instances', 'track_ids')
        if tracks is not None:
            table['track_id'], _ = stack(samples, tracks, shape=(), what='pred_instances.track_ids')
        if self.ann_file is None and not self.format_only:
            table[RAW] = np.empty(len(samples), object)
            table[RAW][:] = [raw_annotations(s) for s in samples]
        return table, counts

    def compute(self, table: Table) -> dict[str, float]:
        """Score, suppress, write and evaluate."""
        detections = self._detections(table)
        if self.outfile_prefix is not None:
            self.write_results(detections)
        if self.format_only:
            return {}
        ground_truth, sigmas = self._truth_of(table)
        return self.evaluate_detections(ground_truth, detections, sigmas)

    def case(self, table: Table) -> OksCase | None:
        """Return what `compute` evaluates: both sides after scoring and suppression, and how they are compared."""
        ground_truth, sigmas = self._truth_of(table)
        return OksCase(ground_truth, self._detections(table), sigmas, use_area=self.use_area, iou_type=self.iou_type)

    def intervals(self, table: Table, *, resamples: int, level: float, seed: int) -> dict[str, tuple[float, float]]:
        """Return bootstrap intervals over images of AP and AR; see `ArrayMetric.intervals`."""
        case = self.case(table)
        if case is None:
            return {}
        found = {}
        for part, problem in self.problems(case).items():
            with show_progress(f'intervals {part}'.rstrip(), resamples, 'draws') as report:
                ends = oks_intervals(
                    match_people(problem), resamples=resamples, level=level, seed=seed, progress=report
                )  # fmt: skip
            found |= {f'{part} {name}'.lstrip(): pair for name, pair in ends.items()}
        return found

    def problems(self, case: OksCase) -> dict[str, OksProblem]:
        """Return what the engine is given, by the part of the body that stands before the values' names."""
        return {'': case.problem()}

    def _truth_of(self, table: Table) -> tuple[OksGroundTruth, np.ndarray]:
        return self._converted(self.ground_truth if self.ann_file is not None else self._ground_truth_of(table))

    def _converted(self, ground_truth: OksGroundTruth) -> tuple[OksGroundTruth, np.ndarray]:
        """The ground truth and the sigmas (K,) after ``gt_converter``."""
        if not self.gt_converter:
            return ground_truth, self._sigmas()
        converted = map_keypoints(ground_truth.keypoints, **self.gt_converter)
        return ground_truth.with_keypoints(converted), self._sigmas()

    def _sigmas(self) -> np.ndarray:
        """(K,) of the definition, after ``gt_converter``."""
        if self.meta('sigmas') is None:
            numbers_of(self.dataset_meta, 'sigmas', f'{type(self).__name__} (OKS)')
        sigmas = np.asarray(self.meta('sigmas'), np.float64)
        return map_sigmas(sigmas, **self.gt_converter) if self.gt_converter else sigmas

    def _num_keypoints(self) -> int:
        """Return how many keypoints both sides have after conversion."""
        if self.gt_converter:
            return int(self.gt_converter['num_keypoints'])
        return (self.dataset_meta or {}).get('num_keypoints') or len(self._sigmas())

    def evaluate_detections(
        self, ground_truth: OksGroundTruth, detections: OksDetections, sigmas: np.ndarray
    ) -> dict[str, float]:
        """Return the values of the poses that are left after suppression; ``sigmas`` (K,)."""
        return evaluate_oks(
            ground_truth,
            detections,
            iou_type=self.iou_type,
            sigmas=sigmas,
            use_area=self.use_area,
            engine=self.engine,
        )

    def write_results(self, detections: OksDetections) -> None:
        """Write the results beside ``outfile_prefix``."""
        write_json(f'{self.outfile_prefix}.keypoints.json', self.results_to_json(detections))

    def results_to_json(self, detections: OksDetections) -> list[CocoRecord]:
        """Return results in COCO's format."""
        categories = detections.category_ids
        if categories is None:
            categories = np.full(len(detections), self._default_category())
        rows = coco_records(
            detections.xy,
            detections.keypoint_scores,
            detections.scores,
            image_ids=detections.img_ids,
            category_ids=categories,
        )
        if detections.track_ids is not None:
            for row, track in zip(rows, detections.track_ids.tolist(), strict=True):
                row['track_id'] = track
        return rows

    def _default_category(self) -> int:
        """Category of predictions that do not say: the first of the ground truth."""
        if self.ann_file is None or self.format_only:
            return 1
        return self.ground_truth.category_ids[0].item()

    def _detections(self, table: Table) -> OksDetections:
        num_keypoints = self._num_keypoints()
        if not len(table.get('xy', ())):
            return OksDetections.none(num_keypoints)
        xy, keypoint_scores = table['xy'], table['keypoint_scores']
        if self.pred_converter:
            xy = map_keypoints(xy, **self.pred_converter)
            keypoint_scores = map_keypoints(keypoint_scores[..., None], **self.pred_converter)[..., 0]
        if xy.shape[1] != num_keypoints:
            raise InputError(
                f'{type(self).__name__}: the predictions have {xy.shape[1]} keypoints'
                f'{" after pred_converter" if self.pred_converter else ""}, but dataset_meta '
                f'({self.dataset_meta.get("dataset_name", "")}) has {num_keypoints}'
                f'{" after gt_converter" if self.gt_converter else ""}; is it another dataset?'
            )
        scores = self._pose_scores(keypoint_scores, table['bbox_score'])
        keep = slice(None) if self.nms_mode == 'none' else self._suppress(xy, scores, table['area'], table['img_id'])
        category = table['category_id'][keep]
        return OksDetections(
            img_ids=table['img_id'][keep],
            category_ids=None if (category == -1).any() else category,
            xy=xy[keep],
            keypoint_scores=keypoint_scores[keep],
            scores=scores[keep],
            areas=None,
            part_scores={},
            source='the predictions',
            track_ids=table['track_id'][keep] if 'track_id' in table else None,
        )

    def _pose_scores(self, keypoint_scores: np.ndarray, given: np.ndarray) -> np.ndarray:
        """Scores of people (N,) of those of their keypoints (N, K) and their boxes (N,)."""
        keypoint_scores, given = keypoint_scores.astype(np.float64), given.astype(np.float64)
        if self.score_mode == 'bbox':
            return given
        if self.score_mode == 'keypoint':
            return keypoint_scores.mean(1)
        if self.score_mode == 'bbox_rle':
            return given + keypoint_scores.mean(1) + keypoint_scores.max(1)
        return pose_scores(keypoint_scores, given, keypoint_thr=self.keypoint_score_thr)

    def _suppress(self, xy: np.ndarray, scores: np.ndarray, areas: np.ndarray, img_ids: np.ndarray) -> np.ndarray:
        nms = grouped_oks_nms if self.nms_mode == 'oks_nms' else grouped_soft_oks_nms
        sigmas = self._sigmas()
        groups = np.unique(img_ids, return_inverse=True)[1]
        return nms(xy, scores, areas=areas, groups=groups, thr=self.nms_thr, sigmas=sigmas)

    def _ground_truth_of(self, table: Table) -> OksGroundTruth:
        data = coco_dataset(table.get(RAW, ()))
        if self.outfile_prefix is not None:
            write_json(f'{self.outfile_prefix}.gt.json', data)
        return OksGroundTruth.read(data, wholebody=self.wholebody)


def _converter(config: dict | None) -> dict[str, int | Pairs]:
    """Arguments of a keypoint converter, without the type that mmpose's configs give it."""
    return {k: config[k] for k in ('num_keypoints', 'mapping')} if config else {}


def _check_finite(samples: list[dict], xy: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> None:
    """Check the predicted keypoints (N, K, 2) and scores (N, K) of a batch; ``counts`` (S,) people of each sample."""
    if scores.shape != xy.shape[:2]:
        raise InputError(f'{describe(samples[0])} and on: {xy.shape[:2]} keypoints but {scores.shape} keypoint scores')
    if not (all_finite(xy) and all_finite(scores)):
        finite = np.isfinite(xy).all((1, 2)) & np.isfinite(scores).all(1)
        owner = samples[int(np.searchsorted(np.cumsum(counts), finite.argmin(), side='right'))]
        raise InputError(
            f'{describe(owner)}: predicted keypoints are NaN or infinite, as for {int((~finite).sum())} of '
            f'{len(finite)} people of this batch; look at the network and its input'
        )


def write_json(path: str, data: dict | list) -> None:
    """Write a JSON file whole or not at all."""
    with atomic_path(path) as temporary, open(temporary, 'w') as file:
        json.dump(data, file, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise InputTypeError(f'cannot write {type(value).__name__} as JSON')
