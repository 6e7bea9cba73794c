"""Runs of the toy network, in this process."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
if HERE not in sys.path:
    sys.path.insert(0, HERE)


@pytest.fixture(scope='session')
def toy_config_path() -> str:
    return os.path.join(HERE, 'toy_config.py')


@pytest.fixture
def make_runner(tmp_path, toy_config_path):
    """Build a runner of the toy config: make_runner('folder', **{'train_cfg.max_epochs': 2})."""
    from mmpose_dark.config import validate_config
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.engine import PoseRunner

    def make(folder='run', *, test_only=False, **changes):
        cfg = load_config(toy_config_path, changes)
        cfg.work_dir = str(tmp_path / folder)
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

    return make
