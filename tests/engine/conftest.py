"""Runs of the toy network, in this process."""

import functools

import pytest
from toy_runs import TOY, make_toy_runner


@pytest.fixture(scope='session')
def toy_config_path() -> str:
    return str(TOY)


@pytest.fixture
def make_runner(tmp_path):
    """Build a runner of the toy config: make_runner('folder', **{'train_cfg.max_epochs': 2})."""
    return functools.partial(make_toy_runner, tmp_path)
