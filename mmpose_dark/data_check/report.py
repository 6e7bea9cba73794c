"""What a check of data found, as text for people and as a dictionary for programs."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from ..utils.errors import InputError

__all__ = ['Finding', 'Report', 'Section', 'found', 'worst_first']

SEVERITIES = ('error', 'warning', 'note')
SHOWN = 5
"""Examples of a finding that are kept."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One kind of trouble in one file.

    Attributes:
        severity: ``'error'`` (training or testing stops, or gives wrong values), ``'warning'`` (it runs, but look
            at it) or ``'note'``.
        check: short name of the check, the same in every report.
        message: what is wrong and what to do.
        file: where.
        count: records concerned, 0 where it is about the file as a whole.
        examples: the first of them.
    """

    severity: str
    check: str
    message: str
    file: str = ''
    count: int = 0
    examples: tuple[str, ...] = ()


def found(
    severity: str,
    check: str,
    message: str,
    *,
    file: str = '',
    rows: Sequence[Any] = (),
    label: Callable[[Any], str] = str,
) -> Finding:
    """Make a finding about some records.

    Args:
        severity: see :class:`Finding`.
        check: its name.
        message: what is wrong and what to do; ``{n}`` is replaced by the number of records.
        file: where.
        rows: the records concerned, or their indices.
        label: names one of them.

    Raises:
        ValueError: an unknown severity.

    >>> found('warning', 'box-flat', '{n} boxes have no area', rows=[3, 8], label='annotation {}'.format).examples
    ('annotation 3', 'annotation 8')
    """
    if severity not in SEVERITIES:
        raise InputError(f'severity must be one of {SEVERITIES}, got {severity!r}')
    rows = list(rows)
    examples = tuple(label(row) for row in rows[:SHOWN])
    return Finding(severity, check, message.replace('{n}', str(len(rows))), file, len(rows), examples)


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, errors before warnings before notes, otherwise in their order.

    >>> [f.check for f in worst_first([found('note', 'a', ''), found('error', 'b', '')])]
    ['b', 'a']
    """
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


@dataclasses.dataclass
class Section:
    """What was found about one dataset of a config, or about several together.

    Attributes:
        title: which.
        facts: what it is, by name.
        findings: the trouble.
    """

    title: str
    facts: dict[str, str] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)

    def text(self) -> str:
        """Return it for people: the facts, then the findings with their examples.

        >>> print(Section('train', dict(people='7'), [found('error', 'ids', '{n} ids twice', rows=[4])]).text())
        train
          people  7
          ERROR   ids: 1 ids twice
                    - 4
        """
        lines = [self.title]
        width = max(map(len, self.facts), default=0)
        lines += [f'  {name:{width}}  {value}' for name, value in self.facts.items()]
        for finding in worst_first(self.findings):
            mark = finding.severity.upper() if finding.severity == 'error' else finding.severity
            lines.append(f'  {mark:7} {finding.check}: {finding.message}')
            if finding.file and finding.file not in finding.message:
                lines.append(f'            in {finding.file}')
            lines += [f'            - {example}' for example in finding.examples]
            if finding.count > len(finding.examples) > 0:
                lines.append(f'            - and {finding.count - len(finding.examples)} more')
        if self.facts and not self.findings:
            lines.append('  ok      nothing to complain about')
        return '\n'.join(lines)


@dataclasses.dataclass
class Report:
    """Everything that was found about the data of a config."""

    config: str
    sections: list[Section] = dataclasses.field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order of the sections."""
        return [finding for section in self.sections for finding in section.findings]

    def count(self, severity: str) -> int:
        """Return how many findings are of this severity.

        >>> Report('a.py', [Section('train', findings=[found('error', 'ids', '')])]).count('error')
        1
        """
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.count('error') == 0

    def text(self) -> str:
        """Return the report for people."""
        errors, warnings = self.count('error'), self.count('warning')
        verdict = 'the data can be used' if self.ok else 'do not start before the errors are mended'
        end = f'{_plural(errors, "error")}, {_plural(warnings, "warning")}: {verdict}'
        return '\n\n'.join([*(section.text() for section in self.sections), end])

    def to_dict(self) -> dict[str, Any]:
        """Return the report for programs; everything in it can be written as json."""
        return dict(
            config=self.config,
            ok=self.ok,
            errors=self.count('error'),
            warnings=self.count('warning'),
            sections=[dataclasses.asdict(section) for section in self.sections],
        )


def _plural(number: int, noun: str) -> str:
    return f'{number} {noun}{"" if number == 1 else "s"}'
