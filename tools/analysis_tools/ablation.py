#!/usr/bin/env python
r"""Train networks with each encoding, input size and seed, decode each network in every way, and compare.

One command makes the whole table, and goes on where it was interrupted: a finished training is not done again, an
unfinished one is resumed, metrics that are there are kept. The decoders of one network see the same heatmaps.

  python tools/analysis_tools/ablation.py configs/top_down/hrnet/lspet/hrnet_small_lspet_128x96.py \\
      --encodings biased unbiased udp --kernels 3 11 --seeds 0 1 2 --epochs 12
"""

import argparse
import functools
import json
import os.path as osp
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_cfg_options, add_device_argument, add_precision_arguments, make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config.variants import ENCODINGS

if TYPE_CHECKING:
    from mmpose_dark.config import PoseConfig
    from mmpose_dark.evaluation.functional.oks_matching import OksMatches

TRAIN = Path(__file__).resolve().parents[1] / 'train.py'


@dataclass(frozen=True)
class Cell:
    """One network to train.

    Attributes:
        config: the file that it is a variant of.
        size: width and height of the input, None for the config's.
        encoding: one of `ENCODINGS`.
        seed: of weights, order and augmentation.
    """

    config: str
    size: tuple[int, int] | None
    encoding: str
    seed: int

    @property
    def network(self) -> str:
        """Return the name of the config, and the size where it is another."""
        name = Path(self.config).stem
        return f'{name}@{self.size[1]}x{self.size[0]}' if self.size else name

    def file(self, root: str) -> Path:
        """Return the config of the training, beside its folder."""
        return self.folder(root).with_suffix('.py')

    def folder(self, root: str) -> Path:
        """Return the work folder of the training."""
        return Path(root) / self.network / self.encoding / f'seed_{self.seed}'


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition('x')
    if not (height.isdigit() and width.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r} is not HEIGHTxWIDTH, as 256x192')
    return int(width), int(height)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='one network each')
    parser.add_argument('--encodings', nargs='+', choices=ENCODINGS, default=['biased', 'unbiased'])
    parser.add_argument('--kernels', type=int, nargs='+', default=[11], help='blur kernels of DARK (default: 11)')
    parser.add_argument('--sizes', type=_size, nargs='+', help="HEIGHTxWIDTH of inputs (default: the config's)")
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], help='(default: 0 1 2)')
    parser.add_argument('--epochs', type=int, help="length of each training, its schedule scaled (default: config's)")
    parser.add_argument('--work-dir', default='work_dirs/ablation', help='(default: %(default)s)')
    parser.add_argument('--metrics', nargs='+', help='names of the metrics in the tables (default: all)')
    add_device_argument(parser)
    add_precision_arguments(parser)
    add_cfg_options(parser)
    return parser.parse_args()


def cells_of(args: argparse.Namespace) -> list[Cell]:
    """Return the trainings, seed by seed: after the first round there is a whole table."""
    return [
        Cell(config, size, encoding, seed)
        for seed in args.seeds
        for config in args.configs
        for size in args.sizes or [None]
        for encoding in args.encodings
    ]


def config_of(cell: Cell, args: argparse.Namespace) -> 'PoseConfig':
    """Return the config of a training."""
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.config.variants import set_encoding, set_epochs, set_input_size

    cfg = load_config(cell.config, args.cfg_options)
    if cell.size:
        set_input_size(cfg, cell.size)
    set_encoding(cfg, cell.encoding)
    if args.epochs:
        set_epochs(cfg, args.epochs)
    cfg.randomness = dict(cfg.get('randomness') or {}, seed=cell.seed)
    return cfg


def train(cell: Cell, args: argparse.Namespace) -> None:
    """Train a network, or go on with its training, in a process of its own.

    Raises:
        InputError: the folder holds a training with other settings.
    """
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.errors import InputError

    folder = cell.folder(args.work_dir)
    config, wanted = cell.file(args.work_dir), config_of(cell, args).pretty_text
    if config.read_text() != wanted if config.is_file() else folder.is_dir():
        raise InputError(
            f'{folder}: a training with other settings (epochs, --cfg-options ...) is there; choose another '
            '--work-dir, or remove that folder'
        )
    write_atomic(config, wanted)
    if is_finished(cell, args):
        return
    options = ['--resume', '--device', args.device, *(['--amp', args.amp] if args.amp else [])]
    options += ['--channels-last'] if args.channels_last else []
    subprocess.run([sys.executable, str(TRAIN), str(config), '--work-dir', str(folder), *options], check=True)


def is_finished(cell: Cell, args: argparse.Namespace) -> bool:
    """Whether the last epoch of the training is there."""
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.engine.latest import find_latest_checkpoint

    latest = find_latest_checkpoint(str(cell.folder(args.work_dir)))
    epochs = load_config(cell.file(args.work_dir)).train_cfg.max_epochs
    return latest is not None and Path(latest).name == f'epoch_{epochs}.pth'


