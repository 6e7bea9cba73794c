#!/usr/bin/env python
"""Write model-zoo.md and model-index.yml from the published rows and the results measured here."""

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _generated

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.zoo.rows import Benchmark, Row, Zoo, read_zoo

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / 'docs' / 'zoo' / 'published.json'

INTRO = """# Model zoo

Written by `python tools/docs/model_zoo.py` from [docs/zoo/published.json](docs/zoo/published.json)
and the results in [docs/zoo/results](docs/zoo/results). Do not edit it by hand.

{count} published results, each with the config of its recipe and the command that gives its metrics.
Parameters (millions) and GFLOPs (multiply-accumulates of convolution and linear layers / 2^30, as the
papers count) are computed here. All other values are published ones, in per cent.

**here** is the main metric as measured with this project, "{none}" where it is not measured: the weights,
the data or both could not be had on the machine the project was made on. `python tools/reproduce.py ID`
fetches the weights of a row, tests them, compares, and writes the result file that fills the column.

Weights: *URL* is fetched by the command itself; *by hand* has to be downloaded in a browser and
put where the command expects it, `checkpoints/ID.pth`; for *none* the source's table has no URL:
train the config with `python tools/train.py CONFIG`, or find the weights with their authors, and put
them in the same place.
"""
NOT_MEASURED = '–'


class Cost(NamedTuple):
    """What a config's network costs: input as HxW, parameters, multiply-accumulates."""

    input: str
    parameters: int
    macs: int


def cost_of(row: Row) -> Cost:
    """Build a row's network without memory and count."""
    import torch

    from mmpose_dark.config import load_config
    from mmpose_dark.models.complexity import model_complexity
    from mmpose_dark.registry import MODELS

    cfg = load_config(ROOT / row.config)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    width, height = cfg.codec.input_size
    cost = model_complexity(model, (height, width))
    return Cost(f'{height}x{width}', cost.parameters, cost.macs)


def costs_of(zoo: Zoo) -> dict[str, Cost]:
    """Return the cost of each config (they are the same with and without DARK, and at every recipe)."""
    from mmpose_dark.config import load_config

    known: dict[str, Cost] = {}
    by_model: dict[str, Cost] = {}
    for row in zoo.rows.values():
        cfg = load_config(ROOT / row.config)
        head = {key: value for key, value in cfg.model.head.items() if key != 'decoder'}
        parts = {key: cfg.model.get(key) for key in ('type', 'backbone', 'neck', 'others')}
        key = repr((cfg.codec.input_size, head, parts))
        by_model[key] = by_model.get(key) or cost_of(row)
        known[row.config] = by_model[key]
    return known


def model_zoo_text(zoo: Zoo, costs: dict[str, Cost]) -> str:
    """Return model-zoo.md."""
    parts = [INTRO.format(count=len(zoo.rows), none=NOT_MEASURED)]
    for key, benchmark in zoo.benchmarks.items():
        parts += [f'## {benchmark.title}', '', *([benchmark.note, ''] if benchmark.note else [])]
        for source, about in zoo.sources.items():
            rows = [row for row in zoo.rows.values() if (row.benchmark, row.source) == (key, source)]
            if rows:
                parts.append(
                    f'Published by [{about["title"]}]({about["url"]}):\n\n{group(zoo, benchmark, rows, costs)}'
                )
    return '\n'.join(parts)


def group(zoo: Zoo, benchmark: Benchmark, rows: list[Row], costs: dict[str, Cost]) -> str:
    """Return the table, notes and commands of rows of one benchmark and one source."""
    metrics = [name for name in benchmark.figures if any(name in row.published for row in rows)]
    head = ['ID and config', 'network', 'input', 'M params', 'GFLOPs', *metrics, f'{benchmark.main} here', 'weights']
    lines = [table_line(head), table_line(['---', '---', '---', *['---:'] * (len(head) - 4), '---'])]
    for row in rows:
        cost = costs[row.config]
        cells = [f'[{row.id}]({row.config})', row.model, cost.input]
        cells += [f'{cost.parameters / 1e6:.1f}', f'{cost.macs / 2**30:.1f}']
        cells += [number(row.published[name]) if name in row.published else '' for name in metrics]
        lines.append(table_line([*cells, here(zoo, benchmark, row), weights(row)]))
    notes = [f'- {row.id}: {row.note}' for row in rows if row.note]
    lines += ['', *notes, *([''] if notes else [])]
    lines += ['<details><summary>Commands</summary>', '', '```bash', *(row.command for row in rows), '```', '']
    return '\n'.join([*lines, '</details>', ''])


