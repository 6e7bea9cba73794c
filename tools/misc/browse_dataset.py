#!/usr/bin/env python
"""Draw what a network is fed: pictures, augmented crops, keypoints and target heatmaps."""

import argparse
import os.path as osp
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

import numpy as np
from mmengine.config import Config, DictAction
from mmengine.structures import InstanceData

from mmpose_dark.apis import find_config
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config.reading import ConfigError, load_config
from mmpose_dark.config.validate import validate_config
from mmpose_dark.datasets.errors import BadSample, ImageReadError
from mmpose_dark.datasets.sample_key import SampleKey
from mmpose_dark.datasets.transforms import LoadImage
from mmpose_dark.registry import DATASETS, KEYPOINT_CODECS
from mmpose_dark.utils.pose_registry import accepted_arguments
from mmpose_dark.visualization import (
    PoseLocalVisualizer,
    contact_sheet,
    network_input,
    side_by_side,
    stacked,
    write_image,
)

STATUS_BAD_IMAGES = 3
EPILOG = """
modes:
  transformed  contact sheets of the network's inputs: each crop with its keypoints, and its target heatmaps
  pipeline     one picture a sample: original, crop, keypoints, target, and each keypoint's heatmap
  original     one picture an image: all people with their boxes and keypoints, as annotated
"""


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file, or the name of one that came with the package')
    parser.add_argument('--output-dir', help='folder to write to (default: work_dirs/browse/<config name>)')
    parser.add_argument('--phase', default='train', choices=('train', 'val', 'test'))
    parser.add_argument('--mode', default='transformed', choices=('original', 'transformed', 'pipeline'))
    parser.add_argument('--max-items', type=int, default=48, help='samples (or images) to draw (%(default)s)')
    parser.add_argument('--repeat', type=int, default=1, help='draw each sample as in so many epochs (%(default)s)')
    parser.add_argument('--per-sheet', type=int, default=24, help='crops on a contact sheet (%(default)s)')
    parser.add_argument('--shuffle', action='store_true', help='draw samples in random order instead of from the first')
    parser.add_argument('--show', action='store_true', help='open a window for each picture as well')
    parser.add_argument('--not-show', action='store_true', help='accepted for scripts of mmpose; it is the default')
    parser.add_argument('--show-interval', type=float, default=0, help='seconds that a window stays, 0 until closed')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings of the config to change')
    args = parser.parse_args()
    for name in ('max_items', 'repeat', 'per_sheet'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    return args


def build(cfg: Config, phase: str) -> tuple[Any, Any]:
    """Return the dataset of a phase, which reports unreadable images, and the codec (None if there is none)."""
    loader = cfg.get(f'{phase}_dataloader')
    if loader is None:
        raise ConfigError(f'the config has no {phase}_dataloader')
    dataset = loader.dataset
    if 'on_bad_image' in accepted_arguments(DATASETS.find(dataset['type']))[0]:
        dataset.on_bad_image = 'report'
    codec = cfg.model.get('head', {}).get('decoder') or cfg.get('codec')
    return DATASETS.build(dataset), KEYPOINT_CODECS.build(codec) if codec else None


def samples(dataset: Any, order: np.ndarray, args: argparse.Namespace, seed: int) -> Iterator[tuple[int, int, Any]]:
    """Yield index, epoch and sample as training with this seed would see them."""
    for index in order[: args.max_items]:
        for epoch in range(args.repeat):
            yield int(index), epoch, dataset[SampleKey(int(index), epoch, seed)]


def originals(dataset: Any, order: np.ndarray, args: argparse.Namespace, bad: dict) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a name and a drawing of each image with all its people, as annotated."""
    people: dict[str, list[dict]] = {}
    for index in order:
        info = dataset.get_data_info(int(index))
        if info['img_path'] in people or len(people) < args.max_items:
            people.setdefault(info['img_path'], []).append(info)
    for number, (path, infos) in enumerate(people.items()):
        try:
            yield f'{number:04d}_{Path(path).stem}', draw_original(path, infos, dataset.metainfo)
        except ImageReadError as err:
            bad[path] = err.reason


def draw_original(path: str, infos: list[dict], dataset_meta: dict) -> np.ndarray:
    """Draw an image (H, W, 3), red first, with the boxes and keypoints of its people."""
    image = np.ascontiguousarray(LoadImage()(dict(img_path=path))['img'][..., ::-1])
    visualizer = PoseLocalVisualizer('original')
    visualizer.set_dataset_meta(dataset_meta)
    found = InstanceData(
        bboxes=np.concatenate([i['bbox'] for i in infos]),
        keypoints=np.concatenate([i['keypoints'] for i in infos]),
        keypoints_visible=np.concatenate([i['keypoints_visible'] for i in infos]),
    )
    return visualizer.draw_instances(image, found, kpt_thr=0.0, draw_bbox=True)


def inputs(dataset: Any, codec: Any, order: np.ndarray, args: argparse.Namespace, seed: int, bad: dict) -> Iterator:
    """Yield a name and a drawing of each sample (mode pipeline) or contact sheet (mode transformed)."""
    meta, cells, sheet = dataset.metainfo, [], 0
    for index, epoch, packed in samples(dataset, order, args, seed):
        if isinstance(packed, BadSample):
            bad[packed.path] = packed.reason
            continue
        fed = network_input.unpack_sample(packed, codec)
        title = f'{index} {Path(packed["data_samples"].get("img_path", "")).stem}'
        if args.mode == 'pipeline':
            original = draw_original(packed['data_samples'].img_path, [dataset.get_data_info(index)], meta)
            steps = side_by_side(
                original, fed.crop, network_input.draw_input(fed, meta), network_input.draw_target(fed), background=32
            )
            if fed.heatmaps is not None:
                steps = stacked(steps, network_input.draw_target_grid(fed, meta))
            yield f'{index:06d}_{epoch}', steps
            continue
        cells.append((title, network_input.draw_input_and_target(fed, meta)))
        if len(cells) == args.per_sheet:
            sheet += 1
            yield f'sheet_{sheet:03d}', contact_sheet([c for _, c in cells], titles=[t for t, _ in cells])
            cells = []
    if cells:
        yield f'sheet_{sheet + 1:03d}', contact_sheet([c for _, c in cells], titles=[t for t, _ in cells])


def main() -> int:
    """Draw, and return the exit status."""
    args = parse_args()
    file = find_config(args.config)
    cfg = load_config(file, args.cfg_options)
    validate_config(cfg)
    dataset, codec = build(cfg, args.phase)
    seed = (cfg.get('randomness') or {}).get('seed') or 0
    order = np.random.default_rng(seed).permutation(len(dataset)) if args.shuffle else np.arange(len(dataset))
    out_dir = Path(args.output_dir or Path('work_dirs') / 'browse' / file.stem)
    bad: dict[str, str] = {}
    if args.mode == 'original':
        drawings = originals(dataset, order, args, bad)
    else:
        drawings = inputs(dataset, codec, order, args, seed, bad)
    count = 0
    for name, picture in drawings:
        count += 1
        path = out_dir / f'{args.phase}_{name}.jpg'
        write_image(path, picture)
        print(f'{path} ({picture.shape[1]}x{picture.shape[0]})', flush=True)
        if args.show:
            PoseLocalVisualizer('window').show(picture, win_name=name, wait_time=args.show_interval)
    print(f'{count} pictures of {args.phase} ({len(dataset)} samples) in {out_dir}')
    if bad:
        print(
            f'{len(bad)} images could not be read:', *(f'  {p}: {r}' for p, r in bad.items()), sep='\n', file=sys.stderr
        )
    return STATUS_BAD_IMAGES if bad else 0


if __name__ == '__main__':
    with user_errors('browse_dataset.py'):
        sys.exit(main())
