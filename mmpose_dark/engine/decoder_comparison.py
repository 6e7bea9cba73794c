"""One network's heatmaps read by several codecs: the network runs once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from ..codecs.base import BaseKeypointCodec
from ..evaluation.evaluator import Evaluator
from ..evaluation.metrics.base import ArrayMetric
from ..utils.errors import InputError
from ..utils.progress import track

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['evaluate_decoders']


@torch.no_grad()
def evaluate_decoders(
    model: 'BasePoseEstimator',
    loader: 'DataLoader',
    metrics: dict | Sequence[dict],
    codecs: Mapping[str, BaseKeypointCodec],
    *,
    watch: Callable[[torch.Tensor], None] | None = None,
) -> tuple[dict[str, dict[str, float]], dict[str, Evaluator]]:
    """Evaluate each way of decoding the same heatmaps.

    Args:
        model: a detector with one head, whose decoder is replaced and put back; its ``test_cfg`` holds.
        loader: of the test.
        metrics: config of the evaluator, or of several.
        codecs: by the name of the way.
        watch: called with the heatmaps (B, K, H', W') of each batch.

    Returns:
        The metrics of each way, and its evaluator, whose metrics have ``kept`` their columns.

    Raises:
        InputError: an image cannot be read.
    """
    evaluators = {name: Evaluator(metrics) for name in codecs}
    for evaluator in evaluators.values():
        evaluator.dataset_meta = loader.dataset.metainfo
        for metric in evaluator.metrics:
            if isinstance(metric, ArrayMetric):
                metric.keeps_table = True
    before = model.test_cfg.get('output_heatmaps', False), model.head.decoder
    done = 0
    try:
        model.test_cfg['output_heatmaps'] = True
        for batch in track(loader, len(loader), 'batches'):
            if batch['bad_samples']:
                raise InputError(f'{batch["bad_samples"][0].path}: {batch["bad_samples"][0].reason}')
            samples = model.test_step(batch)
            heatmaps = torch.stack([sample.pred_fields.heatmaps for sample in samples])
            if watch is not None:
                watch(heatmaps)
            for name, codec in codecs.items():
                model.head.decoder = codec
                found = model.pack_points(model.head.points(heatmaps), samples)
                evaluators[name].process(data_samples=found, data_batch=batch)
            model.head.decoder = before[1]
            done += len(samples)
    finally:
        model.test_cfg['output_heatmaps'], model.head.decoder = before
    return {name: evaluator.evaluate(done) for name, evaluator in evaluators.items()}, evaluators
