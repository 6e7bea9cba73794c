#!/usr/bin/env python
"""Where a training step or a test batch spends its time, in one table, with advice.

    python tools/analysis_tools/profile_step.py configs/top_down/hrnet/coco/hrnet_w32_coco_256x192.py
    python tools/analysis_tools/profile_step.py CONFIG --mode test --amp --channels-last
    python tools/analysis_tools/profile_step.py CONFIG --synthetic --batch-size 16 --steps 20

The runner of the config runs, with its own loader, model, optimizer, hooks and metrics; only validation, checkpoints
and trained weights are left out, which a step's time does not depend on. --synthetic draws people instead of reading
the config's data set, with its keypoints. docs/profiling.md says what the phases are.
"""

import argparse
import dataclasses
import json
import os.path as osp
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

import torch

from mmpose_dark.cli import arguments as cli
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config import validate_config
from mmpose_dark.config.reading import ConfigError
from mmpose_dark.engine import PoseRunner
from mmpose_dark.engine.profiling import Profile, advise, format_table, profile_runner, rate_text
from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.registry import DATASETS
from mmpose_dark.synthetic import PeopleSettings, prepare_dataset, write_as_keypoint_set

PICTURES = 16
# Metrics that need no more of the ground truth than boxes and keypoints while they take predictions in.
PLAIN_METRICS = ('CocoMetric', 'CocoWholeBodyMetric', 'PCKAccuracy', 'AUC', 'EPE', 'NME')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_common_arguments(parser)
    parser.add_argument('--mode', choices=['train', 'test'], default='train', help='(default: train)')
    parser.add_argument('--steps', type=int, default=50, help='measured steps (default: 50)')
    parser.add_argument('--warm-up', type=int, default=10, help='steps before them (default: 10)')
    parser.add_argument('--batch-size', type=int, help="instead of the config's")
    parser.add_argument('--num-workers', type=int, help="processes of the loader, instead of the config's")
    parser.add_argument('--synthetic', action='store_true', help='draw people instead of reading the data set')
    parser.add_argument('--out', help='write table, settings and advice to this json file')
    args = parser.parse_args()
    for name, least in (('steps', 1), ('warm_up', 1), ('batch_size', 1), ('num_workers', 0)):
        value = getattr(args, name)
        if value is not None and value < least:
            parser.error(f'--{name.replace("_", "-")} {value}: at least {least} is needed')
    if args.launcher != 'none':
        parser.error('one process is profiled: leave --launcher out')
    return args


def prepare_config(args: argparse.Namespace, folder: str) -> Any:
    """Read the config and leave of it what the mode needs; ``folder`` takes what the run writes.

    Raises:
        ConfigError: the config has nothing for the mode.
    """
    cfg = cli.read_config(args)
    cli.apply_common_arguments(cfg, args)
    needed = ('train_dataloader', 'optim_wrapper') if args.mode == 'train' else ('test_dataloader', 'test_evaluator')
    missing = [name for name in needed if cfg.get(name) is None]
    if missing:
        raise ConfigError(f'{args.config}: nothing to profile with --mode {args.mode}: it has no {missing[0]}')
    for stage in {'train', 'val', 'test'} - {args.mode}:
        for name in (f'{stage}_cfg', f'{stage}_dataloader', f'{stage}_evaluator'):
            cfg[name] = None
    if args.mode == 'train':
        limit = 'max_iters' if 'max_iters' in cfg.train_cfg else 'max_epochs'
        cfg.train_cfg[limit] = max(cfg.train_cfg.get(limit) or 0, args.warm_up + 2 * args.steps)
    else:
        cfg.optim_wrapper = cfg.param_scheduler = None
    loader = cfg[f'{args.mode}_dataloader']
    for name in ('batch_size', 'num_workers'):
        if getattr(args, name) is not None:
            loader[name] = getattr(args, name)
    cfg.default_hooks = {**(cfg.get('default_hooks') or {}), 'checkpoint': None}
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook['type'] != 'ProgressBarHook']
    cfg.work_dir, cfg.log_level = args.work_dir or f'{folder}/work', 'WARNING'
    cfg.load_from, cfg.resume = None, False
    _forget_weights(cfg.model)
    if cfg.get('compile'):
        print('The step is profiled without torch.compile, which would not see the borders of the phases.')
        cfg.compile = None
    if args.synthetic:
        draw_data(cfg, args, folder)
    return cfg


def _forget_weights(part: Any) -> None:
    """Initialise at random what the config would read from a file or an address."""
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _forget_weights(value)
    if isinstance(part, dict) and 'checkpoint' in (part.get('init_cfg') or {}):
        part['init_cfg'] = None


