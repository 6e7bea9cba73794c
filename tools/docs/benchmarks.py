#!/usr/bin/env python
"""Write docs/benchmarks.md and its drawings from the json files of the benchmarks.

    make bench && python tools/docs/benchmarks.py --from work_dirs/benchmarks
    python tools/docs/benchmarks.py --check

``--from`` copies the json files to docs/benchmarks first. A file NAME.json holds the benchmark ``NAME`` as measured on
the usual machine, ``NAME_ANYTHING.json`` on another one.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _generated
from benchmark_texts import ABOUT, INTRO, NO_GPU, About

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.atomic_file import write_atomic
from mmpose_dark.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
KEYS = ('benchmark', 'title', 'command', 'date', 'machine', 'results', 'sweep', 'notes')


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a folder by file name, in the order of the page.

    Raises:
        InputError: no record there, or a file that is none of ours.
    """
    records = {}
    for path in sorted(folder.glob('*.json')):
        try:
            record = json.loads(path.read_text(encoding='utf-8'))
        except ValueError as err:
            raise InputError(f'{path}: no json ({err})') from err
        missing = [key for key in KEYS if not isinstance(record, dict) or key not in record]
        if missing:
            raise InputError(f'{path}: not written by a benchmark with --out; it lacks {", ".join(missing)}')
        if record['benchmark'] not in ABOUT or not path.stem.startswith(record['benchmark']):
            raise InputError(
                f'{path}: benchmark {record["benchmark"]!r}; a file is named NAME.json or NAME_MACHINE.json, '
                f'with a NAME of {", ".join(ABOUT)}'
            )
        records[path.stem] = record
    if not records:
        raise InputError(
            f'{folder}: no json files of benchmarks; run make bench, then give --from work_dirs/benchmarks'
        )
    order = list(ABOUT)
    return dict(sorted(records.items(), key=lambda item: (order.index(item[1]['benchmark']), item[0])))


def page(records: dict[str, dict], tried: str) -> str:
    """Return docs/benchmarks.md.

    Args:
        records: by file name, as :func:`read_records` returns them.
        tried: the hand-written end of the page.
    """
    gpu = any(record['machine']['device'] != record['machine']['cpu'] for record in records.values())
    parts = [INTRO + ('' if gpu else NO_GPU)]
    for name, about in ABOUT.items():
        found = {stem: record for stem, record in records.items() if record['benchmark'] == name}
        if found and name != 'tried':
            parts.append(f'## {about.title}\n\n{(about.text or next(iter(found.values()))["title"]).strip()}\n')
            parts += [measured(stem, record, about) for stem, record in found.items()]
    parts.append(tried.strip() + '\n')
    parts += [measured(stem, record, ABOUT['tried']) for stem, record in records.items() if stem.startswith('tried')]
    return '\n'.join(parts)


def measured(stem: str, record: dict, about: About) -> str:
    """Return drawing, table, notes, machine and command of one record."""
    lines = []
    if figure_of(stem, record, about):
        lines += [f'![{about.title}](figures/benchmarks_{stem}.png)', '']
    lines += [table(record['results']), '']
    if record['sweep']:
        lines += ['<details><summary>The values of the drawing</summary>', '']
        lines += [
            table([with_ratios(row, about.ratios) for row in record['sweep']], hide='amount'),
            '',
            '</details>',
            '',
        ]
    lines += [line for note in record['notes'] for line in (note, '')]
    machine = record['machine']
    on = machine['device'] if machine['device'] == machine['cpu'] else f'{machine["device"]} with {machine["cpu"]}'
    other = machine.get('other_programs')
    lines += [
        f'<sub>{on}, torch with {machine["threads"]} of {machine["cores"]} CPU cores'
        + (f', other programs on {other} of them meanwhile' if other is not None else '')
        + f'; {machine["system"]}, Python {machine["python"]}, torch {machine["torch"]}, NumPy {machine["numpy"]}, '
        f'OpenCV {machine["opencv"]}; commit {machine["commit"]}; {record["date"]}; [json](benchmarks/{stem}.json);',
        f'`{record["command"]}`</sub>',
        '',
    ]
    return '\n'.join(lines)


def with_ratios(row: dict, ratios: tuple[tuple[str, str, str], ...]) -> dict:
    """Add quotients of two columns' medians to a row.

    >>> with_ratios(dict(a=dict(median=6.0), b=dict(median=4.0)), (('a', 'b', 'a / b'),))['a / b']
    '1.5'
    """
    return row | {name: significant(row[over]['median'] / row[under]['median']) for over, under, name in ratios}


