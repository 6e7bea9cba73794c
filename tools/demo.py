#!/usr/bin/env python
"""Show the whole toolbox at work: draw a dataset, train a small DARK network on it, test it, follow people in a video.

What is done already (the same dataset, a finished training) is not done again; a training that was
interrupted goes on where it was.
"""

import argparse
import hashlib
import json
import os.path as osp
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

# What needs torch is imported where it is used: the processes that draw the dataset import this file too.
from mmpose_dark.cli.arguments import add_device_argument, make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmpose_dark.synthetic import PeopleSettings

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'configs' / 'demo' / 'people_dark_192x144.py'
METRICS = ('AP', 'AP .5', 'AP .75', 'AR')
IMAGES = 12
VIDEO_SEED = 11


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('--data-root', help='folder of the dataset (default: data/people)')
    parser.add_argument('--work-dir', help='folder for checkpoints, log and images (default: work_dirs/demo)')
    add_device_argument(parser)
    parser.add_argument('--retrain', action='store_true', help='train again although there is a finished training')
    parser.add_argument('--quick', action='store_true', help='a few images, one epoch: shows only that it all works')
    args = parser.parse_args()
    suffix = '_quick' if args.quick else ''
    args.data_root = Path(args.data_root or ROOT / 'data' / f'people{suffix}').absolute()
    args.work_dir = Path(args.work_dir or ROOT / 'work_dirs' / f'demo{suffix}').absolute()
    return args


def _read_config(args: argparse.Namespace) -> 'Config':
    """Read the demo's config, with the paths and the device of this run."""
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.utils.device import resolve_device

    root = str(args.data_root)
    places = dict(data_root=root)
    for split, part in (('train', 'train'), ('val', 'val'), ('val', 'test')):
        places[f'{part}_dataloader.dataset.data_root'] = root
        if part != 'train':
            places[f'{part}_evaluator.ann_file'] = osp.join(root, 'annotations', f'{split}.json')
    cfg = load_config(CONFIG, places)
    cfg.work_dir = str(args.work_dir)
    cfg.load_from = str(ROOT / cfg.load_from)
    cfg.device = str(resolve_device(args.device))
    if args.quick:
        cfg.train_cfg.max_epochs = 1
    if cfg.device == 'cpu' and not _has_bfloat16():
        print('This processor has no instructions for bfloat16: training in float32, which takes longer.')
        cfg.optim_wrapper.type, cfg.val_cfg.amp, cfg.test_cfg.amp = 'OptimWrapper', None, None
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ProgressBarHook')]
    return cfg


def _has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself; emulated, it is slower than float32."""
    import torch

    checks = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
    known = [getattr(torch.cpu, check) for check in checks if hasattr(torch.cpu, check)]
    return any(check() for check in known) if known else True


def _train(cfg: 'Config', settings: 'PeopleSettings', *, retrain: bool) -> Path:
    """Train, or go on, or do nothing if it is done; return the checkpoint."""
    from mmpose_dark.config import validate_config
    from mmpose_dark.engine import PoseRunner, find_latest_checkpoint
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.errors import ExistsError

    work_dir = Path(cfg.work_dir)
    note = work_dir / 'demo.json'
    key = hashlib.sha256(f'{cfg.model} {cfg.train_cfg} {cfg.optim_wrapper} {cfg.train_dataloader} {settings}'.encode())
    last = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    same = note.is_file() and json.loads(note.read_text()).get('key') == key.hexdigest()
    if same and last.is_file() and not retrain:
        print(f'already trained: {last} (--retrain trains again)')
        return last
    if not same or retrain:
        if not note.is_file() and find_latest_checkpoint(str(work_dir)) is not None:
            raise ExistsError(f'{work_dir} has checkpoints of another training: choose another --work-dir')
        for old in (*work_dir.glob('epoch_*.pth'), work_dir / 'last_checkpoint'):
            old.unlink(missing_ok=True)
    work_dir.mkdir(parents=True, exist_ok=True)
    write_atomic(note, json.dumps(dict(key=key.hexdigest())))
    cfg = cfg.copy()
    if find_latest_checkpoint(str(work_dir)) is not None:
        cfg.resume, cfg.load_from = True, None
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    validate_config(cfg)
    PoseRunner.from_cfg(cfg).train()
    return last


def _test(cfg: 'Config', checkpoint: Path) -> dict[str, dict[str, float]]:
    """Decode the same network's heatmaps with a quarter-pixel step and with DARK."""
    from mmpose_dark.engine import PoseRunner

    rows = {}
    for decoder, unbiased in (('quarter-pixel', False), ('DARK', True)):
        changed = cfg.copy()
        changed.merge_from_dict({'model.head.decoder.unbiased': unbiased, 'log_level': 'WARNING'})
        changed.work_dir = osp.join(cfg.work_dir, 'test')
        changed.load_from, changed.resume = str(checkpoint), False
        metrics = PoseRunner.from_cfg(changed).test()
        rows[decoder] = {name: float(metrics[f'coco/{name}']) for name in METRICS}
    return rows


