"""One training step with targets made on the device, against targets made for each sample by the loader.

    python tools/benchmarks/train_step.py
    python tools/benchmarks/train_step.py --full --device cuda --compile --out train_step.json

"on device": the step as the recipes have it; the head encodes the keypoints where the network runs. "shipped": the
same step with heatmaps that came with the samples (GenerateTarget in the pipeline), and must be put together and
copied. "worker": what one loader worker needs for such a batch, its images cropped already, without and with heatmaps
to make and to send. "speedup": shipped over on device, the worker's time hidden behind the step; "speedup with
worker": the same with what the heatmaps cost the worker added, as where workers and network share processors. Above 1
ours is faster. "of float32" compares steps with targets on the device. "difference": of the two losses, relative, in
float32. The two steps take turns, with one network.

float16 needs CUDA. --compile adds rows through torch.compile, which takes minutes to warm up on a CPU.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, measure, measure_in_turns, report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=11, repeated='steps', device=True, threads=True)
    parser.add_argument('--full', action='store_true', help='HRNet-W32 256x192 and HRNet-W48 whole-body, for a GPU')
    parser.add_argument('--batch-size', type=int, help='samples a step (default: 8; full: 64 and 32)')
    parser.add_argument('--warm-up', type=int, default=2, help='steps before them (default: 2)')
    parser.add_argument('--compile', action='store_true', help='rows through torch.compile too')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch.utils.data import DataLoader, Dataset

from mmpose_dark.config.reading import load_config
from mmpose_dark.datasets import pose_collate
from mmpose_dark.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose_dark.engine.dataloader import start_worker
from mmpose_dark.registry import MODELS
from mmpose_dark.utils import register_all_modules
from mmpose_dark.utils.precision import amp_dtype


class Case(NamedTuple):
    """A network to train: its recipe, what to change in it, and samples a batch."""

    name: str
    config: str
    options: dict[str, object]
    batch_size: int


_TOP_DOWN = 'configs/top_down'
CASES = [
    Case('small HRNet', f'{_TOP_DOWN}/darkpose/lspet/hrnet_small_lspet_128x96_dark.py', {}, 8),
    Case(
        'ResNet-18',
        f'{_TOP_DOWN}/darkpose/coco/res50_coco_128x96_dark.py',
        {'model.backbone.depth': 18, 'model.head.in_channels': 512},
        8,
    ),
    Case('ResNet-50', f'{_TOP_DOWN}/darkpose/coco/res50_coco_128x96_dark.py', {}, 8),
]
FULL_CASES = [
    Case('HRNet-W32', f'{_TOP_DOWN}/darkpose/coco/hrnet_w32_coco_256x192_dark.py', {}, 64),
    Case(
        'HRNet-W48', f'{_TOP_DOWN}/darkpose/coco-wholebody/hrnet_w48_coco_wholebody_384x288_dark_plus.py', {}, 32
    ),
]  # fmt: skip


class Variant(NamedTuple):
    """How the network computes."""

    precision: str = 'float32'
    channels_last: bool = False
    compiled: bool = False

    def __str__(self) -> str:
        layout = ', channels last' if self.channels_last else ''
        return f'{self.precision}{layout}{", compiled" if self.compiled else ""}'


def variants(device: str, compiled: bool) -> Iterator[Variant]:
    """Yield what the device can do, plain float32 first.

    >>> print(next(variants('cpu', compiled=False)))
    float32
    """
    half = []
    for name in ('bfloat16', 'float16'):
        try:
            amp_dtype(name, device)
        except ValueError:
            continue  # not on this device
        half.append(name)
    for precision in ('float32', *half):
        yield Variant(precision)
        yield Variant(precision, channels_last=True)
    if compiled:
        yield Variant(compiled=True)
        yield Variant(half[-1], channels_last=True, compiled=True)


class Crops(Dataset):
    """Noise images with keypoints, as they are behind TopdownAffine, packed anew each time; endless.

    Args:
        codec: config of the recipe's codec.
        keypoints: number of keypoints.
        with_targets: make heatmaps too.
        count: different images.
    """

    def __init__(self, codec: dict, keypoints: int, *, with_targets: bool, count: int) -> None:
        rng = np.random.default_rng(0)
        width, height = codec['input_size']
        self.transforms = [GenerateTarget(codec)] if with_targets else []
        self.transforms.append(PackPoseInputs())
        self.crops = [
            dict(
                img=rng.integers(0, 256, (height, width, 3), np.uint8),
                transformed_keypoints=rng.uniform(0, (width, height), (1, keypoints, 2)).astype(np.float32),
                keypoints_visible=np.ones((1, keypoints), np.float32),
                input_size=(width, height),
            )
            for _ in range(count)
        ]

    def __len__(self) -> int:
        return 1 << 30

    def __getitem__(self, index: int) -> dict:
        results = dict(self.crops[index % len(self.crops)])
        for transform in self.transforms:
            results = transform(results)
        return results


def worker_time(crops: Crops, batch_size: int, repeats: int) -> Timing:
    """Milliseconds from one batch to the next of a loader with one worker."""
    loader = DataLoader(
        crops, batch_size, num_workers=1, collate_fn=pose_collate, worker_init_fn=start_worker, prefetch_factor=2
    )
    batches = iter(loader)
    return measure(lambda: next(batches), repeats=repeats, warm_up=4)


def build(cfg: Config, device: str, variant: Variant) -> tuple[torch.nn.Module, OptimWrapper]:
    """Build the network with random weights and its optimizer wrapper."""
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.to(device, **(dict(memory_format=torch.channels_last) if variant.channels_last else {})).train()
    wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
    if variant.precision != 'float32':
        wrapper |= dict(type='AmpOptimWrapper', dtype=variant.precision)
    if variant.compiled:
        head = model.head
        for part in (model.backbone, head.deconv_layers, head.conv_layers, head.final_layer):
            part.compile()
    return model, build_optim_wrapper(model, wrapper)


def step_of(model: torch.nn.Module, optimizer: OptimWrapper, batch: dict) -> Callable[[], object]:
    """One whole training step on a batch in host memory."""
    return lambda: model.train_step(batch, optimizer)


def loss_difference(model: torch.nn.Module, batches: list[dict]) -> float:
    """Relative difference of the losses of two batches."""
    with torch.no_grad():
        one, other = (
            float(model(**model.data_preprocessor(batch, True), mode='loss')['loss_kpt']) for batch in batches
        )
    return abs(one - other) / one


def run(case: Case, args: argparse.Namespace) -> Iterator[dict]:
    """Measure a network in all variants and yield their rows."""
    cfg = load_config(case.config, case.options)
    batch_size = args.batch_size or case.batch_size
    keypoints, (width, height) = cfg.model.head.out_channels, cfg.codec.input_size
    crops = [Crops(cfg.codec, keypoints, with_targets=t, count=batch_size) for t in (False, True)]
    batches = [pose_collate([c[i] for i in range(batch_size)]) for c in crops]
    print(f'{case.name}: loader worker', file=sys.stderr, flush=True)
    workers = [worker_time(c, batch_size, 4 * args.repeat) for c in crops]
    heatmaps = sum(sample.gt_fields.heatmaps.nbytes for sample in batches[1]['data_samples'])
    model, _ = build(cfg, args.device, Variant())
    difference = loss_difference(model, batches)
    plain = None
    for variant in variants(args.device, args.compile):
        print(f'{case.name}: {variant}', file=sys.stderr, flush=True)
        if variant.compiled:
            torch._dynamo.reset()
        model, optimizer = build(cfg, args.device, variant)
        settings = dict(repeats=args.repeat, device=args.device, warm_up=args.warm_up)
        on_device, shipped = measure_in_turns([step_of(model, optimizer, batch) for batch in batches], **settings)
        plain = plain or on_device
        extra = workers[1].median - workers[0].median
        yield {
            'network': case.name,
            'input': f'{height}x{width}',
            'keypoints': keypoints,
            'batch': batch_size,
            'precision': str(variant),
            'on device': on_device,
            'shipped': shipped,
            'heatmaps MB': round(heatmaps / 1e6, 1),
            'worker without': workers[0],
            'worker with': workers[1],
            'speedup': round(shipped.median / on_device.median, 2),
            'speedup with worker': round((shipped.median + extra) / on_device.median, 2),
            'of float32': round(plain.median / on_device.median, 2),
            'difference': f'{difference:.0e}',
        }


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, measure every case, print and write the table."""
    check_out(args.out)
    cv2.setNumThreads(1)
    if args.threads:
        torch.set_num_threads(args.threads)
    if torch.device(args.device).type == 'cuda':
        torch.backends.cudnn.benchmark = True  # as default_runtime.py
    register_all_modules()
    rows = [row for case in (FULL_CASES if args.full else CASES) for row in run(case, args)]
    notes = (
        [] if torch.device(args.device).type == 'cuda' else ['float16 is left out: its gradient scaling needs CUDA.']
    )
    report(rows, device=args.device, out=args.out, notes=notes)


if __name__ == '__main__':
    main(ARGS)