def measure(cell: Cell, args: argparse.Namespace) -> dict:
    """Decode a trained network in each way, and keep metrics and predictions; read them where they are kept.

    Returns:
        By the name of the decoder: the metrics, and the name of the file with the predictions.
    """
    folder = cell.folder(args.work_dir)
    kept = folder / 'decoders.json'
    codecs = decoders_of(cell, args)
    if kept.is_file():
        found = json.loads(kept.read_text())
        if list(found) == list(codecs) and kept.stat().st_mtime >= weights_of(folder).stat().st_mtime:
            return found
    from mmpose_dark.apis import init_model
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.engine import PoseRunner
    from mmpose_dark.engine.decoder_comparison import evaluate_decoders
    from mmpose_dark.evaluation.metrics import CocoMetric
    from mmpose_dark.registry import KEYPOINT_CODECS
    from mmpose_dark.utils import register_all_modules
    from mmpose_dark.utils.atomic_file import write_atomic

    cfg = load_config(cell.file(args.work_dir))
    model = init_model(cfg, str(weights_of(folder)), args.device)
    register_all_modules()
    loader = PoseRunner.build_dataloader(cfg.test_dataloader)
    ways = {name: KEYPOINT_CODECS.build(codec) for name, codec in codecs.items()}
    metrics, evaluators = evaluate_decoders(model, loader, cfg.test_evaluator, ways)
    found = {}
    for number, (name, values) in enumerate(metrics.items()):
        oks = next(m for m in evaluators[name].metrics if isinstance(m, CocoMetric))
        predictions = folder / f'predictions_{number}.json'
        write_atomic(predictions, json.dumps(oks.results_to_json(oks.case(oks.kept).detections), default=float))
        found[name] = dict(metrics={k: float(v) for k, v in values.items()}, predictions=predictions.name)
    write_atomic(kept, json.dumps(found, indent=1))
    return found


def weights_of(folder: Path) -> Path:
    """Return the last checkpoint of a finished training."""
    from mmpose_dark.engine.latest import find_latest_checkpoint

    return Path(find_latest_checkpoint(str(folder)))


def decoders_of(cell: Cell, args: argparse.Namespace) -> dict[str, dict]:
    """Return configs of codecs by the name of the way of decoding."""
    codec = dict(config_of(cell, args).model.head.decoder)
    if cell.encoding == 'udp':
        return {f'UDP, kernel {kernel}': dict(codec, blur_kernel_size=kernel) for kernel in args.kernels}
    dark = {f'DARK, kernel {kernel}': dict(codec, unbiased=True, blur_kernel_size=kernel) for kernel in args.kernels}
    return {'quarter-pixel': dict(codec, unbiased=False), **dark}


def rows_of(cells: Sequence[Cell], found: Sequence[dict]) -> dict[tuple[str, str, str], dict[int, dict[str, float]]]:
    """Return the metrics of each seed by network, encoding and decoder."""
    rows: dict[tuple[str, str, str], dict[int, dict[str, float]]] = {}
    for cell, decoders in zip(cells, found, strict=True):
        for decoder, outcome in decoders.items():
            rows.setdefault((cell.network, cell.encoding, decoder), {})[cell.seed] = outcome['metrics']
    return rows


