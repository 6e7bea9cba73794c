"""The model zoo as text: one line a row, or all that is known of one."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..utils.addresses import expected_hash
from .rows import Row, Zoo

__all__ = ['describe_row', 'list_rows']


def list_rows(zoo: Zoo, rows: Sequence[Row], results: Path | None = None) -> str:
    """Return one line for each row.

    Args:
        zoo: of the rows.
        rows: to list.
        results: folder of what was measured here, by default the zoo's own.

    >>> from mmpose_dark.zoo import read_zoo, zoo_file
    >>> zoo = read_zoo(zoo_file())
    >>> print(list_rows(zoo, zoo.choose(['mmpose-hrnet_w32_coco_256x192_dark']), Path('nowhere')))
    mmpose-hrnet_w32_coco_256x192_dark coco-val AP 75.7, not measured here; weights: URL
    """
    lines = []
    for row in rows:
        main, result = zoo.benchmarks[row.benchmark].main, zoo.result(row, results)
        here = f'{result["measured"].get(main, float("nan")):.1f} here' if result else 'not measured here'
        lines.append(
            f'{row.id:<60} {row.benchmark:<19} {main} {row.published[main]:g}, {here}; weights: {_weights(row)}'
        )
    return '\n'.join(lines)


def describe_row(zoo: Zoo, row: Row) -> str:
    """Return all that is known of a row, and the command that tests it.

    >>> from mmpose_dark.zoo import read_zoo, zoo_file
    >>> zoo = read_zoo(zoo_file())
    >>> print(describe_row(zoo, zoo.rows['mmpose-hrnet_w32_coco_256x192_dark']).splitlines()[1])
      model       HRNet-W32 + DARK
    """
    benchmark = zoo.benchmarks[row.benchmark]
    parts = {
        'model': row.model,
        'source': ', '.join(zoo.sources[row.source].get(key, '') for key in ('title', 'url')),
        'licence': zoo.sources[row.source].get('licence', ''),
        'measured on': benchmark.title,
        'published': ', '.join(f'{name} {value:g}' for name, value in row.published.items()),
        'config': row.config,
        'weights': row.checkpoint or f'none published; expected at {row.weights}',
        'also at': ' '.join(row.addresses[1:]),
        'sha256': _hash(row),
        'size': ', '.join(
            f'{value:g} {unit}' for value, unit in ((row.parameters, 'M parameters'), (row.gflops, 'GFLOPs')) if value
        ),
        'note': ' '.join(filter(None, (row.note, benchmark.note))),
        'test with': row.command,
    }
    return '\n'.join([row.id, *(f'  {name:<11} {text}' for name, text in parts.items() if text)])


def _hash(row: Row) -> str:
    """Say what is known of the content of the weights."""
    if not row.url:
        return ''
    digits = expected_hash(PurePosixPath(row.url).name)
    if digits:
        return f'begins with {digits}, as the name says: compared after each download'
    return 'asked of the hub' if row.url.startswith('hf://') else 'not known: a download cannot be compared'


def _weights(row: Row) -> str:
    """Say how the weights are had."""
    return 'URL' if row.url else 'by hand' if row.checkpoint else 'none'
