"""What the arguments that commands share change in a config."""

import argparse
import os
import sys
from pathlib import Path

from mmengine.config import Config

from ..checkpoint.urls import is_url
from ..config.errors import ConfigError
from ..config.reading import load_config
from ..config.tree import evaluators_of
from ..config.values import check_settings
from ..engine.latest import find_latest_checkpoint
from ..evaluation.reports.files import report_files
from ..utils.device import resolve_device
from ..utils.errors import InputError, MissingFileError
from ..utils.output_paths import check_outputs
from ..utils.precision import amp_dtype
from .inputs import files_of_config

__all__ = [
    'apply_common_arguments',
    'apply_test_arguments',
    'apply_training_arguments',
    'read_config',
    'use_amp',
]

_TRAINING_KEYS = (
    'train_cfg',
    'train_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'val_cfg',
    'val_dataloader',
    'val_evaluator',
)


def read_config(args: argparse.Namespace) -> Config:
    """Read the config and put ``--cfg-options`` and ``--work-dir`` into it.

    Raises:
        ConfigError: it cannot be read, or a section or a setting of the runner is not of its kind.
    """
    cfg = load_config(args.config, args.cfg_options)
    check_settings(cfg)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or os.path.join('work_dirs', Path(args.config).stem)
    return cfg


def apply_common_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Put device, precision, layout and launcher into the config.

    Raises:
        ConfigError: a device that is not there, or a precision it cannot compute in.
    """
    cfg.launcher = args.launcher
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        if args.device != 'auto' or 'device' not in cfg:
            cfg.device = args.device
        device = resolve_device(cfg.device)
        if args.amp:
            amp_dtype(args.amp, device)
            use_amp(cfg, args.amp)
    except InputError as err:
        raise ConfigError(str(err)) from err
    if args.channels_last:
        cfg.channels_last = True
    hooks = list(cfg.get('custom_hooks') or [])
    if not any(hook.get('type') == 'ProgressBarHook' for hook in hooks):
        cfg.custom_hooks = [*hooks, dict(type='ProgressBarHook')]


def use_amp(cfg: Config, choice: str) -> None:
    """Switch training, validation and test of ``cfg`` to half precision.

    Raises:
        ConfigError: the config's optimizer wrapper is one that half precision does not fit into.

    >>> cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper'), val_cfg=dict()))
    >>> use_amp(cfg, 'bfloat16')
    >>> cfg.optim_wrapper.type, cfg.optim_wrapper.dtype, cfg.val_cfg.amp
    ('AmpOptimWrapper', 'bfloat16', 'bfloat16')
    """
    if cfg.get('optim_wrapper') is not None:
        kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
        if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
            raise ConfigError(f'optim_wrapper.type: --amp works with OptimWrapper and AmpOptimWrapper, not {kind}')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.dtype = None if choice == 'auto' else choice
    for name in ('val_cfg', 'test_cfg'):
        if cfg.get(name) is not None:
            cfg[name].amp = choice


def apply_training_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Put ``--resume``, ``--overwrite``, ``--no-validate`` and the others that only training has into the config.

    ``--resume`` where there is nothing to resume changes nothing.

    Raises:
        ConfigError: the config has nothing to train, or no batch size that its learning rate is meant for.
        MissingFileError: the checkpoint to resume from is not there.

    >>> cfg = Config(dict(train_dataloader=dict(dataset={}), train_cfg={}, optim_wrapper={}, val_cfg={}))
    >>> names = dict.fromkeys(('resume', 'overwrite', 'allow_non_finite', 'auto_scale_lr'))
    >>> apply_training_arguments(cfg, argparse.Namespace(**names, config='a', no_validate=True, skip_bad_images=True))
    >>> cfg.val_cfg, cfg.train_dataloader.dataset
    (None, {'on_bad_image': 'skip'})
    """
    if any(cfg.get(name) is None for name in ('train_dataloader', 'train_cfg', 'optim_wrapper')):
        raise ConfigError(f'{args.config}: nothing to train: it needs train_dataloader, train_cfg and optim_wrapper')
    resume = find_latest_checkpoint(cfg.work_dir) if args.resume == 'auto' else args.resume
    if args.resume and not resume:
        print(f'--resume: there is no checkpoint in {cfg.work_dir} yet; starting from the beginning', file=sys.stderr)
    if resume:
        cfg.resume, cfg.load_from = True, str(resume)
        if cfg.load_from and not is_url(cfg.load_from) and not os.path.isfile(cfg.load_from):
            raise MissingFileError(f'--resume: there is no checkpoint {cfg.load_from}')
    if args.overwrite:
        cfg.overwrite = True
    if args.allow_non_finite:
        hooks = dict(cfg.get('default_hooks') or {})
        hooks['runtime_info'] = {
            'type': 'RuntimeInfoHook',
            **(hooks.get('runtime_info') or {}),
            'on_non_finite': 'warn',
        }
        cfg.default_hooks = hooks
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise ConfigError('--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in the config')
        cfg.auto_scale_lr.enable = True
    if args.skip_bad_images:
        cfg.train_dataloader.dataset.on_bad_image = 'skip'


def apply_test_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Put the checkpoint, the acceleration, ``--dump``, ``--show`` and ``--show-dir`` into the config.

    What is only for training is dropped from it.

    Raises:
        ConfigError: the config has nothing to test.
        MissingFileError: the checkpoint is not there.
        OutputError: an output cannot be written.
    """
    if any(cfg.get(name) is None for name in ('test_dataloader', 'test_cfg', 'test_evaluator')):
        raise ConfigError(f'{args.config}: nothing to test: it needs test_dataloader, test_cfg and test_evaluator')
    if not is_url(args.checkpoint) and not os.path.isfile(args.checkpoint):
        raise MissingFileError(f'there is no checkpoint {args.checkpoint}')
    cfg.load_from, cfg.resume = args.checkpoint, False
    for name in _TRAINING_KEYS:
        cfg[name] = None
    _put_acceleration(cfg, args)
    cfg.default_hooks = {k: v for k, v in (cfg.get('default_hooks') or {}).items() if k != 'checkpoint'}
    cfg.default_hooks.checkpoint = None
    written = [path for path in (args.out, args.dump) if path]
    if args.report:
        written += report_files(args.report)
    read = [args.config, args.checkpoint, *files_of_config(cfg)] if written else []
    check_outputs(written, folders=filter(None, [args.show_dir, cfg.work_dir]), inputs=read)
    if args.dump:
        cfg.test_evaluator = [*evaluators_of(cfg, 'test'), dict(type='DumpResults', out_file_path=args.dump)]
    if args.show or args.show_dir:
        hook = dict(cfg.default_hooks.get('visualization') or dict(type='PoseVisualizationHook'))
        hook.update(enable=True, show=args.show, interval=args.interval)
        if args.show_dir:
            hook['out_dir'] = os.path.abspath(args.show_dir)
        if args.show:
            hook['wait_time'] = args.wait_time
        cfg.default_hooks.visualization = hook


def _put_acceleration(cfg: Config, args: argparse.Namespace) -> None:
    if args.backend != 'torch':
        if args.amp:
            raise ConfigError(f'--amp is for the torch backend; {args.backend} has its own precision: leave one out')
        cfg.test_cfg.amp = None  # of the config, which was chosen for torch
        cfg.test_cfg.backend = args.backend
    for name in ('compile', 'fuse_conv_bn'):
        if getattr(args, name):
            cfg.test_cfg[name] = True