def weights(row: Row) -> str:
    """Return where a row's weights come from, with a link."""
    if row.checkpoint:
        page = row.checkpoint.replace('hf://', 'https://huggingface.co/')  # where a browser finds it
        return f'[{"URL" if row.url else "by hand"}]({page})'
    return f'as {row.weights_of}' if row.weights_of else 'none'


def number(value: float) -> str:
    """Return a value with the decimals it was published with, one at least.

    >>> number(63.0), number(75.25)
    ('63.0', '75.25')
    """
    return f'{value:.1f}' if round(value, 1) == value else f'{value:g}'


def table_line(cells: list[str]) -> str:
    """Return a line of a Markdown table.

    >>> table_line(['a', 'b'])
    '| a | b |'
    """
    return '| ' + ' | '.join(cells) + ' |'


def here(zoo: Zoo, benchmark: Benchmark, row: Row) -> str:
    """Return the main metric measured here, with a link to the result."""
    result = zoo.result(row)
    if result is None or benchmark.main not in result['measured']:
        return NOT_MEASURED
    return f'[{result["measured"][benchmark.main]:.1f}](docs/zoo/results/{row.id}.json)'


def training_data(row: Row, benchmark: Benchmark) -> str | list[str]:
    """Return the datasets that a row's network has learnt."""
    if row.model.startswith('ViTPose+'):
        return ['COCO', 'AI Challenger', 'MPII', 'AP-10K', 'APT-36K', 'COCO-WholeBody']
    if ', COCO + ' in row.model:
        return row.model.partition(', ')[2].replace('AIC', 'AI Challenger').split(' + ')
    return ['COCO', 'AI Challenger'] if '_coco_aic_' in row.config else benchmark.dataset


def model_index_text(zoo: Zoo, costs: dict[str, Cost]) -> str:
    """Return model-index.yml, in OpenMMLab's form."""
    import yaml

    collections = [
        dict(Name=c['name'], Paper=dict(Title=c['title'], URL=c['url']), README='model-zoo.md')
        for c in zoo.collections.values()
    ]
    models = []
    for row in zoo.rows.values():
        benchmark, cost = zoo.benchmarks[row.benchmark], costs[row.config]
        model = {
            'Name': row.id,
            'In Collection': zoo.collections[Path(row.config).parts[2]]['name'],
            'Config': row.config,
            'Metadata': {
                'Architecture': row.model,
                'Training Data': training_data(row, benchmark),
                'Input Size': cost.input,
                'Parameters': cost.parameters,
                'FLOPs': cost.macs,
                'Benchmark': benchmark.title,
                'Published By': zoo.sources[row.source]['title'],
            },
            'Results': [{'Task': 'Body 2D Keypoint', 'Dataset': benchmark.dataset, 'Metrics': dict(row.published)}],
        }
        if row.checkpoint:
            model['Weights'] = row.checkpoint
        models.append(model)
    head = '# Written by tools/docs/model_zoo.py; do not edit it by hand.\n'
    return head + yaml.safe_dump(
        {'Collections': collections, 'Models': models}, sort_keys=False, allow_unicode=True, width=120
    )


def main() -> int:
    """Write the files, or with ``--check`` only compare them; return the exit status."""
    args = _generated.make_parser(__doc__).parse_args()
    zoo = read_zoo(ZOO)
    costs = costs_of(zoo)
    texts = {
        ROOT / 'model-zoo.md': model_zoo_text(zoo, costs),
        ROOT / 'model-index.yml': model_index_text(zoo, costs),
    }
    stale = _generated.stale_files(texts, check=args.check)
    return _generated.report(stale, f'{len(zoo.rows)} rows', 'python tools/docs/model_zoo.py', check=args.check)


if __name__ == '__main__':
    with user_errors('model_zoo.py'):
        sys.exit(main())
