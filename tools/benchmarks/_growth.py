"""How something grows: slopes in a log-log plot, and the points that were measured before."""

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

__all__ = ['TOLERANCE', 'Points', 'slope', 'steep_steps']

TOLERANCE = 0.15
"""By which a slope may be above its goal: doubling what there is then costs a tenth more than double."""


def slope(amounts: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent b of values = a * amounts**b: least squares of the logarithms.

    Args:
        amounts: (N,) positive, two different ones at least.
        values: (N,) positive.

    Raises:
        ValueError: too few amounts, or a number that has no logarithm.

    >>> round(slope([1, 10, 100], [3, 30, 300]), 6), round(slope([1, 10, 100], [5, 5, 5]), 6)
    (1.0, 0.0)
    """
    if len(set(amounts)) < 2 or min(*amounts, *values) <= 0:
        raise ValueError(f'two amounts and positive numbers are needed, got {list(amounts)} and {list(values)}')
    x, y = np.log(amounts), np.log(values)
    x = x - x.mean()
    return float(x @ y / (x @ x))


def steep_steps(amounts: Sequence[float], values: Sequence[float], goal: float) -> list[str]:
    """Return the steps from one amount to the next where the slope is above its goal, each as a text.

    Args:
        amounts: (N,) positive, rising.
        values: (N,) positive.
        goal: slope that is hoped for.

    >>> steep_steps([1, 10, 100], [1, 10, 400], 1.0)
    ['10 to 100: 1.60']
    """
    pairs = list(zip(amounts, values, strict=True))
    found = []
    for (a, u), (b, v) in itertools.pairwise(pairs):
        step = slope([a, b], [u, v])
        if step > goal + TOLERANCE:
            found.append(f'{a:,} to {b:,}: {step:.2f}')
    return found


class Points:
    """What was measured, a line of json each: kept at once, so that an interrupted program goes on where it stopped.

    Args:
        path: of the file; None keeps nothing.

    >>> points = Points(None)
    >>> points.keep(dict(kind='images', count=3), dict(seconds=1.5))
    >>> points.find(dict(count=3, kind='images')), points.find(dict(kind='images', count=4))
    ({'seconds': 1.5}, None)
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._found: dict[str, dict] = {}
        lines = path.read_text().splitlines() if path is not None and path.is_file() else []
        for number, line in enumerate(lines):
            try:
                point = json.loads(line)
                self._found[_key(point['spec'])] = point['found']
            except (ValueError, KeyError, TypeError):
                if number < len(lines) - 1:  # the last one may be cut off
                    raise ValueError(f'{path}, line {number + 1}: no point of this program; delete the file') from None

    def find(self, spec: Mapping[str, object]) -> dict | None:
        """Return what was found for these settings, in whatever order they stand; None where nothing was."""
        return self._found.get(_key(spec))

    def keep(self, spec: Mapping[str, object], found: dict) -> None:
        """Keep what was found, in place of what there was."""
        self._found[_key(spec)] = found
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, 'a') as file:
                file.write(
                    '\n' * _ends_within_a_line(self.path) + json.dumps(dict(spec=dict(spec), found=found)) + '\n'
                )


def _key(spec: Mapping[str, object]) -> str:
    return json.dumps(spec, sort_keys=True)


def _ends_within_a_line(path: Path) -> bool:
    content = path.read_bytes()
    return bool(content) and not content.endswith(b'\n')
