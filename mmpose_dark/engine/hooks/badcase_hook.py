"""Drawings of the people that the network finds worst, while it is tested."""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...registry import HOOKS, METRICS
from ...utils.atomic_file import write_atomic
from ...utils.errors import InputError
from ..batch import Batch, ForeignBatch
from ..runner_protocol import RunnerLike
from .drawing_hook import DrawingHook
from .drawn_images import drawing_path, read_rgb

if TYPE_CHECKING:
    from ...structures import PoseDataSample

__all__ = ['BadCaseAnalysisHook', 'squared_error']

METRIC_TYPES = ('loss', 'accuracy')


def squared_error(keypoints: np.ndarray, annotated: np.ndarray, visible: np.ndarray) -> float:
    """Return the mean squared error of the coordinates of annotated keypoints, 0 where there are none.

    Args:
        keypoints: (N, K, 2) in image pixels.
        annotated: (N, K, 2) in image pixels.
        visible: (N, K), above zero where a keypoint is annotated.

    >>> squared_error(np.array([[[1.0, 2.0], [9.0, 9.0]]]), np.zeros((1, 2, 2)), np.array([[1, 0]]))
    2.5
    """
    chosen = np.asarray(visible) > 0
    return float(np.square(keypoints[chosen] - annotated[chosen]).mean()) if chosen.any() else 0.0


@HOOKS.register_module()
class BadCaseAnalysisHook(DrawingHook):
    """Draw the people whose pose is far off, annotation beside prediction, and list them in ``results.json``.

    Args:
        enable: False switches the hook off.
        show: open a window for each.
        wait_time: seconds that the window stays, 0 until it is closed.
        interval: not used; the argument is mmpose's, and does nothing there either.
        kpt_thr: a keypoint is drawn when its score is above this.
        out_dir: folder; a relative one lies in the run's ``work_dir/timestamp``. None writes no files.
        backend_args: of mmengine's file backend, to read the images; None: as the dataset's LoadImage reads them.
        metric_type: ``'loss'`` compares coordinates, see `squared_error`; ``'accuracy'`` asks a metric.
        metric: config of that metric, such as ``dict(type='PCKAccuracy')``. With ``'loss'`` it is
            ``dict(type='KeypointMSELoss')``, the only one there.
        metric_key: which of the metric's values counts.
        badcase_thr: a loss from this on is bad, and an accuracy up to this.

    Raises:
        InputError: another ``metric_type``, or another loss.
        OutputError: before the run, nothing can be written to ``out_dir``.
    """

    def __init__(
        self,
        enable: bool = False,
        show: bool = False,
        wait_time: float = 0.0,
        interval: int = 50,
        kpt_thr: float = 0.3,
        out_dir: str | None = None,
        backend_args: dict | None = None,
        metric_type: str = 'loss',
        metric: dict | None = None,
        metric_key: str = 'PCK',
        badcase_thr: float = 5,
    ) -> None:
        if metric_type not in METRIC_TYPES:
            raise InputError(f'BadCaseAnalysisHook: metric_type must be one of {METRIC_TYPES}, got {metric_type!r}')
        loss = metric_type == 'loss'
        metric = metric or dict(type='KeypointMSELoss' if loss else 'PCKAccuracy')
        if loss and metric.get('type') != 'KeypointMSELoss':
            raise InputError(
                f"BadCaseAnalysisHook: the loss of keypoints is {{'type': 'KeypointMSELoss'}}, not {dict(metric)!r}; "
                "for another measure use metric_type='accuracy' with a metric"
            )
        super().__init__(
            enable=enable, show=show, wait_time=wait_time, kpt_thr=kpt_thr, out_dir=out_dir, backend_args=backend_args
        )
        self.interval, self.badcase_thr, self.metric_type = interval, badcase_thr, metric_type
        self.metric_name = 'KeypointMSELoss' if loss else metric_key
        self._metric = None if loss or not enable else METRICS.build(dict(metric))
        self._found: list[dict[str, object]] = []

    def before_test_epoch(self, runner: RunnerLike) -> None:
        """Start a new list."""
        self._found = []

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: 'Sequence[PoseDataSample] | None' = None,
    ) -> None:
        """Draw the bad ones of a batch."""
        if not self._is_on():
            return
        for sample in outputs or ():
            value = self._value(runner, sample)
            if (value >= self.badcase_thr) if self._metric is None else (value <= self.badcase_thr):
                self._draw(runner, sample, value)

    def after_test_epoch(self, runner: RunnerLike, metrics: dict | None = None) -> None:
        """Write the list."""
        if not self._is_on():
            return
        where = ''
        if self.out_dir is not None:
            path = self._folder(runner) / 'results.json'
            text = json.dumps(self._found, indent=2) + '\n'
            if self._write(runner, lambda: write_atomic(path, text), 'files about bad cases'):
                where = f', listed in {path}'
        runner.logger.info(f'{len(self._found)} people are bad cases by {self.metric_name}{where}')

    def _value(self, runner: RunnerLike, sample: 'PoseDataSample') -> float:
        known, found = sample.gt_instances, sample.pred_instances
        if self._metric is None:
            return squared_error(found.keypoints, known.keypoints, known.keypoints_visible)
        self._metric.dataset_meta = runner.test_evaluator.dataset_meta
        self._metric.process([], [sample.to_dict()])
        values = self._metric.evaluate(1)
        name = next((key for key in values if key.rpartition('/')[2] == self.metric_name), None)
        if name is None:
            raise InputError(
                f'BadCaseAnalysisHook: metric_key={self.metric_name!r} is none of the values {", ".join(values)}'
            )
        return float(values[name])

    def _draw(self, runner: RunnerLike, sample: 'PoseDataSample', value: float) -> None:
        dataset, number = runner.test_dataloader.dataset, len(self._found)
        boxes = np.asarray(sample.gt_instances.bboxes).astype(int).tolist()
        self._found.append({'img': sample.img_path, 'bbox': boxes, self.metric_name: round(value, 4)})
        out_file = None
        if self.out_dir is not None:
            path = drawing_path(self._folder(runner), [sample], dataset)
            out_file = path.with_name(f'{path.stem}_{number}_{self.metric_name}{value:.2f}{path.suffix}')
        runner.visualizer.set_dataset_meta(getattr(dataset, 'metainfo', None))
        draw = partial(
            runner.visualizer.add_datasample,
            f'badcase_{number}',
            read_rgb(sample.img_path, dataset, self.backend_args),
            data_sample=sample,
            draw_bbox=True,
            show=self.show,
            wait_time=self.wait_time,
            out_file=out_file,
            kpt_thr=self.kpt_thr,
            step=number,
        )
        self._write(runner, draw, 'files about bad cases')