def table(rows: list[dict], hide: str = '') -> str:
    """Return rows (equal keys) as a Markdown table.

    >>> print(table([dict(way='ours', speed_up=2), dict(way='theirs', speed_up=1)]))
    | way | speed up |
    | --- | ---: |
    | ours | 2 |
    | theirs | 1 |
    """
    keys = [key for key in rows[0] if key != hide]
    words = [isinstance(rows[0][key], str) and not rows[0][key].replace('.', '').isdigit() for key in keys]
    lines = [[key.replace('_', ' ') for key in keys], ['---' if word else '---:' for word in words]]
    lines += [[cell(key, row[key]) for key in keys] for row in rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def cell(key: str, value: dict[str, float] | float | str | None) -> str:
    """Return a value as it stands in a table; a timing as its median and middle half.

    >>> cell('time', dict(median=1.5, low=1.2, high=1800)), cell('speedup', 0.5), cell('speedup', 2.0)
    ('1.5 ms (1.2–1800)', '**0.5**', '2.0')
    """
    if isinstance(value, dict):
        unit, per = ('s', 1e3) if value['median'] >= 1e3 else ('ms', 1.0)
        median, low, high = (significant(value[part] / per) for part in ('median', 'low', 'high'))
        return f'{median} {unit} ({low}–{high})'
    if key.startswith('speedup') and isinstance(value, int | float) and value < 1:
        return f'**{value}**'
    return '–' if value is None else str(value)


def significant(value: float) -> str:
    """Return a number with three significant digits and no exponent.

    >>> significant(1234.5), significant(0.0012345)
    ('1234', '0.00123')
    """
    return f'{value:.0f}' if value >= 100 else f'{float(f"{value:.3g}"):g}'


def figure_of(stem: str, record: dict, about: About) -> dict[str, Any] | None:
    """Return how to draw a record, as arguments of ``benchmark_figures``, or None where there is nothing to draw."""
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    common = dict(floor=about.floor, digest=digest, title=f'{about.title} ({record["machine"]["device"]})')
    if about.growth and record['sweep']:
        common.pop('floor')
        return dict(kind='draw_growth', rows=record['sweep'], slopes=record['results'], **common)
    if record['sweep'] and about.series:
        return dict(kind='draw_sweep', rows=record['sweep'], series=about.series, **common)
    rows = record['results']
    if about.floor[0] in rows[0] and 'sample' in rows[0]:
        texts = [[v for v in row.values() if isinstance(v, str)] for row in rows]
        return dict(kind='draw_rows', rows=rows, names=[', '.join(t) for t in texts], cost='sample', **common)
    return None


def stale_figures(records: dict[str, dict], folder: Path, *, draw: bool) -> list[str]:
    """Return the names of drawings that were not made from these records; with ``draw``, make them."""
    stale = []
    for stem, record in records.items():
        figure = figure_of(stem, record, ABOUT[record['benchmark']])
        path = folder / f'benchmarks_{stem}.png'
        if figure is None or (path.is_file() and figure['digest'].encode() in path.read_bytes()):
            continue
        stale.append(f'{folder.name}/{path.name}')
        if draw:
            import benchmark_figures  # matplotlib is needed to draw, not to check

            getattr(benchmark_figures, figure.pop('kind'))(figure.pop('rows'), path, **figure)
    return stale


def main() -> int:
    """Write the page and its drawings, or with ``--check`` only compare them; return the exit status."""
    parser = _generated.make_parser(__doc__)
    parser.add_argument('--from', dest='source', type=Path, help='copy the json files of this folder first')
    parser.add_argument('--docs', type=Path, default=ROOT / 'docs', help='folder of the page (default: docs)')
    args = parser.parse_args()
    if args.check and args.source:
        parser.error('--check writes nothing: leave --from away')
    folder = args.docs / 'benchmarks'
    if args.source:
        for stem in read_records(args.source):
            write_atomic(folder / f'{stem}.json', (args.source / f'{stem}.json').read_bytes())
    records = read_records(folder)
    text = page(records, (folder / 'tried.md').read_text(encoding='utf-8'))
    stale = stale_figures(records, args.docs / 'figures', draw=not args.check)
    stale += _generated.stale_files({args.docs / 'benchmarks.md': text}, check=args.check)
    return _generated.report(stale, f'{len(records)} records', 'python tools/docs/benchmarks.py', check=args.check)


if __name__ == '__main__':
    with user_errors('benchmarks.py'):
        sys.exit(main())
