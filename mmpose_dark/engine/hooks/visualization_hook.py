"""Drawings of what the network finds, while it is validated or tested."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...registry import HOOKS
from ...utils.errors import InputError
from ...utils.output_paths import is_same_file
from ..batch import Batch, ForeignBatch
from ..runner_protocol import RunnerLike
from .drawing_hook import DrawingHook
from .drawn_images import drawing_path, image_files, image_folder, read_rgb

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from ...structures import PoseDataSample

__all__ = ['PoseVisualizationHook']


@HOOKS.register_module()
class PoseVisualizationHook(DrawingHook):
    """Draw predictions on whole images; all people of an image, when they come one after another.

    In testing every ``interval``-th image is drawn, in validation the first image of every
    ``interval``-th batch. Drawings are written under ``out_dir``, in the folders that the images lie
    in under the dataset's image folder; without ``out_dir`` they go to the visualizer's backends.
    No drawing leaves ``out_dir`` or replaces an image of the dataset. Where one cannot be written (full disk),
    drawing ends, which is said at the end, and the evaluation goes on. Of several processes the first draws its share.

    Args:
        enable: False switches the hook off.
        interval: draw every n-th.
        kpt_thr: a keypoint is drawn when its score is above this; a person when its box's score is not below it.
        show: open a window for each.
        wait_time: seconds that the window stays, 0 until it is closed.
        out_dir: folder; a relative one lies in the run's ``work_dir/timestamp``, as in mmpose 1.x.
        backend_args: of mmengine's file backend, to read the images; None: as the dataset's LoadImage reads them.

    Raises:
        ValueError: ``interval`` is not positive.
        OutputError: before the run, nothing can be written to ``out_dir``.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 50,
        kpt_thr: float = 0.3,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        if interval < 1:
            raise InputError(f'PoseVisualizationHook: interval must be at least 1, got {interval}')
        super().__init__(
            enable=enable, show=show, wait_time=wait_time, kpt_thr=kpt_thr, out_dir=out_dir, backend_args=backend_args
        )
        self.interval = interval
        self._samples: list[PoseDataSample] = []  # of the image that the last sample came from
        self._images = 0
        self._written: set[Path] = set()
        self._inputs: dict[int, frozenset[str]] = {}  # images of the datasets, where it was asked

    def before_test_epoch(self, runner: RunnerLike) -> None:
        """Start counting."""
        self._samples, self._images, self._written = [], 0, set()

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: 'Sequence[PoseDataSample] | None' = None,
    ) -> None:
        """Collect the people of an image, and draw it when those of the next one come."""
        if not self._is_on():
            return
        for sample in outputs or ():
            if self._samples and sample.img_path != self._samples[0].img_path:
                self._finish_image(runner)
            self._samples.append(sample)

    def after_test_epoch(self, runner: RunnerLike, metrics: dict | None = None) -> None:
        """Draw the last image, and say where they all are."""
        if not self._is_on():
            return
        self._finish_image(runner)
        if self.out_dir is not None:
            runner.logger.info(f'{len(self._written)} images of predictions are in {self._folder(runner)}')
        if self._failed is not None:
            runner.logger.error(f'not all images of predictions were written: {self._failed}')

    def _finish_image(self, runner: RunnerLike) -> None:
        samples, self._samples = self._samples, []
        if not samples:
            return
        if self._images % self.interval == 0:
            self._draw(runner, samples, runner.test_dataloader.dataset, name='test_img', step=self._images)
        self._images += 1

    def after_val_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: 'Sequence[PoseDataSample] | None' = None,
    ) -> None:
        """Draw the first image of every ``interval``-th batch."""
        if not self._is_on() or batch_idx % self.interval or not outputs:
            return
        samples = [s for s in outputs if s.img_path == outputs[0].img_path]
        step = runner.iter + batch_idx
        self._draw(runner, samples, runner.val_dataloader.dataset, name='val_img', step=step)

    def _draw(
        self, runner: RunnerLike, samples: 'list[PoseDataSample]', dataset: 'Dataset', *, name: str, step: int
    ) -> None:
        if self._failed is not None:
            return
        out_file = None
        if self.out_dir is not None:
            folder = self._folder(runner)
            path = drawing_path(folder if name == 'test_img' else folder / f'val_{step}', samples, dataset)
            out_file = self._unused(path, samples[0].img_path, dataset)
        people = [s for s in samples if _box_score(s) >= self.kpt_thr]
        visualizer = runner.visualizer
        visualizer.set_dataset_meta(getattr(dataset, 'metainfo', None))
        draw = partial(
            visualizer.add_datasample,
            os.path.basename(samples[0].img_path) if self.show else name,
            read_rgb(samples[0].img_path, dataset, self.backend_args),
            data_sample=people,
            draw_gt=False,
            draw_bbox=True,
            draw_heatmap=True,
            show=self.show,
            wait_time=self.wait_time,
            out_file=out_file,
            kpt_thr=self.kpt_thr,
            step=step,
        )
        if not self._write(runner, draw, 'images of predictions'):
            self._written.discard(out_file)

    def _unused(self, path: Path, image: str, dataset: 'Dataset') -> Path:
        """Return ``path``, numbered if this run has written it already (images of one name in several folders).

        So it is if it is an image of the dataset, or another file in the dataset's image folder.
        """
        free, number = path, 2
        while free in self._written or is_same_file(free, image) or (free.exists() and self._is_input(free, dataset)):
            free, number = path.with_name(f'{path.stem}_{number}{path.suffix}'), number + 1
        self._written.add(free)
        return free

    def _is_input(self, path: Path, dataset: 'Dataset') -> bool:
        if id(dataset) not in self._inputs:
            self._inputs[id(dataset)] = image_files(dataset)
        folder = image_folder(dataset)
        inside = folder is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
        return inside or os.path.realpath(path) in self._inputs[id(dataset)]


def _box_score(sample: 'PoseDataSample') -> float:
    found = sample.pred_instances
    return float(np.max(found.bbox_scores)) if 'bbox_scores' in found else 1.0
