#!/usr/bin/env python
"""Write docs/benchmarks.md and its figures from the json files of the benchmarks.

    make bench && python tools/docs/benchmarks.py --from work_dirs/benchmarks
    python tools/docs/benchmarks.py --check

``--from`` copies the json files to docs/benchmarks first. A file NAME.json holds the benchmark ``NAME`` as measured on
the usual machine, ``NAME_ANYTHING.json`` on another one.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mmpose_dark.cli.errors import user_errors  # noqa: E402

KEYS = ('benchmark', 'title', 'command', 'date', 'machine', 'results', 'sweep', 'notes')

INTRO = """# Benchmarks

Written by `python tools/docs/benchmarks.py` from the json files in [docs/benchmarks](benchmarks). Do not edit it by
hand.

Each table comes from one run of one program in [tools/benchmarks](../tools/benchmarks), which times ours and a plain
baseline one after the other: calls to warm up, then the median of the measured calls, with the middle half of them in
brackets. On a GPU the clock stops when the device has finished. Compare ratios, not milliseconds, with other machines.
A `speedup` is the baseline's time over ours; **bold** where it is below 1, which means that ours is slower.

```bash
make bench                                                  # on a quiet machine
python tools/docs/benchmarks.py --from work_dirs/benchmarks  # this page and its pictures
```
"""
NO_GPU = """
No GPU was at hand for these figures: every row was measured on a CPU. `make bench ARGS='--device cuda'` measures one;
the second command then adds its tables to this page.
"""


class About(NamedTuple):
    """What the page says on a benchmark, and what its picture shows.

    ``series``: columns of a sweep to draw and their names, the baseline first; ``floor``: that column and its name;
    ``ratios``: columns to divide, with the name of the quotient.
    """

    title: str
    text: str
    series: dict[str, str] = {}  # noqa: RUF012
    floor: tuple[str, str] = ('', '')
    ratios: tuple[tuple[str, str, str], ...] = ()


ABOUT = {
    'decode': About(
        'Decoding: heatmaps to keypoints',
        """
`codec.batch_decode` against the DARK paper's post-processing as the reference toolboxes run it: one keypoint at a time,
with OpenCV, on one core. `floor` is one read of the heatmaps (their maximum), without which no peak is found.
`difference_px` is the largest difference between our keypoints and the loop's, in pixels of the network's input.
Quarter-pixel decoding is what DARK is compared with in the paper.
""",
        {'loop': 'DARK, loop', 'dark': 'DARK, ours', 'quarter_pixel': 'quarter-pixel, ours'},
        ('floor', 'one read of the maps'),
        (('loop', 'dark', 'loop / dark'), ('dark', 'floor', 'dark / floor')),
    ),
    'encode': About(
        'Encoding: keypoints to target heatmaps',
        """
`codec.batch_encode` against drawing one keypoint after the other with NumPy: `loop` draws an unbiased target over the
whole map, `patch_loop` a biased one, a patch of three sigma to each side. `floor` is one write of memory of the maps'
size. `patch_loop` leaves the rest of its maps as the zeros that the system promises, and the first to read them pays
for them; ours are written. `difference` is the largest difference of a target's value.
""",
        {
            'loop': 'unbiased, loop',
            'unbiased': 'unbiased, ours',
            'biased': 'biased, ours',
            'patch_loop': 'biased, loop',
        },
        ('floor', 'one write of the maps'),
        (('loop', 'unbiased', 'loop / unbiased'), ('unbiased', 'floor', 'unbiased / floor')),
    ),
    'evaluate': About(
        'Evaluation: the size of COCO val',
        """
`CocoMetric` from samples to the ten figures, reading the annotation file included, against xtcocotools as its users run
it, on people generated from a seed. AP must agree; the program fails where it does not. The `part` rows say where
`CocoMetric`'s time goes; the floor is Python's own reading of the annotation file and joining of the samples' arrays.
""",
    ),
    'pipeline': About(
        'A training sample',
        """
One sample through the whole training pipeline of the recipes, one thread, against nothing but decoding its JPEG and
warping it once. People of one image that are asked for in a row share the decoding of their image, as in testing;
apart is what shuffled training sees.
""",
        floor=('decode + warp', 'JPEG decode + warp'),
    ),
    'inference': About(
        'Inference',
        """
The network rows: backbone and head on one batch of crops, with the ways of [inference.md](inference.md), against eager
float32 PyTorch. `difference` is the largest one of a heatmap's value, over the largest value; the weights are
random, so what it does to AP stands in inference.md, measured on a trained network. The pictures rows:
from files to keypoints, against calling `inference_topdown` for one picture after the other.
""",
    ),
    'train_step': About(
        'A training step',
        """
