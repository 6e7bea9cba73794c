"""Sections that are no sections, and settings that cannot be: one clear error in every command that changes them."""

import itertools
from pathlib import Path

import pytest

from mmpose_dark.cli import apply, test, train
from mmpose_dark.config import ConfigError, validate_config
from mmpose_dark.utils.errors import UserError

TOY = Path(__file__).resolve().parents[1] / 'engine' / 'toy_config.py'
ALL_TRAINING = ['--amp', '--auto-scale-lr', '--skip-bad-images', '--allow-non-finite', '--no-validate']
PLACES = [
    'custom_hooks', 'default_hooks', 'default_hooks.runtime_info', 'default_hooks.visualization', 'auto_scale_lr',
    'optim_wrapper', 'train_cfg', 'val_cfg', 'test_cfg', 'test_evaluator', 'val_evaluator', 'test_dataloader',
    'train_dataloader', 'train_dataloader.dataset', 'test_dataloader.dataset', 'param_scheduler', 'env_cfg',
    'env_cfg.dist_cfg', 'visualizer', 'log_processor', 'randomness',
]  # fmt: skip
WRONG = ["'x'", '5', 'True', "['x']", '[None]', '[5]', '-1.5']


@pytest.fixture(autouse=True)
def _toy_parts(monkeypatch):
    monkeypatch.syspath_prepend(str(TOY.parent))


def read(folder: Path, place: str, value: str, command, *words: str) -> None:
    """Read a config as a command does, up to where its parts are built."""
    first, *below = place.split('.')
    for name in reversed(below):
        value = f'dict({name}={value})'
    config, checkpoint = folder / 'config.py', folder / 'a.pth'
    config.write_text(f'_base_ = {str(TOY)!r}\n{first} = {value}\n')
    checkpoint.touch()
    given = [str(checkpoint)] if command is test else []
    args = command.parse_args([str(config), *given, '--device', 'cpu', '--work-dir', str(folder / 'work'), *words])
    cfg = apply.read_config(args)
    apply.apply_common_arguments(cfg, args)
    (apply.apply_test_arguments if command is test else apply.apply_training_arguments)(cfg, args)
    validate_config(cfg)


@pytest.mark.parametrize('place', PLACES)
def test_what_is_no_section_is_one_error(tmp_path, place):
    commands = [(train, []), (train, ALL_TRAINING), (test, []), (test, ['--backend', 'auto', '--compile'])]
    for value, (command, words) in itertools.product(WRONG, commands):
        with pytest.raises(UserError) as raised:
            read(tmp_path, place, value, command, *words)
        assert place.partition('.')[0] in str(raised.value), (value, words)


@pytest.mark.parametrize('command', [train, test])
@pytest.mark.parametrize(
    ('place', 'value'),
    [
        ('resume', "'maybe'"), ('overwrite', "'no'"), ('env_cfg.dist_cfg.backend', "'zzz'"),
        ('env_cfg.dist_cfg.timeout', "'1h'"), ('env_cfg.dist_cfg.timeout', '-1'), ('launcher', "'ssh'"),
        ('val_dataloader.batch_size', '0'), ('randomness.seed', "'x'"), ('load_from', '5'),
    ],
)  # fmt: skip
def test_settings_that_a_command_replaces_are_checked_before(tmp_path, place, value, command):
    """``test.py`` sets ``resume`` and ``load_from`` itself, and drops what is for training."""
    with pytest.raises(ConfigError, match=f'^{place}: should be '):
        read(tmp_path, place, value, command)


@pytest.mark.parametrize('name', ['test_dataloader', 'test_cfg', 'test_evaluator'])
def test_nothing_to_test(tmp_path, name):
    with pytest.raises(ConfigError, match='nothing to test: it needs test_dataloader, test_cfg and test_evaluator'):
        read(tmp_path, name, 'None', test, '--backend', 'auto')


@pytest.mark.parametrize('name', ['train_dataloader', 'train_cfg', 'optim_wrapper'])
def test_nothing_to_train(tmp_path, name):
    with pytest.raises(ConfigError, match='nothing to train: it needs train_dataloader, train_cfg and optim_wrapper'):
        read(tmp_path, name, 'None', train)
