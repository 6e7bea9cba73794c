"""Average precision of an ONNX network on annotated people, as the network's config measures it."""

import argparse
import copy
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from ..config.tree import evaluators_of
from ..evaluation.metrics import CocoMetric, PoseTrack18Metric
from ..registry import METRICS
from .quantization_crops import calibration_dataset

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['OksEvaluator', 'average_precision', 'oks_evaluator']


class OksEvaluator(NamedTuple):
    """What measures AP.

    Attributes:
        settings: of the metric.
        key: of AP among its values.
    """

    settings: Mapping[str, object]
    key: str


def oks_evaluator(cfg: 'Config', ann_file: str) -> OksEvaluator | None:
    """Return the config's evaluator that matches by object keypoint similarity; None where it has none.

    Args:
        cfg: of the network.
        ann_file: annotations to evaluate with instead of the config's.

    >>> evaluator = oks_evaluator(dict(test_evaluator=dict(type='CocoWholeBodyMetric', ann_file='a.json')), 'b.json')
    >>> evaluator.settings['ann_file'], evaluator.key
    ('b.json', 'coco-wholebody/AP')
    >>> oks_evaluator(dict(test_evaluator=dict(type='PCKAccuracy')), 'b.json')
    """
    for settings in evaluators_of(cfg, 'test') or evaluators_of(cfg, 'val'):
        kind = METRICS.get(settings['type'])
        # PoseTrack's matches joint by joint.
        if kind is not None and issubclass(kind, CocoMetric) and not issubclass(kind, PoseTrack18Metric):
            ours = dict(ann_file=ann_file, format_only=False, outfile_prefix=None)
            return OksEvaluator({**settings, **ours}, f'{settings.get("prefix") or kind.default_prefix}/AP')
    return None


def average_precision(
    args: argparse.Namespace, cfg: 'Config', network: Path, evaluator: OksEvaluator
) -> tuple[float, dict[str, str]]:
    """Test a network in an ONNX file.

    Args:
        args: with ``calibration_images`` and ``annotations``.
        cfg: of the network.
        network: the file.
        evaluator: of `oks_evaluator`.

    Returns:
        AP, and the images that could not be read, whose people count as missed, with the reasons.
    """
    from ..engine import PoseRunner

    cfg = copy.deepcopy(cfg)
    with TemporaryDirectory() as folder:
        cfg.work_dir, cfg.load_from, cfg.resume, cfg.log_level = folder, str(network), False, 'ERROR'
        for part in ('train', 'val'):
            for key in ('cfg', 'dataloader', 'evaluator'):
                cfg[f'{part}_{key}'] = None
        cfg.optim_wrapper = cfg.param_scheduler = None
        cfg.default_hooks = {**(cfg.get('default_hooks') or {}), 'checkpoint': None}
        cfg.test_cfg = {'backend': 'onnxruntime'}
        cfg.device = 'cpu'
        loader = dict(
            batch_size=16, num_workers=0, persistent_workers=False, dataset=calibration_dataset(args, cfg)
        )  # fmt: skip
        cfg.test_dataloader = {**loader, 'sampler': dict(type='DefaultSampler', shuffle=False)}
        cfg.test_evaluator = dict(evaluator.settings)
        runner = PoseRunner.from_cfg(cfg)
        metrics = runner.test()
        unreadable = {str(sample.path): sample.reason for sample in runner.test_loop.bad_samples}
    return float(metrics[evaluator.key]), unreadable
