"""``--report``: a test with its protocol, intervals and kinds of error."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.reporting import protocol_of, timed_test
from ..evaluation.functional.error_costs import diagnose
from ..evaluation.metrics.base import ArrayMetric
from ..evaluation.metrics.coco_metric import CocoMetric, write_json
from ..evaluation.reports.errors import error_sections, error_summary
from ..evaluation.reports.files import SCHEMA, report_files
from ..evaluation.reports.metrics import LEVEL, RESAMPLES, metrics_with_intervals
from ..evaluation.reports.report_page import report_page
from ..evaluation.reports.worst import drawn_worst
from ..utils.atomic_file import write_atomic

if TYPE_CHECKING:
    from ..engine import PoseRunner

__all__ = ['reported_test']


def reported_test(runner: 'PoseRunner', folder: str, *, command: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Test, and write the report.

    Args:
        runner: not run yet.
        folder: of the report.
        command: words that the test was started with.
        seed: of the resampling.

    Returns:
        The metrics.
    """
    metrics = list(runner.test_loop.evaluator.metrics)
    for metric in metrics:
        if isinstance(metric, ArrayMetric):
            metric.keeps_table = True
    values, seconds = timed_test(runner)
    if runner.rank:
        return values
    report: dict[str, Any] = dict(
        schema=SCHEMA,
        name=Path(runner.cfg.filename).stem if runner.cfg.filename else runner.experiment_name,
        created=time.strftime('%Y-%m-%d %H:%M:%S %z'),
        command=shlex.join(command),
        metrics=metrics_with_intervals(values, metrics, seed=seed),
        intervals=dict(method='percentile bootstrap over images', level=LEVEL, resamples=RESAMPLES, seed=seed),
        unreadable=sorted({str(sample.path) for sample in runner.test_loop.bad_samples}),
        seconds=seconds,
        protocol=protocol_of(runner),
    )
    data, shown, predictions = report_files(folder)
    judged = next((metric for metric in metrics if isinstance(metric, CocoMetric) and metric.kept is not None), None)
    case = judged.case(judged.kept) if judged else None
    sections, worst = [], []
    if case is not None:
        write_json(str(predictions), judged.results_to_json(case.detections))
        report['predictions'] = predictions.name
        dataset = runner.test_loop.dataloader.dataset
        pairs, names = _flips_and_names(dataset.metainfo, len(case.sigmas))
        diagnosis = diagnose(case.problem(), pairs)
        report['errors'] = error_summary(diagnosis, names, case.ground_truth.img_sizes)
        sections = error_sections(report['errors'])
        worst = drawn_worst(diagnosis, case.ground_truth, dataset)
    write_atomic(data, json.dumps(report, indent=1, default=float) + '\n')
    write_atomic(shown, report_page(report, worst, sections))
    print(f'report: {shown}', file=sys.stderr)
    return values


def _flips_and_names(metainfo: dict, count: int) -> tuple[list[tuple[int, int]], list[str]]:
    """Flip pairs and names of the keypoints; none and numbers where the metric converts them to another set."""
    if metainfo.get('num_keypoints') != count:
        return [], [str(i) for i in range(count)]
    return metainfo['flip_pairs'], list(metainfo['keypoint_id2name'].values())
