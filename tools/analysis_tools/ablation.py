#!/usr/bin/env python
r"""Train networks with each encoding, input size and seed, decode each network in every way, and compare.

One command makes the whole table, and goes on where it was interrupted: a finished training is not done again, an
unfinished one is resumed, metrics that are there are kept. The decoders of one network see the same heatmaps.

  python tools/analysis_tools/ablation.py configs/top_down/hrnet/lspet/hrnet_small_lspet_128x96.py \\
      --encodings biased unbiased udp --kernels 3 11 --seeds 0 1 2 --epochs 12
"""

import argparse
import json
import os.path as osp
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_cfg_options, add_device_argument, add_precision_arguments, make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config.variants import ENCODINGS

if TYPE_CHECKING:
    from mmpose_dark.config import PoseConfig

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
    """Train a network, or go on with its training, in a process of its own."""
    folder = cell.folder(args.work_dir)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / 'variant.py'
    config_of(cell, args).dump(str(config))
    options = ['--resume', '--device', args.device, *(['--amp', args.amp] if args.amp else [])]
    options += ['--channels-last'] if args.channels_last else []
    subprocess.run([sys.executable, str(TRAIN), str(config), '--work-dir', str(folder), *options], check=True)


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

    cfg = load_config(folder / 'variant.py')
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


def main() -> None:
    """Train what is not trained, measure, and print the table."""
    args = parse_args()
    for cell in cells_of(args):
        train(cell, args)


if __name__ == '__main__':
    with user_errors('ablation.py'):
        main()
