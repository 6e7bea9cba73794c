"""Drawings of the benchmarks: cost over people, keypoints and input size, samples over their floor, and growth."""

from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from mmpose_dark.utils.atomic_file import atomic_path

__all__ = ['draw_growth', 'draw_rows', 'draw_sweep']

COLORS = ('#444444', '#1f6fb2', '#d1702e', '#9a9a9a')
FLOOR = '#c9d3dc'


def draw_sweep(
    rows: list[dict], path: Path, *, series: dict[str, str], floor: tuple[str, str], digest: str, title: str
) -> None:
    """Draw one panel for each factor of a sweep: milliseconds, both axes logarithmic, loops dashed.

    Args:
        rows: rows of a sweep as ``tools/benchmarks/_bench.py`` describes them.
        path: png file to write.
        series: columns to draw and what to call them; the first is the baseline.
        floor: column below which nothing can go, drawn as an area, and what to call it.
        digest: kept in the file, tells what it was drawn from.
        title: stands above the panels.
    """
    factors = list(dict.fromkeys(row['factor'] for row in rows))
    figure, axes = plt.subplots(1, len(factors), figsize=(10.2, 3.9), sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.068, right=0.842, bottom=0.15, top=0.88, wspace=0.09)
    key, floor_name = floor
    lowest = min(row[key]['median'] for row in rows) / 2
    for axis, factor in zip(axes[0], factors, strict=True):
        points = [row for row in rows if row['factor'] == factor]
        amount = [row['amount'] for row in points]
        axis.fill_between(amount, lowest, [row[key]['median'] for row in points], color=FLOOR, linewidth=0)
        for (column, name), color in zip(series.items(), COLORS, strict=False):
            low, high = ([row[column][end] for row in points] for end in ('low', 'high'))
            axis.fill_between(amount, low, high, color=color, alpha=0.2, linewidth=0)
            median = [row[column]['median'] for row in points]
            dashes = '--' if 'loop' in name else '-'
            axis.plot(amount, median, dashes, color=color, linewidth=2, marker='o', markersize=4)
        axis.set(xscale='log', yscale='log', xlabel=factor)
        axis.set_xticks(amount, [row['value'] for row in points], fontsize=8.5)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.margins(x=0.04)
        axis.grid(alpha=0.25)
    axes[0, 0].set_ylim(bottom=lowest)
    axes[0, 0].set_ylabel('milliseconds a batch')
    axes[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axes[0, 0].yaxis.set_minor_formatter(NullFormatter())
    last = rows[-1]
    labels = [(last[c]['median'], name, color) for (c, name), color in zip(series.items(), COLORS, strict=False)]
    _name_ends(axes[0, -1], last['amount'], [*labels, (last[key]['median'], floor_name, '#70808e')])
    figure.suptitle(title, x=0.068, ha='left', fontsize=11)
    _save(figure, path, digest)


def draw_rows(
    rows: list[dict], path: Path, *, names: list[str], cost: str, floor: tuple[str, str], digest: str, title: str
) -> None:
    """Draw a line for each row: its cost as a dot with its spread, in units of its floor, the floor as an area.

    Args:
        rows: rows of a table.
        path: png file to write.
        names: what to call the rows.
        cost: column of the cost.
        floor: column of the floor, and what to call it.
        digest: kept in the file, tells what it was drawn from.
        title: stands above.
    """
    key, floor_name = floor
    figure, axis = plt.subplots(figsize=(9.6, 1.1 + 0.34 * len(rows)), layout='constrained')
    place = np.arange(len(rows))
    floors = np.array([row[key]['median'] for row in rows])
    low, median, high = (np.array([row[cost][part] for row in rows]) / floors for part in ('low', 'median', 'high'))
    axis.axvspan(0, 1, color=FLOOR, linewidth=0)
    axis.text(0.02, -0.62, f'floor: {floor_name}', va='center', fontsize=9, color='#51606c')
    axis.errorbar(
        median, place, xerr=[median - low, high - median], fmt='o', color=COLORS[1], markersize=7, elinewidth=2
    )
    for y, row in enumerate(rows):
        axis.annotate(
            f'{median[y]:.2f} x   ({row[cost]["median"]:.3g} of {floors[y]:.3g} ms)',
            (high[y], y),
            xytext=(9, 0),
            textcoords='offset points',
            va='center',
            fontsize=9,
            color=COLORS[1],
        )
    axis.set_yticks(place, names, fontsize=9)
    axis.set_ylim(len(rows) - 0.5, -1)
    axis.set_xlim(0, 1.45 * max(1.0, high.max()))
    axis.set_xlabel('time of a sample, in times of its floor')
    axis.spines[['top', 'right']].set_visible(False)
    axis.set_title(title, loc='left', fontsize=11)
    _save(figure, path, digest)


def draw_growth(rows: list[dict], path: Path, *, slopes: list[dict], digest: str, title: str) -> None:
    """Draw seconds and memory over what is varied, a column each, both axes logarithmic, with the slopes.

    Args:
        rows: ``factor``, ``amount``, ``seconds``, ``processor_seconds`` (drawn where it is known), ``memory_MB``; what
            stands behind a factor's comma names a line of
            its panel.
        path: png file to write.
        slopes: ``factor``, and ``time_slope``, ``time_goal``, ``memory_slope``, ``memory_goal`` as texts.
        digest: kept in the file, tells what it was drawn from.
        title: stands above the panels.
    """
    factors = list(dict.fromkeys(row['factor'] for row in rows))
    panels = list(dict.fromkeys(factor.split(', ')[0] for factor in factors))
    figure, axes = plt.subplots(2, len(panels), figsize=(1.1 + 2.25 * len(panels), 5.2), squeeze=False)
    figure.subplots_adjust(left=0.09 if len(panels) < 4 else 0.052, right=0.985, bottom=0.1, top=0.86, wspace=0.36)
    for number, panel in enumerate(panels):
        lines = [factor for factor in factors if factor.split(', ')[0] == panel]
        for row, (column, instead, kind) in enumerate(
            (('seconds', 'processor_seconds', 'time'), ('memory_MB', '', 'memory'))
        ):
            axis = axes[row, number]
            for place, factor in enumerate(lines):
                points = [
                    (r['amount'], r[column] if r.get(instead) is None else r[instead])
                    for r in rows
                    if r['factor'] == factor
                ]
                found = next((s for s in slopes if s['factor'] == factor), None)
                name = factor.removeprefix(panel).removeprefix(', ') if len(lines) > 1 else ''
                _growing_line(axis, points, place, found and (found[f'{kind}_slope'], found[f'{kind}_goal']), name)
            axis.set(xscale='log', yscale='log')
            low, high = axis.get_ylim()
            middle, half = np.sqrt(low * high), max(np.sqrt(high / low), 3.5)  # a flat line looks flat
            axis.set_ylim(middle / half * 0.8, middle * half * (1.6 if len(lines) == 1 else half))
            axis.margins(x=0.12)
            axis.grid(alpha=0.25)
            amounts = sorted({r['amount'] for r in rows if r['factor'] in lines})
            axis.set_xticks(amounts, [_short(amount) for amount in amounts])
            axis.xaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_minor_formatter(NullFormatter())
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
            axis.tick_params(labelsize=8)
        axes[0, number].set_title(panel, fontsize=9.5)
    axes[0, 0].set_ylabel('seconds')
    axes[1, 0].set_ylabel('memory, MB')
    figure.suptitle(title, x=0.01, ha='left', fontsize=11)
    _save(figure, path, digest)


def _growing_line(
    axis: Axes, points: list[tuple[float, float]], place: int, slopes: tuple[str, str] | None, name: str
) -> None:
    """Draw a line with its slope; dashed, from its first point on, what was hoped for. Several stand apart."""
    amounts, values = np.array(points, float).T
    color = COLORS[1 + place]
    axis.plot(amounts, values, color=color, linewidth=2, marker='o', markersize=4, alpha=0.85)
    if slopes is None:
        return
    found, goal = slopes
    axis.plot(amounts, values[0] * (amounts / amounts[0]) ** float(goal), '--', color=COLORS[0], linewidth=1)
    axis.annotate(
        f'slope {found}' + (f', {name}' if name else ''),
        (0.05, 0.94 - 0.09 * place),
        xycoords='axes fraction',
        va='top',
        fontsize=8,
        color=color,
        bbox=dict(boxstyle='square,pad=0.1', facecolor='white', edgecolor='none', alpha=0.85),
    )


def _short(amount: int) -> str:
    """Return a number with its thousands or millions as a letter.

    >>> _short(64), _short(1500000), _short(150000)
    ('64', '1.5M', '150k')
    """
    for unit, letter in ((1_000_000, 'M'), (1000, 'k')):
        if amount >= unit:
            return f'{amount / unit:g}{letter}'
    return str(amount)


def _name_ends(axis: Axes, x: float, labels: list[tuple[float, str, str]]) -> None:
    """Write names beside the ends of lines, apart enough to be read."""
    low, high = np.log(axis.get_ylim())
    labels = sorted(labels)
    places = (np.log([value for value, _, _ in labels]) - low) / (high - low)
    apart = 0.07
    for _ in range(200):  # push neighbours away from each other, both by the same amount
        short = np.maximum(apart - np.diff(places), 0) / 2
        places[:-1] -= short
        places[1:] += short
    for (value, name, color), y in zip(labels, places, strict=True):
        axis.annotate(
            name,
            (x, value),
            xytext=(1.03, y),
            textcoords='axes fraction',
            va='center',
            color=color,
            fontsize=9,
            annotation_clip=False,
        )


def _save(figure: plt.Figure, path: Path, digest: str) -> None:
    with atomic_path(path, keep_suffix=True) as temporary:
        figure.savefig(temporary, dpi=110, metadata={'Software': None, 'Description': digest})
    plt.close(figure)
