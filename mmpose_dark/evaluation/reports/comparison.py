"""Two tests compared: which settings differ, by how much the metrics do, and where that comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...utils.progress import show_progress
from ..functional.ap_shares import image_shares, joint_shares
from ..functional.bootstrap import ap_difference
from ..functional.oks_case import OksCase
from ..functional.oks_matching import match_people
from . import page
from .settings import differing_settings

__all__ = ['compare_predictions', 'compare_reports', 'comparison_page', 'comparison_text']

_MANY, _FEW = 40, 10
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


def compare_predictions(
    first: OksCase, second: OksCase, names: Sequence[str], *, resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Say how sure the difference in AP is, and where it comes from.

    Args:
        first: what the one test evaluated.
        second: the other, on the same annotations.
        names: of the K keypoints.
        resamples: draws of images, and exchanges of the two runs.
        seed: of both.

    Returns:
        ``difference``, ``interval``, ``p`` (see `ap_difference`), ``joints`` (share of each, see `joint_shares`) and
        ``images`` (id and share of each, see `image_shares`, those first that carry most of the difference).

    Raises:
        InputError: other people are labelled in the two.
    """
    one, other = match_people(first.problem()), match_people(second.problem())
    with show_progress('paired test', 2 * resamples, 'draws') as report:
        found = ap_difference(one, other, resamples=resamples, seed=seed, progress=report)
    count = len(one.problem.sigmas)
    names = list(names) if len(names) == count else [str(i) for i in range(count)]
    with show_progress('joints', None, 'exchanges') as report:
        joints = joint_shares(one, other, seed=seed, progress=report)
    with show_progress('images', None, 'exchanges') as report:
        images = image_shares(one, other, seed=seed, progress=report)
    # those that made the difference come first, those that went against it last
    order = np.argsort(images if found.value < 0 else -images, kind='stable')
    return dict(
        difference=found.value,
        interval=[found.low, found.high],
        p=found.p,
        resamples=resamples,
        seed=seed,
        joints={name: float(share) for name, share in zip(names, joints, strict=True)},
        images=[dict(id=first.ground_truth.img_ids[i].item(), share=float(images[i])) for i in order],
    )


def _about(report: Mapping[str, Any]) -> dict[str, Any]:
    return dict(name=report['name'], created=report['created'], weights=report['protocol']['weights'].get('source'))


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
    ap = comparison.get('ap')
    if ap:
        lines.append(f'\n{_sureness(ap)}\n\nshares of the difference by joint:')
        width = max(map(len, ap['joints']))
        lines += [f'  {name:<{width}}  {share:+8.4f}' for name, share in ap['joints'].items()]
        lines.append(f'\nimages that carry most of it (of {len(ap["images"])}):')
        lines += [f'  {image["id"]}  {image["share"]:+8.4f}' for image in ap['images'][:_FEW]]
    if comparison.get('why_not'):
        lines.append(f'\nAP is not looked into: {comparison["why_not"]}')
    return '\n'.join(lines)


def _sureness(ap: Mapping[str, Any]) -> str:
    low, high = ap['interval']
    return (
        f'AP differs by {ap["difference"]:+.4f}; 95 % interval {low:+.4f} to {high:+.4f} ({ap["resamples"]} draws of '
        f'images, seed {ap["seed"]}); p = {ap["p"]:.3f} that exchanging the two at random differs as much'
    )


def _ap_sections(comparison: Mapping[str, Any]) -> list[str]:
    """Sections about the difference in AP."""
    if comparison.get('why_not'):
        why = page.escape(comparison['why_not'])
        return [page.section('Where the difference in AP comes from', f'<p>Not looked into: {why}</p>')]
    ap = comparison.get('ap')
    if not ap:
        return []
    joints = page.table(['joint', 'share'], [(name, f'{share:+.4f}') for name, share in ap['joints'].items()])
    images = page.table(['image id', 'share'], [(row['id'], f'{row["share"]:+.4f}') for row in ap['images'][:_MANY]])
    return [
        page.section('How sure the difference in AP is', f'<p>{page.escape(_sureness(ap))}.</p>'),
        page.section(
            'Where it comes from',
            '<p>By joint: what placing it as the second does changes in the AP of the first. What is left of the '
            'difference comes from scores, and from people whom one of the two missed.</p>',
            joints,
            '<p>By image: what taking its poses from the second changes; the shares add up to the difference.</p>',
            images,
        ),
    ]


def comparison_page(comparison: Mapping[str, Any]) -> str:
    """Return the page of a comparison."""
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
    body = [
        about,
        page.section('Metrics', metrics),
        *_ap_sections(comparison),
        page.section('Settings that differ', settings),
    ]
    return page.make_page(
        'Two tests compared', f'{comparison["first"]["name"]} and {comparison["second"]["name"]}', body
    )


def _both(comparison: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(key, comparison[key]) for key in ('first', 'second')]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
