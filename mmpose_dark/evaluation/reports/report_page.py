"""The page of one test: metrics, kinds of error, and the protocol that decides both."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import page
from .settings import flat

__all__ = ['DrawnPerson', 'in_words', 'metrics_table', 'report_page']

_GROUPS = dict(
    data='Images, annotations and boxes',
    input='Crop',
    codec='Codec',
    test_cfg='Flip test',
    evaluators='Metrics',
    weights='Weights',
    run='Run',
    versions='Versions',
    machine='Machine',
)


class DrawnPerson(NamedTuple):
    """A drawing for a page.

    Attributes:
        image: a JPEG file.
        caption: what it shows.
    """

    image: bytes
    caption: str


def report_page(report: Mapping[str, Any], worst: Sequence[DrawnPerson] = (), extra: Sequence[str] = ()) -> str:
    """Return the page of a report.

    Args:
        report: as ``report.json`` holds it.
        worst: drawings of the people who were found worst.
        extra: further sections, HTML, between the metrics and the protocol.
    """
    body = [
        _headline(report),
        f'<p>{page.escape(in_words(report["protocol"]))}</p>',
        page.section('Metrics', *_metrics(report)),
        *extra,
    ]
    if worst:
        drawn = '\n'.join(page.figure(person.image, person.caption) for person in worst)
        body.append(page.section('The worst', f'<div class="grid">{drawn}</div>'))
    body.append(page.section('Time', _times(report['seconds'], _samples(report))))
    body.append(page.section('Protocol', *_protocol(report['protocol'])))
    body.append(page.section('Again', page.code(report['command'])))
    title = f'Test of {report["name"]}'
    return page.make_page(title, f'{report["protocol"]["weights"]["source"]} · {report["created"]}', body)


def _headline(report: Mapping[str, Any]) -> str:
    name, metric = next(iter(report['metrics'].items()))
    ends = metric['interval']
    interval = f' <small>{ends[0]:.3f} to {ends[1]:.3f} in 95 % of resampled image sets</small>' if ends else ''
    return f'<p class="main">{page.escape(name)} {metric["value"]:.4f}{interval}</p>'


def in_words(protocol: Mapping[str, Any]) -> str:
    """Return what decides the metrics in a sentence, for a reader who compares two numbers."""
    boxes = ' and '.join(dict.fromkeys(part['boxes'] for part in protocol['data']))
    crop, codec, flip = protocol['input'], protocol['codec'], protocol['test_cfg']
    size = f'{crop["size"][1]}x{crop["size"][0]}' if crop['size'] else 'unknown size'
    settings = ('unbiased', 'heatmap_type', 'sigma', 'blur_kernel_size')
    ways = ', '.join(f'{name} {_text(codec[name])}' for name in settings if name in codec)
    flipped = 'without flip test'
    if flip['flip_test']:
        flipped = f'with flip test, {"shifted by a pixel" if flip["shift_heatmap"] else "not shifted"}'
    oks = next((evaluator for evaluator in protocol['evaluators'] if 'nms_mode' in evaluator), None)
    judged = f'; NMS {oks["nms_mode"]}, score {oks["score_mode"]}' if oks else ''
    return (
        f'Boxes: {boxes}, widened by {_text(crop["padding"])}; input {size}; {codec["type"]} ({ways}), {flipped}'
        f'{judged}; {protocol["run"]["backend"]}, {protocol["run"]["precision"]}.'
    )


def _metrics(report: Mapping[str, Any]) -> list[str]:
    found = [metrics_table(report['metrics'])]
    if any(metric['interval'] for metric in report['metrics'].values()):
        about = report['intervals']
        found.append(
            f'<p>Intervals: {about["level"]:.0%} percentile bootstrap over images, {about["resamples"]} resamples, '
            f'seed {about["seed"]}. They say how much the metric would change with other images of the same kind; '
            'another training would change it as well.</p>'
        )
    if report['unreadable']:
        names = ''.join(f'<li><code>{page.escape(name)}</code></li>' for name in report['unreadable'])
        found.append(f'<p>Images that could not be read, which count as missed:</p><ul>{names}</ul>')
    return found


def metrics_table(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """Return metrics with their intervals as a table."""
    rows = [
        (name, f'{m["value"]:.4f}', f'{m["interval"][0]:.4f} to {m["interval"][1]:.4f}' if m['interval'] else None)
        for name, m in metrics.items()
    ]
    return page.table(['metric', 'value', '95 % interval'], rows)


def _samples(report: Mapping[str, Any]) -> int:
    return sum(part['samples'] for part in report['protocol']['data'])


def _times(seconds: Mapping[str, float], samples: int) -> str:
    total = seconds['total']
    rows = [
        (stage, f'{value:.2f}', f'{1e3 * value / max(samples, 1):.2f}', f'{value / total:.0%}')
        for stage, value in sorted(seconds.items(), key=lambda pair: -pair[1])
        if stage != 'total'
    ]
    rows.append(('all', f'{total:.2f}', f'{1e3 * total / max(samples, 1):.2f}', None))
    return page.table(['stage', 'seconds', 'ms a sample', 'part'], rows)


def _protocol(protocol: Mapping[str, Any]) -> list[str]:
    found = []
    for key, title in _GROUPS.items():
        settings = protocol[key]
        alone = settings[0] if isinstance(settings, list) and len(settings) == 1 else settings
        rows = [(place, _text(value)) for place, value in flat(alone)]
        found += [f'<h3>{page.escape(title)}</h3>', page.table(['setting', 'value'], rows)]
    return found


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ', '.join(map(_text, value)) or 'none'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return 'none' if value is None else f'{value:.6g}' if isinstance(value, float) else str(value)
