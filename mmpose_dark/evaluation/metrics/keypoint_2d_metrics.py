"""Metrics of the distance between predicted and true keypoints: PCK, PCKh, AUC, EPE and NME."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...registry import METRICS
from ...utils.errors import InputError
from ...utils.progress import show_progress
from ..functional.keypoint_eval import (
    keypoint_auc,
    keypoint_distances,
    keypoint_epe,
    keypoint_nme,
    keypoint_pck_accuracy,
)
from ..functional.mpii import mpii_summary
from ..functional.resampling import resampled_intervals
from .base import ArrayMetric
from .sample_arrays import describe, field, maybe_field, stack
from .tables import Table

__all__ = ['AUC', 'EPE', 'NME', 'MpiiPCKAccuracy', 'PCKAccuracy']

NORM_ITEMS = {'bbox': 'PCK', 'head': 'PCKh', 'torso': 'tPCK'}  # length -> name of the value


class KeypointDistanceMetric(ArrayMetric):
    """Base of the metrics that compare keypoint with keypoint of the same instance."""

    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return keypoints (N, K, 2), the ``mask`` (N, K) of those labelled, and (S,) people of each sample."""
        pred, counts = stack(
            samples, field(samples, 'pred_instances', 'keypoints'), shape=(None, 2), what='pred_instances.keypoints'
        )
        gt, gt_counts = stack(
            samples,
            field(samples, 'gt_instances', 'keypoints'),
            shape=(pred.shape[1], 2),
            what='gt_instances.keypoints',
        )
        visible = [
            v[..., 0] if getattr(v, 'ndim', 2) == 3 else v for v in field(samples, 'gt_instances', 'keypoints_visible')
        ]
        mask, mask_counts = stack(samples, visible, shape=(pred.shape[1],), what='gt_instances.keypoints_visible')
        for i in np.flatnonzero((counts != gt_counts) | (gt_counts != mask_counts))[:1]:
            raise InputError(
                f'{describe(samples[i])}: {counts[i]} predicted instances, {gt_counts[i]} true ones, visibilities of '
                f'{mask_counts[i]}; they are compared one by one'
            )
        mask = mask > 0
        lost = np.flatnonzero((mask & ~np.isfinite(pred).all(-1)).any(1))
        if len(lost):
            owner = samples[int(np.searchsorted(np.cumsum(counts), lost[0], side='right'))]
            raise InputError(f'{describe(owner)}: predicted keypoints are NaN or infinite')
        return {'pred': pred, 'gt': gt, 'mask': mask}, counts

    def intervals(self, table: Table, *, resamples: int, level: float, seed: int) -> dict[str, tuple[float, float]]:
        """Return bootstrap intervals over images of every value; see `ArrayMetric.intervals`."""
        if not _any(table):
            return {}

        def compute(rows: np.ndarray) -> dict[str, float]:
            return self.compute({name: column[rows] for name, column in table.items() if len(column) == count})

        count = len(table['pred'])
        groups = table.get('img_id', table['sample'])
        with show_progress('intervals', resamples, 'draws') as report:
            return resampled_intervals(groups, compute, resamples=resamples, level=level, seed=seed, progress=report)


