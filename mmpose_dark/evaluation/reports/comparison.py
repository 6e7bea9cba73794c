"""Two tests compared: which settings differ, by how much the metrics do, and where that comes from."""

from collections.abc import Mapping
from typing import Any

from . import page
from .settings import differing_settings

__all__ = ['compare_reports', 'comparison_page', 'comparison_text']

_MANY = 40
_ABOUT = ('versions.', 'machine.', 'weights.meta.')
"""Settings that seldom decide a metric: they stand behind the others."""


def compare_reports(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two reports, as far as their own data go.

    Args:
        first: as `read_report` gives it.
        second: likewise.

    Returns:
        ``first`` and ``second`` (name, weights, date), ``settings`` (place and both values of each that differs, those
        that seldom matter last) and ``metrics`` (both values and the difference of each that both have).
    """
    differences = differing_settings(first['protocol'], second['protocol'])
    differences.sort(key=lambda difference: difference.place.startswith(_ABOUT))
    names = [name for name in first['metrics'] if name in second['metrics']]
    values = {name: (first['metrics'][name]['value'], second['metrics'][name]['value']) for name in names}
    return dict(
        first=_about(first),
        second=_about(second),
        settings=[difference._asdict() for difference in differences],
        metrics={name: dict(first=a, second=b, difference=b - a) for name, (a, b) in values.items()},
    )


def _about(report: Mapping[str, Any]) -> dict[str, Any]:
    return dict(name=report['name'], created=report['created'], weights=report['protocol']['weights']['source'])


def comparison_text(comparison: Mapping[str, Any]) -> str:
    """Return a comparison for a terminal."""
    lines = [f'{key:<6}  {about["name"]}, {about["weights"]}, {about["created"]}' for key, about in _both(comparison)]
    lines.append('\nsettings that differ:' if comparison['settings'] else '\nno setting differs')
    for row in comparison['settings'][:_MANY]:
        lines.append(f'  {row["place"]}: {_short(row["first"])} -> {_short(row["second"])}')
    more = len(comparison['settings']) - _MANY
    lines += [f'  ... and {more} more'] if more > 0 else []
    lines.append('\nmetrics:' if comparison['metrics'] else '\nno metric that both have')
    width = max(map(len, comparison['metrics']), default=0)
    for name, row in comparison['metrics'].items():
        lines.append(f'  {name:<{width}}  {row["first"]:8.4f}  {row["second"]:8.4f}  {row["difference"]:+8.4f}')
    return '\n'.join(lines)


def comparison_page(comparison: Mapping[str, Any], extra: tuple[str, ...] = ()) -> str:
    """Return the page of a comparison; ``extra`` are further sections, HTML."""
    about = page.table(
        ['', 'config', 'weights', 'tested'],
        [(key, about['name'], about['weights'], about['created']) for key, about in _both(comparison)],
    )
    settings = '<p>None.</p>'
    if comparison['settings']:
        rows = [(row['place'], _short(row['first']), _short(row['second'])) for row in comparison['settings']]
        settings = page.table(['setting', 'first', 'second'], rows)
    metrics = page.table(
        ['metric', 'first', 'second', 'difference'],
        [
            (name, f'{row["first"]:.4f}', f'{row["second"]:.4f}', f'{row["difference"]:+.4f}')
            for name, row in comparison['metrics'].items()
        ],
    )
    body = [about, page.section('Metrics', metrics), *extra, page.section('Settings that differ', settings)]
    return page.make_page(
        'Two tests compared', f'{comparison["first"]["name"]} and {comparison["second"]["name"]}', body
    )


def _both(comparison: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(key, comparison[key]) for key in ('first', 'second')]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
