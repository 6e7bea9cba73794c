"""Hooks for tests of several processes: they note what each process trains on, stop all, spoil a batch or a write.

The environment says what they do: ``SEEN=<folder>``, ``STOP_AT=<iteration>``, ``SPOIL=<rank>,<iteration>``.
"""

import errno
import json
import os
import signal
import time
from pathlib import Path

from mmengine.dist import barrier, get_rank
from mmengine.hooks import Hook

from mmpose_dark.registry import HOOKS

if 'LATE' in os.environ and os.environ.get('TORCHELASTIC_RESTART_COUNT', '0') != '0':
    late, seconds = os.environ['LATE'].split(',')  # a process that comes late after a restart: <rank>,<seconds>
    if os.environ['RANK'] == late:
        time.sleep(float(seconds))


@HOOKS.register_module(force=True)
class NoteHook(Hook):
    """Write the samples of each iteration to ``<folder>/<rank>.jsonl``, and end all processes where it is told to."""

    priority = 'LOWEST'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if folder := os.environ.get('SEEN'):
            ids = [sample['id'] for sample in data_batch['data_samples']]
            with Path(folder, f'{get_rank()}.jsonl').open('a') as file:
                file.write(json.dumps([runner.epoch, runner.iter + 1, ids]) + '\n')
        if runner.iter + 1 == int(os.environ.get('STOP_AT', -1)):
            barrier()  # the checkpoint is complete: the first process writes it before it comes here
            os._exit(0)


@HOOKS.register_module(force=True)
class SpoilHook(Hook):
    """Make the images of one process NaN in one iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        rank, iteration = map(int, os.environ.get('SPOIL', '-1,-1').split(','))
        if (get_rank(), runner.iter + 1) == (rank, iteration):
            data_batch['inputs'] = [image * float('nan') for image in data_batch['inputs']]


@HOOKS.register_module(force=True)
class LoseHook(Hook):
    """End a process by SIGKILL, or its launcher: ``LOSE=<rank>,<iteration>,<process or machine>``, once in a run."""

    priority = 'LOWEST'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        restarted = os.environ.get('TORCHELASTIC_RESTART_COUNT', '0') != '0' or 'MMPOSE_DARK_RESTARTED' in os.environ
        rank, iteration, whom = os.environ.get('LOSE', '-1,-1,').split(',')
        if (get_rank(), runner.iter + 1) == (int(rank), int(iteration)) and not restarted:
            os.kill(int(os.environ['MMPOSE_DARK_LAUNCHER']) if whom == 'machine' else os.getpid(), signal.SIGKILL)
            time.sleep(60)


@HOOKS.register_module(force=True)
class SlowHook(Hook):
    """Take ``SLOW`` seconds for each iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        time.sleep(float(os.environ.get('SLOW', 0)))


@HOOKS.register_module(force=True)
class PartHook(Hook):
    """End a process, or find the disk full, where it writes its part: ``KILL_PART`` or ``FULL_PART=<rank>,<epoch>``."""

    def before_train(self, runner):
        for name, act in (('KILL_PART', _kill), ('FULL_PART', _no_space)):
            rank, epoch = map(int, os.environ.get(name, '-1,-1').split(','))
            if rank == get_rank():
                self._put_before_sync(f'epoch_{epoch}.parts', act)

    @staticmethod
    def _put_before_sync(folder, act):
        sync = os.fsync

        def watched(descriptor):
            if folder in os.readlink(f'/proc/self/fd/{descriptor}'):
                act()
            sync(descriptor)

        os.fsync = watched


def _kill():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _no_space():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