@METRICS.register_module()
class PCKAccuracy(KeypointDistanceMetric):
    """Share of keypoints nearer to the truth than a part of a length of the person.

    Args:
        thr: the part.
        norm_item: the length, or several: ``'bbox'`` (greater side of the true box), ``'head'`` (greater side of
            ``head_size``), ``'torso'`` (distance between two keypoints).
        collect_device: ``'cpu'`` or ``'gpu'``.
        prefix: put before the names ``PCK``, ``PCKh`` and ``tPCK``; none by default.
        torso: the two keypoints of the torso; mmpose's pair for JHMDB (4, 5) by default.
        collect_dir: mmengine's; nothing is written to it.

    Raises:
        ValueError: an unknown ``norm_item``.
    """

    def __init__(
        self,
        thr: float = 0.05,
        norm_item: str | Sequence[str] = 'bbox',
        collect_device: str = 'cpu',
        prefix: str | None = None,
        torso: tuple[int, int] = (4, 5),
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.thr = thr
        self.norm_item = [norm_item] if isinstance(norm_item, str) else list(norm_item)
        for item in self.norm_item:
            if item not in NORM_ITEMS:
                raise InputError(f'norm_item {item!r} is unknown; use one of {", ".join(NORM_ITEMS)}')
        self.torso = torso

    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return keypoints, mask and lengths (N, 2) of the people of a batch, and (S,) people of each sample."""
        table, counts = super().pack(samples)
        if 'bbox' in self.norm_item:
            boxes, _ = stack(samples, field(samples, 'gt_instances', 'bboxes'), shape=(4,), what='gt_instances.bboxes')
            table['bbox'] = np.repeat((boxes[:, 2:] - boxes[:, :2]).max(1)[:, None], 2, 1)
        if 'head' in self.norm_item:
            heads = maybe_field(samples, 'gt_instances', 'head_size')
            if heads is None:  # one person a sample: it may stand beside the instances
                heads = [
                    s['head_size'] if 'head_size' in s else field([s], 'gt_instances', 'head_size') for s in samples
                ]
            table['head'] = np.repeat(np.concatenate([np.ravel(h) for h in heads])[:, None], 2, 1)
        if 'torso' in self.norm_item:
            table['torso'] = self._torso_size(table)
        return table, counts

    def compute(self, table: Table) -> dict[str, float]:
        """Return the mean accuracy for each length."""
        values = {}
        for item in self.norm_item:
            values[NORM_ITEMS[item]] = self.accuracy(table, item)[1] if _any(table) else 0.0
        return values

    def accuracy(self, table: Table, item: str, thr: float | None = None) -> tuple[np.ndarray, float, int]:
        """Return the accuracy of each keypoint (K,), -1 where it does not occur, their mean, and how many occur."""
        thr = self.thr if thr is None else thr
        return keypoint_pck_accuracy(table['pred'], table['gt'], table['mask'], thr, table[item])

    def _torso_size(self, table: Table) -> np.ndarray:
        """(N, 2) torso lengths: of the truth, of the prediction where the truth has none (as mmpose 1.x)."""
        a, b = self.torso
        true = np.linalg.norm(table['gt'][:, a] - table['gt'][:, b], axis=1)
        predicted = np.linalg.norm(table['pred'][:, a] - table['pred'][:, b], axis=1)
        return np.repeat(np.where(true < 1, predicted, true)[:, None], 2, 1)


@METRICS.register_module()
class MpiiPCKAccuracy(PCKAccuracy):
    """PCKh of MPII's 16 joints: nearer than ``thr`` head sizes.

    Values in per cent: ``Head PCK``, ``Shoulder PCK``, ``Elbow PCK``, ``Wrist PCK``, ``Hip PCK``, ``Knee PCK``,
    ``Ankle PCK``, their mean ``PCK``, ``PCK@0.1`` (threshold 0.10) and ``PCK@0.11`` (the threshold that the scripts of
    the DARK, HRNet and Simple Baselines papers read for their Mean@0.1). With other lengths than the head's also
    what :class:`PCKAccuracy` gives.

    Args:
        thr: threshold in head sizes.
        norm_item: as of :class:`PCKAccuracy`; ``'head'`` by default.
        kwargs: other arguments of :class:`PCKAccuracy`.
    """

    def __init__(self, thr: float = 0.5, norm_item: str | Sequence[str] = 'head', **kwargs: Any) -> None:
        super().__init__(thr=thr, norm_item=norm_item, **kwargs)

    def compute(self, table: Table) -> dict[str, float]:
        """Return the accuracy of each joint and the means."""
        values = {k: v for k, v in super().compute(table).items() if k != NORM_ITEMS['head']}
        if 'head' not in self.norm_item:
            return values
        distances = np.full((0, 16), np.nan)
        if _any(table):
            distances = keypoint_distances(table['pred'], table['gt'], table['mask'], table['head'])
        for name, value in mpii_summary(distances, self.thr).items():
            values[name.replace('Mean', 'PCK') if name.startswith('Mean') else f'{name} PCK'] = value
        return values


@METRICS.register_module()
class AUC(KeypointDistanceMetric):
    """Area under the curve of PCK over thresholds from 0 to ``norm_factor`` pixels.

    Args:
        norm_factor: length in pixels.
        num_thrs: number of thresholds.
        collect_device: ``'cpu'`` or ``'gpu'``.
        prefix: put before the name ``AUC``; none by default.
        collect_dir: mmengine's; nothing is written to it.
    """

    def __init__(
        self,
        norm_factor: float = 30,
        num_thrs: int = 20,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.norm_factor = norm_factor
        self.num_thrs = num_thrs

    def compute(self, table: Table) -> dict[str, float]:
        """Return ``AUC``."""
        if not _any(table):
            return {'AUC': 0.0}
        return {
            'AUC': keypoint_auc(table['pred'], table['gt'], table['mask'], self.norm_factor, num_thrs=self.num_thrs)
        }


@METRICS.register_module()
class EPE(KeypointDistanceMetric):
    """Mean distance in pixels between predicted and true keypoints."""

    def compute(self, table: Table) -> dict[str, float]:
        """Return ``EPE``."""
        return {'EPE': keypoint_epe(table['pred'], table['gt'], table['mask']) if _any(table) else float('nan')}


@METRICS.register_module()
class NME(KeypointDistanceMetric):
    """Mean distance between predicted and true keypoints in lengths of the person.

    Args:
        norm_mode: ``'use_norm_item'`` (``norm_item`` names a field of ``gt_instances``) or ``'keypoint_distance'``
            (the distance between the two true keypoints ``keypoint_indices``).
        norm_item: the field; ``'bbox_size'`` is made of the true box, the square root of its area.
        keypoint_indices: the two keypoints.
        collect_device: ``'cpu'`` or ``'gpu'``.
        prefix: put before the name ``NME``; none by default.
        collect_dir: mmengine's; nothing is written to it.

    Raises:
        ValueError: an unknown ``norm_mode``, or what it needs is not given.
    """

    def __init__(
        self,
        norm_mode: str = 'use_norm_item',
        norm_item: str | None = None,
        keypoint_indices: Sequence[int] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        needs = {'use_norm_item': norm_item, 'keypoint_distance': keypoint_indices}
        if norm_mode not in needs:
            raise InputError(f'norm_mode {norm_mode!r} is unknown; use one of {", ".join(needs)}')
        if needs[norm_mode] is None:
            missing = {'use_norm_item': 'norm_item', 'keypoint_distance': 'keypoint_indices'}[norm_mode]
            raise InputError(f'norm_mode={norm_mode!r} needs {missing}')
        self.norm_mode = norm_mode
        self.norm_item = norm_item
        self.keypoint_indices = keypoint_indices

    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return keypoints, mask and ``length`` (N, 2) of the people of a batch, and (S,) people of each sample."""
        table, counts = super().pack(samples)
        if self.norm_mode == 'keypoint_distance':
            a, b = self.keypoint_indices
            length = np.linalg.norm(table['gt'][:, a] - table['gt'][:, b], axis=1)
        elif self.norm_item == 'bbox_size':
            boxes, _ = stack(samples, field(samples, 'gt_instances', 'bboxes'), shape=(4,), what='gt_instances.bboxes')
            length = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(1))
        else:
            length = np.concatenate([np.ravel(v) for v in field(samples, 'gt_instances', self.norm_item)])
        table['length'] = np.repeat(length[:, None], 2, 1)
        return table, counts

    def compute(self, table: Table) -> dict[str, float]:
        """Return ``NME``."""
        if not _any(table):
            return {'NME': float('nan')}
        return {'NME': keypoint_nme(table['pred'], table['gt'], table['mask'], table['length'])}


def _any(table: Table) -> bool:
    """Whether there is any instance."""
    return len(table.get('pred', ())) > 0