def draw_data(cfg: Any, args: argparse.Namespace, folder: str) -> None:
    """Draw people and let the data sets and metrics of ``cfg`` read them instead."""
    pictures = dict(train=PICTURES, val=1) if args.mode == 'train' else dict(train=1, val=PICTURES)
    prepare_dataset(f'{folder}/people', PeopleSettings(**pictures, width=640, height=480))
    loader = cfg[f'{args.mode}_dataloader']
    samples = (args.warm_up + 3 * args.steps) * loader.batch_size
    split = 'train' if args.mode == 'train' else 'val'
    ann_file = ''

    def replace(dataset: dict) -> dict:
        nonlocal ann_file
        if dataset.get('datasets'):
            return {**dataset, 'datasets': [replace(part) for part in dataset['datasets']]}
        metainfo = dataset.get('metainfo') or DATASETS.get(dataset['type']).METAINFO
        annotations = Path(folder, 'people', 'annotations')
        ann_file = str(annotations / f'{split}_{parse_pose_metainfo(metainfo)["dataset_name"]}.json')
        people = write_as_keypoint_set(annotations / f'{split}.json', metainfo, ann_file)
        kept = {name: dataset[name] for name in ('pipeline', 'test_mode') if name in dataset}
        return dict(
            kept,
            type='CocoDataset',
            metainfo=metainfo,
            ann_file=ann_file,
            data_prefix=dict(img=f'{folder}/people/images'),
            indices=[i % people for i in range(samples)],  # long epochs of few pictures
        )

    loader.dataset = replace(loader.dataset)
    if args.mode == 'test':
        metrics = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
        cfg.test_evaluator = [_on_drawn_people(metric, ann_file) for metric in metrics]


def _on_drawn_people(metric: dict, ann_file: str) -> dict:
    """Let a metric read the drawn people, or take CocoMetric for one that needs more of the data set."""
    if metric['type'] not in PLAIN_METRICS:
        print(f'{metric["type"]} needs its own data set: CocoMetric stands for it with --synthetic.')
        metric = dict(type='CocoMetric')
    return {**metric, 'ann_file': ann_file} if metric['type'].startswith('Coco') else metric


def show_progress() -> Callable[[str, int, int], None]:
    """Return a callback that tells how far it is: in place on a terminal, at every quarter elsewhere."""

    def show(stage: str, done: int, total: int) -> None:
        if sys.stdout.isatty():
            print(f'\r\033[K  {stage} {done}/{total}', end='' if done < total else '\r\033[K', flush=True)
        elif done == total or 4 * done // total != 4 * (done - 1) // total:
            print(f'  {stage} {done}/{total}', flush=True)

    return show


def describe(profile: Profile, args: argparse.Namespace, device: torch.device) -> str:
    """Say in two lines what was profiled and where."""
    settings, loader = profile.settings, profile.loader
    name = torch.cuda.get_device_name(device) if device.type == 'cuda' else settings.device
    samples = max(step.samples for step in profile.steps)
    layout = ', channels last' if settings.channels_last else ''
    layout += ', drawn people' if args.synthetic else ''
    return (
        f'{"training step" if args.mode == "train" else "test batch"} of {Path(args.config).stem}: {samples} samples, '
        f'{settings.precision}{layout}, {len(profile.steps)} steps measured\n'
        f'{name}, {settings.threads} threads of {settings.cores} cores, torch {torch.__version__}, '
        f'{loader.workers} workers'
    )


def notes(profile: Profile) -> list[str]:
    """Return what else was measured, and what the table cannot show."""
    lines = [
        f'loader alone: {rate_text(profile.loader_rate)} samples/s; the rest of the step takes '
        f'{rate_text(profile.network_rate)}'
    ]
    if profile.overlapped_ms is not None:
        lines.append(
            'The host waited for the device at the borders of the phases, so that each has its own time; without that '
            f'a step takes {profile.overlapped_ms:.1f} ms.'
        )
    every = profile.settings.acc_interval
    if profile.settings.mode == 'train' and every and len(profile.steps) % every:
        lines.append(
            f'The accuracy is computed in one step of {every}: {every} measured steps (or a multiple) have its share.'
        )
    return lines


def main() -> None:
    """Profile and print."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cfg = prepare_config(args, folder)
        validate_config(cfg)
        runner = PoseRunner.from_cfg(cfg)
        if args.mode == 'test':
            runner.bare_model.init_weights()
        profile = profile_runner(runner, args.mode, steps=args.steps, warm_up=args.warm_up, progress=show_progress())
    advice = advise(profile)
    print(f'\n{describe(profile, args, runner.device)}\n\n{format_table(profile.rows)}\n')
    print('\n'.join(notes(profile)))
    print('\nadvice\n' + '\n'.join(f'  {line}' for line in advice))
    if args.out:
        record = dict(
            config=args.config,
            machine=describe(profile, args, runner.device).splitlines()[1],
            table=[dataclasses.asdict(row) for row in profile.rows],
            settings=dataclasses.asdict(profile.settings),
            loader=dataclasses.asdict(profile.loader),
            loader_samples_a_second=profile.loader_rate,
            network_samples_a_second=profile.network_rate,
            overlapped_ms=profile.overlapped_ms,
            advice=advice,
        )
        Path(args.out).write_text(json.dumps(record, indent=2) + '\n')


if __name__ == '__main__':
    with user_errors('profile_step.py'):
        main()
