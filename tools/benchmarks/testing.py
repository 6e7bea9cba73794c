"""A whole test, from image files to AP, against nothing but the network's own time.

    python tools/benchmarks/testing.py
    python tools/benchmarks/testing.py --config vitpose_small_coco_256x192 --batch-size 16 --out testing.json

The baseline is backbone and head on the same crops, which lie in memory, with a flip test as in the recipe: twice for
each person. The whole is what `tools/test.py` does once it has built everything: reading and decoding images, cropping,
preprocessing, the network, putting the flipped heatmaps back, DARK's decoding, and AP of all people. The ways take
turns. "over the network" is what the whole takes more, in hundredths of the network's time; the aim is 5. People are
drawn, 640 x 480 pixels; the weights are random, which changes no time.
"""

import argparse
import contextlib
import functools
import io
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import check_out, make_parser, measure_in_turns, report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=5, threads=True)
    parser.add_argument(
        '--config', default='hrnet_w32_coco_256x192_dark', help='file or name (default: HRNet-W32, DARK)'
    )
    parser.add_argument('--images', type=int, default=24, help='drawn, with some 2.5 people each (default: 24)')
    parser.add_argument('--batch-size', type=int, default=8, help='people a batch (default: 8)')
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 2], help='of the loader (default: 0 and 2)')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import torch

from mmpose_dark.config import find_config, load_config, validate_config
from mmpose_dark.engine import PoseRunner
from mmpose_dark.synthetic import PeopleSettings
from mmpose_dark.synthetic.dataset import write_dataset


def make_runner(config: str, data: Path, work_dir: Path, *, batch_size: int, workers: int) -> PoseRunner:
    """Return a runner that tests the network of a config on drawn people."""
    cfg = load_config(find_config(config))
    pipeline = cfg.test_dataloader.dataset.pipeline
    annotations = str(data / 'annotations' / 'val.json')
    images = dict(img=str(data / 'images'))
    cfg.test_dataloader.dataset = dict(
        type='CocoDataset', ann_file=annotations, data_prefix=images, pipeline=pipeline, test_mode=True
    )
    cfg.test_dataloader.update(batch_size=batch_size, num_workers=workers, persistent_workers=workers > 0)
    cfg.test_evaluator = dict(type='CocoMetric', ann_file=annotations)
    cfg.test_cfg = dict()  # float32
    for name in ('train_cfg', 'train_dataloader', 'optim_wrapper', 'param_scheduler', 'val_cfg', 'val_dataloader'):
        cfg[name] = None
    cfg.update(
        val_evaluator=None, custom_hooks=[], work_dir=str(work_dir), device='cpu', log_level='ERROR', load_from=None
    )
    cfg.model.backbone.pop('init_cfg', None)
    validate_config(cfg)
    return PoseRunner.from_cfg(cfg)


def network_alone(runner: PoseRunner) -> Callable[[], None]:
    """Return backbone and head, twice, on all batches of a runner's test, which are kept in memory."""
    model = runner.model
    inputs = [model.data_preprocessor(batch)['inputs'] for batch in runner.test_dataloader]
    flips = (False, True) if model.test_cfg.get('flip_test') else (False,)

    @torch.no_grad()
    def way() -> None:
        model.eval()  # a test puts it back as it was
        for crops in inputs:
            for flip in flips:
                model.head.forward(model.extract_feat(crops.flip(-1) if flip else crops))

    return way


def whole(runner: PoseRunner) -> None:
    """Test once."""
    with contextlib.redirect_stdout(io.StringIO()):
        runner.test()


def measured(args: argparse.Namespace, folder: Path) -> list[dict]:
    """Draw people, build a runner for each number of workers, and time them and the network in turns."""
    settings = PeopleSettings(train=1, val=args.images, width=640, height=480)
    people = write_dataset(folder / 'people', settings)['val']
    make = functools.partial(make_runner, args.config, folder / 'people', batch_size=args.batch_size)
    runners = {count: make(folder / f'run_{count}', workers=count) for count in args.workers}
    calls = [network_alone(next(iter(runners.values()))), *(functools.partial(whole, r) for r in runners.values())]
    times = measure_in_turns(calls, repeats=args.repeat, warm_up=1)
    return rows_of(args, people, list(runners), times)


def rows_of(args: argparse.Namespace, people: int, workers: Sequence[int], times: list) -> list[dict]:
    """Return a row for each number of workers."""
    network, *wholes = times
    return [
        dict(
            input=f'{args.config}, {people} people, batches of {args.batch_size}',
            workers=count,
            network=network,
            whole=timing,
            **{'over the network, %': round(100 * (timing.median / network.median - 1), 1)},
        )
        for count, timing in zip(workers, wholes, strict=True)
    ]


def main(args: argparse.Namespace) -> None:
    """Measure, print and write the table."""
    check_out(args.out)
    logging.disable(logging.WARNING)
    if args.threads:
        torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(args, Path(folder))
    report(rows, device='cpu', out=args.out)


if __name__ == '__main__':
    main(ARGS)
