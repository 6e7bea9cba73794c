#!/usr/bin/env python
"""Where a training step or a test batch spends its time, in one table, with advice.

    python tools/analysis_tools/profile_step.py configs/top_down/hrnet/coco/hrnet_w32_coco_256x192.py
    python tools/analysis_tools/profile_step.py CONFIG --mode test --amp --channels-last
    python tools/analysis_tools/profile_step.py CONFIG --synthetic --batch-size 16 --steps 20

The runner of the config runs, with its own loader, model, optimizer, hooks and metrics; only validation, checkpoints
and trained weights are left out, which a step's time does not depend on. --synthetic draws people instead of reading
the config's dataset, with its keypoints. docs/profiling.md says what the phases are.
"""

import argparse
import dataclasses
import json
import os.path as osp
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_common_arguments, check_least, make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    import torch

    from mmpose_dark.engine.profiling import Profile


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    add_common_arguments(parser)
    parser.add_argument('--mode', choices=['train', 'test'], default='train', help='(default: train)')
    parser.add_argument('--steps', type=int, default=50, help='measured steps (default: 50)')
    parser.add_argument('--warm-up', type=int, default=10, help='steps before them (default: 10)')
    parser.add_argument('--batch-size', type=int, help="instead of the config's")
    parser.add_argument('--num-workers', type=int, help="processes of the loader, instead of the config's")
    parser.add_argument('--synthetic', action='store_true', help='draw people instead of reading the dataset')
    parser.add_argument('--out', help='write table, settings and advice to this json file')
    args = parser.parse_args()
    check_least(parser, args, steps=1, warm_up=1, batch_size=1, num_workers=0)
    if args.launcher != 'none':
        parser.error('one process is profiled: leave --launcher out')
    return args


def _describe(profile: 'Profile', args: argparse.Namespace, device: 'torch.device') -> str:
    """Say in two lines what was profiled and where."""
    import torch

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


def _notes(profile: 'Profile') -> list[str]:
    """Return what else was measured, and what the table cannot show."""
    from mmpose_dark.engine.profiling import rate_text

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
    args = _parse_args()
    from mmpose_dark.cli.profile_config import profile_config
    from mmpose_dark.config.validate import validate_config
    from mmpose_dark.engine import PoseRunner
    from mmpose_dark.engine.profiling import advise, format_table, profile_runner
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs
    from mmpose_dark.utils.progress import show_progress

    check_outputs([args.out] if args.out else [], inputs=[args.config])
    with tempfile.TemporaryDirectory() as folder:
        cfg = profile_config(args, folder)
        validate_config(cfg)
        runner = PoseRunner.from_cfg(cfg)
        if args.mode == 'test':
            runner.bare_model.init_weights()
        with show_progress('profiling', unit='steps') as report:
            profile = profile_runner(
                runner,
                args.mode,
                steps=args.steps,
                warm_up=args.warm_up,
                progress=lambda stage, done, total: report(done, total),
            )
    advice = advise(profile)
    print(f'\n{_describe(profile, args, runner.device)}\n\n{format_table(profile.rows)}\n')
    print('\n'.join(_notes(profile)))
    print('\nadvice\n' + '\n'.join(f'  {line}' for line in advice))
    if args.out:
        record = _record(profile, args, runner.device)
        write_atomic(args.out, json.dumps({**record, 'advice': advice}, indent=2) + '\n')


def _record(profile: 'Profile', args: argparse.Namespace, device: 'torch.device') -> dict[str, object]:
    """Return what is written to ``--out``."""
    return dict(
        config=args.config,
        machine=_describe(profile, args, device).splitlines()[1],
        table=[dataclasses.asdict(row) for row in profile.rows],
        settings=dataclasses.asdict(profile.settings),
        loader=dataclasses.asdict(profile.loader),
        loader_samples_a_second=profile.loader_rate,
        network_samples_a_second=profile.network_rate,
        overlapped_ms=profile.overlapped_ms,
    )


if __name__ == '__main__':
    with user_errors('profile_step.py'):
        main()
