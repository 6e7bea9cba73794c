"""Bars in SVG, in the page's own colours, so that they are right in the light and in the dark."""

from collections.abc import Mapping, Sequence

from .page import escape

__all__ = ['legend', 'stacked_bars']

_ROW, _LABEL, _BAR, _NUMBER = 20, 190, 520, 160


def stacked_bars(
    rows: Mapping[str, Mapping[str, float]],
    colors: Mapping[str, str],
    *,
    notes: Mapping[str, str] | None = None,
    total: float | None = None,
) -> str:
    """Return horizontal bars, one a row, each divided among parts.

    Args:
        rows: by the text before the bar, the length of each part, at least 0.
        colors: of the parts, in their order, as CSS says them (``'var(--good)'``).
        notes: text behind the bars.
        total: length that is the whole width; None: each bar is as long as the others, its parts are shares.

    >>> stacked_bars({'nose': {'good': 3, 'miss': 1}}, {'good': 'green', 'miss': 'red'}).count('<rect')
    2
    """
    lines = []
    for number, (name, parts) in enumerate(rows.items()):
        top, left = number * _ROW, float(_LABEL)
        whole = sum(parts.values()) if total is None else total
        lines.append(f'<text x="{_LABEL - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        for part, color in colors.items():
            width = _BAR * parts.get(part, 0) / whole if whole else 0
            if width > 0:
                told = f'{name}, {part}: {parts[part]:.4g}'
                lines.append(
                    f'<rect x="{left:.2f}" y="{top + 3}" width="{width:.2f}" height="{_ROW - 5}" fill="{color}">'
                    f'<title>{escape(told)}</title></rect>'
                )
            left += width
        if notes and name in notes:
            lines.append(f'<text x="{_LABEL + _BAR + 8}" y="{top + 14}">{escape(notes[name])}</text>')
    width = _LABEL + _BAR + (_NUMBER if notes else 0)
    height = _ROW * len(rows)
    body = '\n'.join(lines)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n{body}\n</svg>'


def legend(colors: Mapping[str, str], names: Sequence[str] = ()) -> str:
    """Return what the colours of bars mean; ``names`` instead of the parts' own.

    >>> legend({'good': 'green'})
    '<p><span style="color:green">■</span> good</p>'
    """
    shown = zip(colors.values(), names or colors, strict=True)
    return (
        f'<p>{" &nbsp; ".join(f"<span style={chr(34)}color:{c}{chr(34)}>■</span> {escape(n)}" for c, n in shown)}</p>'
    )
