"""Plots of a calibration: reliability and coverage, before and after, as SVG that stands alone or inside a page."""

from collections.abc import Mapping, Sequence

__all__ = ['calibration_svg', 'coverage_svg', 'reliability_svg']

_SIDE, _LEFT, _TOP = 260, 48, 34
_BEFORE, _AFTER = '#c2571a', '#1a73c2'


def calibration_svg(evaluation: Mapping[str, object]) -> str:
    """Return reliability and, where covariances were calibrated, coverage side by side.

    Args:
        evaluation: of a `Calibration`.

    >>> curve = dict(probability=[0.2, 0.8], share=[0.3, 0.7], count=[5, 6])
    >>> calibration_svg(dict(reliability_before=curve, reliability_after=curve))[:4]
    '<svg'
    """
    parts = [reliability_svg(evaluation['reliability_before'], evaluation['reliability_after'])]
    if 'coverage_after' in evaluation:
        parts.append(coverage_svg(evaluation['coverage_before'], evaluation['coverage_after']))
    width, height = _SIDE + _LEFT + 24, _SIDE + _TOP + 44
    inner = ''.join(f'<g transform="translate({i * width} 0)">{part}</g>' for i, part in enumerate(parts))
    total = len(parts) * width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" width="{total}" height="{height}" '
        f'font-family="sans-serif" font-size="12" color="#808080" fill="currentColor">{inner}</svg>\n'
    )


def reliability_svg(before: Mapping[str, Sequence], after: Mapping[str, Sequence]) -> str:
    """Return the pieces of the reliability plot; the area of a dot goes with its number of keypoints."""
    return (
        _axes('Reliability', 'probability said', 'share within the bound')
        + _curve(before, _BEFORE)
        + _curve(after, _AFTER)
    )


def coverage_svg(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Return the pieces of the coverage plot, levels as '0.5' -> the share of errors inside."""
    shown = _axes('Ellipses', 'share that should be inside', 'share that is inside')
    for shares, color in ((before, _BEFORE), (after, _AFTER)):
        points = dict(
            probability=[float(level) for level in shares], share=list(shares.values()), count=[1] * len(shares)
        )
        shown += _curve(points, color)
    return shown


def _place(x: float, y: float) -> tuple[float, float]:
    return _LEFT + x * _SIDE, _TOP + (1 - y) * _SIDE


def _axes(title: str, across: str, up: str) -> str:
    left, bottom = _place(0, 0)
    right, top = _place(1, 1)
    lines = [
        f'<text x="{left}" y="16" font-weight="bold">{title}</text>',
        f'<text x="{right - 118}" y="16" fill="{_BEFORE}">before</text>',
        f'<text x="{right - 68}" y="16" fill="{_AFTER}">after, held out</text>',
        f'<rect x="{left}" y="{top}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="currentColor"/>',
        f'<path d="M{left} {bottom}L{right} {top}" stroke="currentColor" stroke-dasharray="4 4" fill="none"/>',
        f'<text x="{(left + right) / 2}" y="{bottom + 36}" text-anchor="middle">{across}</text>',
        f'<text transform="translate(14 {(top + bottom) / 2}) rotate(-90)" text-anchor="middle">{up}</text>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = _place(tick, tick)
        lines.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
        lines.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    return ''.join(lines)


def _curve(curve: Mapping[str, Sequence], color: str) -> str:
    places = [_place(x, y) for x, y in zip(curve['probability'], curve['share'], strict=True)]
    total = max(sum(curve['count']), 1)
    line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in places)
    dots = ''.join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 10 * (count / total) ** 0.5:.1f}" fill="{color}" '
        f'fill-opacity="0.5"><title>{count} of {total}</title></circle>'
        for (x, y), count in zip(places, curve['count'], strict=True)
    )
    return f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>{dots}'