def _print_table(rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print a row for each way of decoding."""
    print(f'\n  {"decoding":<15}' + ''.join(f'{name:>8}' for name in METRICS))
    for decoder, row in rows.items():
        print(f'  {decoder:<15}' + ''.join(f'{row[name]:8.3f}' for name in METRICS))
    print()


def _draw(cfg: 'Config', checkpoint: Path, folder: Path) -> None:
    """Draw poses and heatmaps of the first validation images, and sheets with all of them."""
    from mmpose_dark.apis import Inferencer, init_model
    from mmpose_dark.inference.writers import write_result

    for old in (folder / 'single').glob('val_*'):  # of another training
        old.unlink()
    root = Path(cfg.data_root)
    content = json.loads((root / 'annotations' / 'val.json').read_text())
    images = content['images'][:IMAGES]
    paths = [root / 'images' / image['file_name'] for image in images]
    boxes = [[a['bbox'] for a in content['annotations'] if a['image_id'] == image['id']] for image in images]
    model = init_model(cfg, checkpoint, cfg.device, {'model.test_cfg.output_heatmaps': True})
    for result in Inferencer(model)(paths, boxes, 'xywh'):
        target = folder / 'single' / Path(result.path).stem
        write_result(result, target, draw_heatmap=True)
    _write_sheet(folder / 'poses.jpg', sorted((folder / 'single').glob('*_pose.jpg')), columns=4)
    _write_sheet(folder / 'heatmaps.jpg', sorted((folder / 'single').glob('*_heatmap.jpg')), columns=4)


def _follow(args: argparse.Namespace, checkpoint: Path, clip: Path) -> None:
    """Draw a video, find, track and smooth its people with the command's own program, and compare with the truth.

    No boxes are given: the detector that came with the package finds the people. It was trained on drawn videos of
    other seeds.
    """
    from mmpose_dark.cli.predict import main as predict
    from mmpose_dark.synthetic.video_settings import VideoSettings
    from mmpose_dark.synthetic.video_writing import write_drawn_video

    settings = VideoSettings(frames=12 if args.quick else 100, people=3, plot='cross')
    truth = write_drawn_video(clip, settings, VIDEO_SEED)
    formats = ['video', 'csv', 'jsonl', 'plots']
    words = ['--config', str(CONFIG), '--checkpoint', str(checkpoint), '--detector', 'demo', '--device', args.device]
    predict([str(clip), *words, '--save', *formats, '--out-dir', str(clip.parent)])
    errors, people, found = _errors(truth, clip.with_suffix('.jsonl'))
    print(f'  {found} of {people} people in sight found; their keypoints are off by {errors:.1f} % of the body height')


def _errors(truth: Path, lines: Path) -> tuple[float, int, int]:
    """Return the median error of keypoints in sight in per cent of the height, people in sight, and those found."""
    import numpy as np

    frames = {frame['frame']: frame['people'] for frame in json.loads(truth.read_text())['frames']}
    records = [json.loads(line) for line in lines.read_text().splitlines()[1:]]
    errors: list[float] = []
    total = found = 0
    for record in records:
        answers = [np.array(person['keypoints']) for person in record['people']]
        for person in frames[record['index']]:
            seen = np.array(person['visible']) == 2
            if seen.mean() < 0.5:
                continue
            total += 1
            height = person['bbox'][3] - person['bbox'][1]
            off = [np.linalg.norm(a - np.array(person['keypoints']), axis=1)[seen] / height for a in answers]
            best = min(off, key=np.median, default=None)
            if best is not None and np.median(best) < 0.1:
                found += 1
                errors += best.tolist()
    return 100 * float(np.median(errors)) if errors else float('nan'), total, found


def _write_sheet(target: Path, files: Sequence[Path], *, columns: int) -> None:
    """Put images on one sheet."""
    import cv2

    from mmpose_dark.visualization import contact_sheet, write_image

    if files:
        write_image(target, contact_sheet([cv2.imread(str(file))[..., ::-1] for file in files], columns=columns))


def main() -> None:
    """Run the five steps."""
    args = _parse_args()
    from mmpose_dark.synthetic import PeopleSettings, prepare_dataset
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.errors import OutputError
    from mmpose_dark.utils.output_paths import check_outputs, is_same_file

    if is_same_file(args.data_root, args.work_dir):
        raise OutputError(
            f'--data-root and --work-dir are both {args.work_dir}: both have a folder of images; take two'
        )
    check_outputs([args.data_root / 'people.json', args.work_dir / 'results.json'])
    start = time.perf_counter()
    settings = PeopleSettings(train=24, val=8) if args.quick else PeopleSettings()
    print(f'1/5 Drawing people into {args.data_root}', flush=True)
    prepare_dataset(args.data_root, settings)

    print(f'\n2/5 Training {CONFIG.relative_to(ROOT)} in {args.work_dir}', flush=True)
    cfg = _read_config(args)
    checkpoint = _train(cfg, settings, retrain=args.retrain)

    print('\n3/5 Testing with two ways of reading a keypoint from its heatmap', flush=True)
    rows = _test(cfg, checkpoint)
    write_atomic(args.work_dir / 'results.json', json.dumps(rows, indent=2) + '\n')
    _print_table(rows)

    images = args.work_dir / 'images'
    print('4/5 Drawing what the network finds', flush=True)
    _draw(cfg, checkpoint, images)

    print('\n5/5 Following people through a drawn video', flush=True)
    clip = args.work_dir / 'video' / 'walk.mp4'
    _follow(args, checkpoint, clip)
    print(f'\nDone in {time.perf_counter() - start:.0f} s. To look at:')
    print(f'  {images / "poses.jpg"}      poses on validation images')
    print(f'  {images / "heatmaps.jpg"}   heatmaps on the same images')
    print(f'  {images / "single"}         each image, each person, each keypoint')
    print(f'  {clip.with_name("walk_poses.mp4")}   the video with tracked and smoothed poses')
    print(f'  {clip.with_name("walk.csv")}         the same as a table, one row a person and frame')


if __name__ == '__main__':
    with user_errors('demo.py'):
        main()
