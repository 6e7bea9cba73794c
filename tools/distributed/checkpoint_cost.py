#!/usr/bin/env python
"""Seconds and memory of writing and reading a checkpoint of a large network with Adam's moments.

The network is built on torch's meta device from a model of ``configs/_base_/models`` and filled with small numbers;
nothing is trained. Writing and reading are what training and resuming do, each in a process of its own. The peak of
resident memory over what the process had before is divided by the bytes of the checkpoint.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

from _memory import forget_peak, peak, resident

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', default='vitpose_huge', help='a file of configs/_base_/models, without .py')
    parser.add_argument('--folder', help='where to write (default: a temporary folder); three times the weights')
    return parser.parse_args()


def main() -> None:
    """Write in one process, read in another."""
    args = parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = os.path.join(folder, 'epoch_1.pth')
        for step in (write, read):
            process = multiprocessing.get_context('spawn').Process(target=step, args=(args.model, path))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


def write(name: str, path: str) -> None:
    """Do what training does at the end of an epoch, in its first process."""
    import torch

    from mmpose_dark.checkpoint import save_checkpoint
    from mmpose_dark.engine.finite import non_finite_weights
    from mmpose_dark.engine.state import to_cpu

    weights = weights_of(name)
    moments = ('exp_avg', 'exp_avg_sq')
    state = {i: {k: torch.full_like(v, 1e-3) for k in moments} for i, v in enumerate(weights.values())}
    start = begin()
    checkpoint = dict(state_dict=to_cpu(weights), optimizer=to_cpu(dict(state=state, param_groups=[])))
    bad = non_finite_weights(checkpoint['state_dict'])
    checked = time.perf_counter() - start[1]
    save_checkpoint(checkpoint, path)
    report('write', start, path, parameters=sum(v.numel() for v in weights.values()), bad=len(bad), checked=checked)


def read(name: str, path: str) -> None:
    """Do what each process does when it resumes, before it hands the values to the network and the optimizer."""
    from mmpose_dark.checkpoint import load_state_dict_file

    start = begin()
    checkpoint = load_state_dict_file(path)
    report('read', start, path, tensors=len(checkpoint['state_dict']))


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
    size = os.path.getsize(path)
    row = dict(step=what, gigabytes=round(size / 1e9, 2), seconds=round(time.perf_counter() - start[1], 1))
    row['peak_over_size'] = round((peak() - start[0]) / size, 3)
    print(json.dumps(row | more), flush=True)


if __name__ == '__main__':
    main()
