#!/usr/bin/env python
"""Seconds and memory of writing and reading a checkpoint of a large network with Adam's moments.

The network is built on torch's meta device from a model of ``configs/_base_/models`` and filled with small numbers;
nothing is trained. Writing and reading are what training and resuming do, each in a process of its own, and two where
checkpoints are sharded. The peak of resident memory over what the process had before is divided by the bytes of the
checkpoint; for files that are mapped, memory that is no file's is what counts.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

from _memory import anonymous, forget_peak, peak, resident

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SHARES = 2


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', default='vitpose_huge', help='a file of configs/_base_/models, without .py')
    parser.add_argument('--folder', help='where to write (default: a temporary folder); six times the weights')
    return parser.parse_args()


def main() -> None:
    """Write in one process and in two, read in another."""
    args = parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = os.path.join(folder, 'epoch_1.pth')
        meeting = os.path.join(folder, 'meeting')
        run([(write, args.model, path)])
        run([(read, path, False)])
        run([(read, path, True)])
        os.remove(path)
        run([(write_share, args.model, path, meeting, rank) for rank in range(SHARES)])
        run([(read, path, False)])


def run(steps: list[tuple]) -> None:
    """Take steps at the same time, each in a process of its own."""
    context = multiprocessing.get_context('spawn')
    processes = [context.Process(target=function, args=args) for function, *args in steps]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit(1)


def write(name: str, path: str) -> None:
    """Do what training does at the end of an epoch, in its first process."""
    from mmpose_dark.checkpoint import save_checkpoint
    from mmpose_dark.engine.finite import non_finite_weights
    from mmpose_dark.engine.state import to_cpu

    of_run = a_checkpoint(name)
    start = begin()
    checkpoint = to_cpu(of_run)
    bad = non_finite_weights(checkpoint['state_dict'])
    checked = time.perf_counter() - start[1]
    save_checkpoint(checkpoint, path)
    parameters = sum(v.numel() for v in checkpoint['state_dict'].values())
    report('write', start, path, parameters=parameters, bad=len(bad), checked=checked)


def write_share(name: str, path: str, meeting: str, rank: int) -> None:
    """Do what each of several processes does with ``sharded=True``."""
    import torch.distributed as dist

    from mmpose_dark.engine.sharded_checkpoint import save_sharded_checkpoint

    checkpoint = a_checkpoint(name)
    dist.init_process_group('gloo', init_method=f'file://{meeting}', rank=rank, world_size=SHARES)
    start = begin()
    save_sharded_checkpoint(checkpoint, path, own=())
    report(f'write the share of process {rank} of {SHARES}', start, path)
    dist.destroy_process_group()


def read(path: str, mapped: bool) -> None:
    """Do what each process does when it resumes, before it hands the values to the network and the optimizer."""
    from mmpose_dark.checkpoint import load_state_dict_file

    start = begin()
    own = anonymous()
    checkpoint = load_state_dict_file(path, mmap=mapped)
    tensors = [*checkpoint['state_dict'].values()]
    tensors += [value for moments in checkpoint['optimizer']['state'].values() for value in moments.values()]
    total = sum(float(value.sum()) for value in tensors)  # each value is looked at, as where it is copied to a GPU
    size = sum(value.nbytes for value in tensors)
    own_over_size = round((anonymous() - own) / size, 3)
    report('read, mapped' if mapped else 'read', start, path, own_over_size=own_over_size, sum=total)


def a_checkpoint(name: str) -> dict:
    """Return the weights of a model and two moments of each, all small numbers."""
    import torch

    weights = weights_of(name)
    moments = ('exp_avg', 'exp_avg_sq')
    state = {i: {k: torch.full_like(v, 1e-3) for k in moments} for i, v in enumerate(weights.values())}
    return dict(state_dict=weights, optimizer=dict(state=state, param_groups=[]))


def weights_of(name: str) -> dict:
    """Return the weights of a model, of the right shapes and small."""
    import torch
    from mmengine.config import Config

    import mmpose_dark.models  # noqa: F401 - registers them
    from mmpose_dark.registry import MODELS

    cfg = Config.fromfile(str(ROOT / 'configs/_base_/models' / f'{name}.py'))
    codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
    cfg.model.backbone.pop('init_cfg', None)
    cfg.model.head.update(out_channels=17, decoder=codec)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    return {key: torch.full(value.shape, 0.01) for key, value in model.named_parameters()}


def begin() -> tuple[int, float]:
    """Return memory and time, and let the peak begin anew."""
    forget_peak()
    return resident(), time.perf_counter()


def report(what: str, start: tuple[int, float], path: str, **more: float) -> None:
    """Print the figures of one step."""
    from mmpose_dark.checkpoint.parts import parts_folder

    size = os.path.getsize(path) + sum(part.stat().st_size for part in parts_folder(path).glob('*.pth'))
    row = dict(step=what, gigabytes=round(size / 1e9, 2), seconds=round(time.perf_counter() - start[1], 1))
    row['peak_over_size'] = round((peak() - start[0]) / size, 3)
    print(json.dumps(row | more), flush=True)


if __name__ == '__main__':
    main()
