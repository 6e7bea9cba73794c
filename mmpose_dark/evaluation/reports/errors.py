"""Kinds of error of a test: as data, as tables and as bars."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..functional.error_costs import REPAIRS, Diagnosis, error_costs
from ..functional.error_groups import error_groups
from ..functional.keypoint_errors import KEYPOINT_KINDS
from . import page
from .bars import legend, stacked_bars

__all__ = ['KIND_COLORS', 'error_sections', 'error_summary', 'error_text', 'worst_people']

KIND_COLORS = {kind: f'var(--{kind})' for kind in KEYPOINT_KINDS}
_REPAIRED = {
    'miss': 'misses put right',
    'swap': 'swaps put right',
    'inversion': 'left and right put right',
    'jitter': 'jitter put right',
    'good': 'small errors of good keypoints put right',
    'score': 'scores in the order of OKS',
    'background': 'detections of nobody taken away',
    'not found': 'people not found left out',
}


def error_summary(diagnosis: Diagnosis, names: Sequence[str], image_sizes: np.ndarray | None = None) -> dict[str, Any]:
    """Return the kinds of error of a test, in types that JSON has.

    Args:
        diagnosis: of `diagnose`.
        names: of the K keypoints.
        image_sizes: (I, 2), see `error_groups`.

    Returns:
        ``people`` (looked for), ``found``, ``not_found``, ``background`` (detections of nobody), ``kinds`` (number of
        keypoints of each), ``costs`` (see `error_costs`) and ``groups`` (see `error_groups`).
    """
    return dict(
        people=int(diagnosis.counts.sum()),
        found=len(diagnosis.found),
        not_found=len(diagnosis.not_found),
        background=int(diagnosis.background.sum()),
        kinds={kind: int((diagnosis.kinds == kind).sum()) for kind in KEYPOINT_KINDS},
        costs=error_costs(diagnosis),
        groups=error_groups(diagnosis, names, image_sizes),
    )


def worst_people(diagnosis: Diagnosis, count: int) -> np.ndarray:
    """Return the rows of the people who were found worst, by OKS; of equal ones the first.

    People who were not found have no pose to look at and are left out.

    Args:
        diagnosis: of `diagnose`.
        count: at most so many.

    Returns:
        (M,) rows of labelled people.
    """
    rows = diagnosis.found
    return rows[np.argsort(diagnosis.oks[rows], kind='stable')[:count]]


def error_text(summary: Mapping[str, Any]) -> str:
    """Return a summary for a terminal."""
    total = max(sum(summary['kinds'].values()), 1)
    lines = [
        f'people {summary["people"]}: found {summary["found"]}, not found {summary["not_found"]}; '
        f'detections of nobody {summary["background"]}',
        '',
        'keypoints of the people who were found:',
        *(f'  {kind:<10} {count:7d}  {count / total:6.1%}' for kind, count in summary['kinds'].items()),
        '',
        'AP that each repair brings, alone and in turn:',
    ]
    for name in REPAIRS:
        cost = summary['costs'][name]
        lines.append(f'  {_REPAIRED[name]:<41} {cost["alone"]:+.4f}  {cost["in_turn"]:+.4f}')
    return '\n'.join(lines)


def error_sections(summary: Mapping[str, Any]) -> list[str]:
    """Return a summary as sections of a page."""
    total = max(sum(summary['kinds'].values()), 1)
    shares = page.table(
        ['kind', 'keypoints', 'part'],
        [(kind, count, f'{count / total:.1%}') for kind, count in summary['kinds'].items()],
    )
    costs = page.table(
        ['repair', 'AP, alone', 'AP, in turn'],
        [
            (_REPAIRED[name], f'{summary["costs"][name]["alone"]:+.4f}', f'{summary["costs"][name]["in_turn"]:+.4f}')
            for name in REPAIRS
        ],
    )
    about = (
        '<p>After Ronchi and Perona (ICCV 2017). A keypoint of somebody who was found (OKS of at least 0.1) is '
        '<b>good</b> where its similarity to its label is at least 0.85, <b>jitter</b> from 0.5 on; below that an '
        '<b>inversion</b> if it is near the label of its left or right partner, a <b>swap</b> if it is near that of '
        'another person, else a <b>miss</b>. Repairs in turn follow each other down the table; they add up to 1 minus '
        'AP.</p>'
    )
    people = (
        f'<p>{summary["people"]} people are looked for: {summary["found"]} were found, {summary["not_found"]} were '
        f'not; {summary["background"]} detections are of nobody, or of somebody who had one.</p>'
    )
    groups = [
        part
        for what, found in summary['groups'].items()
        for part in (f'<h3>By {page.escape(what)}</h3>', _bars(found))
        if any(sum(group['kinds'].values()) or group.get('people') for group in found.values())
    ]
    return [
        page.section('Kinds of error', about, people, shares, '<h3>What each kind costs</h3>', costs),
        page.section('Where they are', legend(KIND_COLORS), *groups),
    ]


def _bars(groups: Mapping[str, Mapping[str, Any]]) -> str:
    notes = {}
    for name, group in groups.items():
        notes[name] = f'{sum(group["kinds"].values())} keypoints'
        if group.get('not_found'):
            notes[name] = f'{group["not_found"]} of {group["people"]} not found'
    return stacked_bars({name: group['kinds'] for name, group in groups.items()}, KIND_COLORS, notes=notes)