def table_of(rows: Mapping[tuple[str, str, str], Mapping[int, Mapping[str, float]]], names: Sequence[str]) -> str:
    """Return means and standard deviations over seeds, as a table in Markdown."""
    import numpy as np

    lines = ['| network | encoding | decoder | ' + ' | '.join(names) + ' |', '| ' + '--- | ' * (3 + len(names))]
    for key, by_seed in rows.items():
        values = np.array([[metrics[name] for name in names] for metrics in by_seed.values()])
        spread = values.std(0, ddof=min(1, len(values) - 1))
        told = [f'{mean:.4f}' for mean in values.mean(0)]
        cells = told if len(values) == 1 else (f'{m} ± {s:.4f}' for m, s in zip(told, spread, strict=True))
        lines.append(f'| {" | ".join(key)} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def comparisons_of(rows: Mapping[tuple[str, str, str], Mapping[int, Mapping[str, float]]]) -> list[tuple]:
    """Return what is compared: each decoder with the first of its network, each encoding with the first, alike decoded.

    Each is (what, key of the first row, key of the second).
    """
    pairs = []
    for key in rows:
        network, encoding, decoder = key
        first = next(other for other in rows if other[:2] == key[:2])
        if first != key:
            pairs.append((f'{network}, {encoding}: {decoder} against {first[2]}', first, key))
    for key in rows:
        network, encoding, decoder = key
        twin = next((o for o in rows if o[0] == network and _alike(o[2], decoder) and o[1] != encoding), None)
        if twin is not None and list(rows).index(twin) < list(rows).index(key):
            pairs.append((f'{network}, {decoder}: {encoding} against {twin[1]}', twin, key))
    return pairs


def _alike(one: str, other: str) -> bool:
    """Whether two decoders are the same but for the crop that they belong to: UDP refines a peak as DARK does."""
    return one.replace('UDP', 'DARK') == other.replace('UDP', 'DARK')


def differences_of(
    rows: Mapping[tuple[str, str, str], Mapping[int, Mapping[str, float]]],
    names: Sequence[str],
    over_images: Callable[[tuple[str, str, str], tuple[str, str, str], int], float] | None = None,
) -> str:
    """Return the differences, paired by seed, as a table in Markdown.

    ``over_images`` gives the p value of a difference in AP for one seed, by exchanging the two image by image.
    """
    from mmpose_dark.evaluation.functional.paired import paired_t

    last = ['p over images, each seed'] if over_images else []
    lines = ['| compared | ' + ' | '.join([*names, *last]) + ' |', '| ' + '--- | ' * (1 + len(names) + len(last))]
    for what, first, second in comparisons_of(rows):
        seeds = sorted(set(rows[first]) & set(rows[second]))
        cells = []
        for name in names:
            found = paired_t(*([rows[key][seed][name] for seed in seeds] for key in (first, second)))
            interval = f' [{found.low:+.4f}, {found.high:+.4f}], p {found.p:.2g}' if found.pairs > 1 else ''
            cells.append(f'{found.mean:+.4f}{interval}')
        if over_images:
            cells.append(', '.join(f'{over_images(first, second, seed):.3f}' for seed in seeds))
        lines.append(f'| {what} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def p_over_images(cells: Sequence[Cell], found: Sequence[dict], args: argparse.Namespace) -> Callable:
    """Return the function that `differences_of` takes: see `ap_difference`."""
    from mmpose_dark.evaluation.functional.bootstrap import ap_difference

    places = {
        (cell.network, cell.encoding, decoder, cell.seed): (cell, outcome['predictions'])
        for cell, decoders in zip(cells, found, strict=True)
        for decoder, outcome in decoders.items()
    }

    @functools.cache
    def matches(*key: str | int) -> 'OksMatches':
        return _matches_of(*places[key], args)

    @functools.cache
    def p_value(first: tuple[str, str, str], second: tuple[str, str, str], seed: int) -> float:
        return ap_difference(matches(*first, seed), matches(*second, seed), resamples=500).p

    return p_value


def _matches_of(cell: Cell, predictions: str, args: argparse.Namespace) -> 'OksMatches':
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.config.tree import evaluators_of, keypoint_definition
    from mmpose_dark.evaluation.functional.oks_eval import oks_problem
    from mmpose_dark.evaluation.functional.oks_matching import match_people
    from mmpose_dark.keypoint_sets import parse_pose_metainfo

    cfg = load_config(cell.file(args.work_dir))
    oks = next(evaluator for evaluator in evaluators_of(cfg, 'test') if evaluator['type'] == 'CocoMetric')
    sigmas = parse_pose_metainfo(dict(keypoint_definition(cfg)))['sigmas']
    results = cell.folder(args.work_dir) / predictions
    return match_people(oks_problem(oks['ann_file'], results, sigmas=sigmas, use_area=oks.get('use_area', True)))


def main() -> None:
    """Train what is not trained, measure, and print the table."""
    args = parse_args()
    from mmpose_dark.config.validate import validate_config
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    cells = cells_of(args)
    for cell in cells:
        validate_config(config_of(cell, args))  # all of them before the first night
    check_outputs(folders=[args.work_dir])
    found = []
    for number, cell in enumerate(cells, 1):
        print(f'{number} of {len(cells)}: {cell.network}, {cell.encoding}, seed {cell.seed}', file=sys.stderr)
        train(cell, args)
        found.append(measure(cell, args))
        rows = rows_of(cells[:number], found)
        names = args.metrics or [name for name in next(iter(next(iter(rows.values())).values())) if '(' not in name]
        tables = f'{table_of(rows, names)}\n\n{differences_of(rows, names)}\n'
        if number == len(cells):
            print('paired tests over images', file=sys.stderr)
            tested = differences_of(rows, names, p_over_images(cells, found, args))
            tables = f'{table_of(rows, names)}\n\n{tested}\n'
        write_atomic(Path(args.work_dir) / 'ablation.md', tables)
        write_atomic(Path(args.work_dir) / 'ablation.json', json.dumps(_plain(rows), indent=1))
    print(tables)


def _plain(rows: Mapping[tuple[str, str, str], Mapping[int, Mapping[str, float]]]) -> list[dict]:
    return [
        dict(network=network, encoding=encoding, decoder=decoder, seed=seed, metrics=dict(metrics))
        for (network, encoding, decoder), by_seed in rows.items()
        for seed, metrics in by_seed.items()
    ]


if __name__ == '__main__':
    with user_errors('ablation.py'):
        main()
