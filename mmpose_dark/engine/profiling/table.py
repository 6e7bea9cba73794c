"""A table of phases."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ...utils.errors import InputError
from .clock import PHASES, StepTimes

__all__ = ['PhaseRow', 'format_table', 'summarize']


@dataclass(frozen=True)
class PhaseRow:
    """One line of the table.

    Attributes:
        phase: its name, or 'step' for all together.
        median_ms: median over the steps.
        mean_ms: mean over the steps.
        share: of the time of all steps, 0 to 1.
        ms_a_sample: time of all steps over the number of samples.
    """

    phase: str
    median_ms: float
    mean_ms: float
    share: float
    ms_a_sample: float


def summarize(steps: Sequence[StepTimes], mode: str) -> list[PhaseRow]:
    """Sum steps up to one row a phase, and one called 'step' for all of them.

    Shares come from sums, not medians: batches of several workers arrive in bursts, so that the median of the waiting
    can be nothing where the mean is not.

    Args:
        steps: at least one.
        mode: 'train' or 'test'.

    Raises:
        ValueError: no steps.

    >>> rows = summarize([StepTimes({'network': 0.5}, 4), StepTimes({'network': 1.5}, 4)], 'test')
    >>> [(row.phase, row.mean_ms, row.ms_a_sample) for row in rows if row.share]
    [('network', 1000.0, 250.0), ('step', 1000.0, 250.0)]
    """
    if not steps:
        raise InputError('there is no step to sum up')
    total = sum(sum(step.seconds.values()) for step in steps)
    samples = max(1, sum(step.samples for step in steps))

    def row(phase: str, seconds: list[float]) -> PhaseRow:
        spent = sum(seconds)
        share = spent / total if total else 0.0
        return PhaseRow(
            phase, 1e3 * statistics.median(seconds), 1e3 * spent / len(seconds), share, 1e3 * spent / samples
        )

    rows = [row(phase, [step.seconds.get(phase, 0.0) for step in steps]) for phase in PHASES[mode]]
    return [*rows, row('step', [sum(step.seconds.values()) for step in steps])]


def format_table(rows: Sequence[PhaseRow]) -> str:
    """Return rows as text.

    >>> print(format_table([PhaseRow('network', 12.0, 12.5, 0.25, 0.39), PhaseRow('step', 49.0, 50.0, 1.0, 1.5625)]))
    phase      ms (median)  ms (mean)  share  ms a sample
    network           12.0       12.5   25 %        0.390
    step              49.0       50.0  100 %        1.562
    """
    lines = [f'{"phase":<10}{"ms (median)":>12}{"ms (mean)":>11}{"share":>7}{"ms a sample":>13}']
    for r in rows:
        share = f'{100 * r.share:.0f} %'
        lines.append(f'{r.phase:<10}{r.median_ms:12.1f}{r.mean_ms:11.1f}{share:>7}{r.ms_a_sample:13.3f}')
    return '\n'.join(lines)
