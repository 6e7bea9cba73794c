"""``--report``: a test with its protocol, intervals and kinds of error."""

import json
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoint.calibration_file import find_calibration
from ..engine.reporting import protocol_of, timed_test
from ..evaluation.functional.error_costs import diagnose
from ..evaluation.metrics.base import ArrayMetric
from ..evaluation.metrics.coco_metric import CocoMetric, write_json
from ..evaluation.reports import page
from ..evaluation.reports.errors import error_sections, error_summary
from ..evaluation.reports.files import SCHEMA, report_files
from ..evaluation.reports.metrics import LEVEL, RESAMPLES, metrics_with_intervals
from ..evaluation.reports.report_page import report_page
from ..evaluation.reports.worst import drawn_worst
from ..utils.atomic_file import write_atomic
from ..visualization.calibration_plots import calibration_svg

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
    calibration = find_calibration('auto', runner.cfg.load_from, {})
    if calibration is not None:
        report['calibration'] = dict(calibration.evaluation)
        sections.append(_calibration_section(report['calibration']))
    write_atomic(data, json.dumps(report, indent=1, default=float) + '\n')
    write_atomic(shown, report_page(report, worst, sections))
    print(f'report: {shown}', file=sys.stderr)
    return values


def _calibration_section(evaluation: Mapping[str, Any]) -> str:
    names = {'ece': 'expected calibration error', 'brier': 'Brier score', 'log_loss': 'log loss'}
    rows = [(told, f'{evaluation[f"{n}_before"]:.3f}', f'{evaluation[f"{n}_after"]:.3f}') for n, told in names.items()]
    for level, share in (evaluation.get('coverage_after') or {}).items():
        before = evaluation['coverage_before'][level]
        rows.append((f'inside the {float(level):.0%} ellipse', f'{before:.1%}', f'{share:.1%}'))
    return page.section(
        'Calibration',
        '<p>Of the file beside the checkpoint, on people that it was not fitted on (docs/calibration.md): orange '
        'before, blue after. The metrics above are of raw scores.</p>',
        page.table(['', 'before', 'after'], rows),
        calibration_svg(evaluation),
    )


def _flips_and_names(metainfo: dict, count: int) -> tuple[list[tuple[int, int]], list[str]]:
    """Flip pairs and names of the keypoints; none and numbers where the metric converts them to another set."""
    if metainfo.get('num_keypoints') != count:
        return [], [str(i) for i in range(count)]
    return metainfo['flip_pairs'], list(metainfo['keypoint_id2name'].values())
