"""Runs of the toy network in this process, with a record of what they train on."""

import sys
from pathlib import Path

from mmengine.hooks import Hook

from mmpose_dark.config import validate_config
from mmpose_dark.config.reading import load_config
from mmpose_dark.engine import PoseRunner

TOY = Path(__file__).resolve().parents[1] / 'engine' / 'toy_config.py'
NO_VAL = {'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None}
BY_ITER = {'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.save_best': None, **NO_VAL}


def make_toy_runner(root: Path, folder: str = 'run', *, test_only: bool = False, **changes) -> PoseRunner:
    """Build a runner of the toy config that works in a folder below ``root``."""
    if str(TOY.parent) not in sys.path:
        sys.path.insert(0, str(TOY.parent))
    cfg = load_config(str(TOY), changes)
    cfg.work_dir = str(root / folder)
    cfg.log_level = 'WARNING'
    cfg.device = 'cpu'
    if test_only:
        for name in ('train_cfg', 'train_dataloader', 'optim_wrapper', 'param_scheduler'):
            cfg[name] = None
        for name in ('val_cfg', 'val_dataloader', 'val_evaluator'):
            cfg[name] = None
        cfg.custom_hooks = []
    validate_config(cfg)
    return PoseRunner.from_cfg(cfg)


class Watch(Hook):
    """Keeps what is trained on, and ends training like a kill."""

    priority = 'LOWEST'

    def __init__(self, stop=None, at='after_train_iter'):
        self.seen, self.rates, self.stop, self.at = [], [], stop, at

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen += [(runner.epoch, sample['id']) for sample in data_batch['data_samples']]
        self.rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        if self.at == 'after_train_iter' and runner.iter + 1 == self.stop:
            raise KeyboardInterrupt

    def before_val_epoch(self, runner):
        if self.at == 'before_val_epoch' and runner.epoch == self.stop:
            raise KeyboardInterrupt