A whole step (forward, loss, backward, optimizer) with targets that the head makes on the device, against the same step
with heatmaps that a loader worker made and shipped. `worker` is what a worker needs for such a batch, without and with
heatmaps. `speedup` is shipped over on device with the worker's time hidden, `speedup with worker` with what the
heatmaps cost the worker added; below 1 ours is slower. `of float32` compares precisions, targets on the device.
`difference` is that of the two losses, relative, in float32.
""",
    ),
    'tried': About('Tried instead', ''),
}


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a folder by file name, in the order of the page.

    Raises:
        ValueError: no record there, or a file that is none of ours.
    """
    records = {}
    for path in sorted(folder.glob('*.json')):
        try:
            record = json.loads(path.read_text(encoding='utf-8'))
        except ValueError as err:
            raise ValueError(f'{path}: no json ({err})') from err
        missing = [key for key in KEYS if not isinstance(record, dict) or key not in record]
        if missing:
            raise ValueError(f'{path}: not written by a benchmark with --out; it lacks {", ".join(missing)}')
        if record['benchmark'] not in ABOUT or not path.stem.startswith(record['benchmark']):
            raise ValueError(
                f'{path}: benchmark {record["benchmark"]!r}; a file is named NAME.json or NAME_MACHINE.json, '
                f'with a NAME of {", ".join(ABOUT)}'
            )
        records[path.stem] = record
    if not records:
        raise ValueError(
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
    """Return picture, table, notes, machine and command of one record."""
    lines = []
    if figure_of(stem, record, about):
        lines += [f'![{about.title}](figures/benchmarks_{stem}.png)', '']
    lines += [table(record['results']), '']
    if record['sweep']:
        lines += ['<details><summary>The figures of the picture</summary>', '']
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
    """Add quotients of two columns' medians to a row."""
    return row | {name: significant(row[over]['median'] / row[under]['median']) for over, under, name in ratios}


def table(rows: list[dict], hide: str = '') -> str:
    """Return rows (equal keys) as a Markdown table."""
    keys = [key for key in rows[0] if key != hide]
    words = [isinstance(rows[0][key], str) and not rows[0][key].replace('.', '').isdigit() for key in keys]
    lines = [[key.replace('_', ' ') for key in keys], ['---' if word else '---:' for word in words]]
    lines += [[cell(key, row[key]) for key in keys] for row in rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def cell(key: str, value: Any) -> str:
    """Return a value as it stands in a table; a timing as its median and middle half."""
    if isinstance(value, dict):
        unit, per = ('s', 1e3) if value['median'] >= 1e3 else ('ms', 1.0)
        median, low, high = (significant(value[part] / per) for part in ('median', 'low', 'high'))
        return f'{median} {unit} ({low}–{high})'
    if key.startswith('speedup') and isinstance(value, int | float) and value < 1:
        return f'**{value}**'
    return '–' if value is None else str(value)


def significant(value: float) -> str:
    """Return a number with three significant digits and no exponent."""
    return f'{value:.0f}' if value >= 100 else f'{float(f"{value:.3g}"):g}'


def figure_of(stem: str, record: dict, about: About) -> dict[str, Any] | None:
    """Return how to draw a record, as arguments of ``benchmark_figures``, or None where there is nothing to draw."""
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    common = dict(floor=about.floor, digest=digest, title=f'{about.title} ({record["machine"]["device"]})')
    if record['sweep'] and about.series:
        return dict(kind='draw_sweep', rows=record['sweep'], series=about.series, **common)
    rows = record['results']
    if about.floor[0] in rows[0] and 'sample' in rows[0]:
        texts = [[v for v in row.values() if isinstance(v, str)] for row in rows]
        return dict(kind='draw_rows', rows=rows, names=[', '.join(t) for t in texts], cost='sample', **common)
    return None


def stale_figures(records: dict[str, dict], folder: Path, *, draw: bool) -> list[str]:
    """Return the names of pictures that were not drawn from these records; with ``draw``, draw them."""
    stale = []
    for stem, record in records.items():
        figure = figure_of(stem, record, ABOUT[record['benchmark']])
        path = folder / f'benchmarks_{stem}.png'
        if figure is None or (path.is_file() and figure['digest'].encode() in path.read_bytes()):
            continue
        stale.append(f'{folder.name}/{path.name}')
        if draw:
            sys.path.insert(0, str(Path(__file__).parent))
            import benchmark_figures  # matplotlib is needed to draw, not to check

            getattr(benchmark_figures, figure.pop('kind'))(figure.pop('rows'), path, **figure)
    return stale


def main() -> int:
    """Write the page and its figures, or with ``--check`` only compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--from', dest='source', type=Path, help='copy the json files of this folder first')
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if something is out of date')
    parser.add_argument('--docs', type=Path, default=ROOT / 'docs', help='folder of the page (default: docs)')
    args = parser.parse_args()
    if args.check and args.source:
        parser.error('--check writes nothing: leave --from away')
    folder = args.docs / 'benchmarks'
    if args.source:
        folder.mkdir(parents=True, exist_ok=True)
        for stem in read_records(args.source):
            shutil.copyfile(args.source / f'{stem}.json', folder / f'{stem}.json')
    records = read_records(folder)
    text = page(records, (folder / 'tried.md').read_text(encoding='utf-8'))
    path = args.docs / 'benchmarks.md'
    stale = stale_figures(records, args.docs / 'figures', draw=not args.check)
    if not path.is_file() or path.read_text(encoding='utf-8') != text:
        stale.append(path.name)
        if not args.check:
            path.write_text(text, encoding='utf-8')
    if args.check and stale:
        print(f'out of date: {", ".join(stale)}; run python tools/docs/benchmarks.py', file=sys.stderr)
        return 1
    print(f'{len(records)} records; {"written: " + ", ".join(stale) if stale else "everything is up to date"}')
    return 0


if __name__ == '__main__':
    with user_errors('benchmarks.py'):
        sys.exit(main())
