"""What the command-line tools share: arguments, changes they make to a config, and how errors are told."""

import argparse
import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config, DictAction

from ..utils.config_io import ConfigError, load_config
from .amp import AMP_CHOICES, amp_dtype
from .checkpoint.addresses import is_address
from .device import resolve_device

__all__ = [
    'add_common_arguments',
    'apply_common_arguments',
    'apply_test_arguments',
    'apply_training_arguments',
    'read_config',
    'use_amp',
    'user_errors',
]

_USER_ERROR = 2
_INTERRUPTED = 130
_TRAINING_KEYS = (
    'train_cfg',
    'train_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'val_cfg',
    'val_dataloader',
    'val_evaluator',
)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that training and testing share."""
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints (default: work_dirs/<config name>)')
    parser.add_argument('--device', default='auto', help='auto (cuda, mps or cpu, the first there is), cpu, cuda, mps')
    parser.add_argument(
        '--amp',
        nargs='?',
        const='auto',
        choices=AMP_CHOICES,
        help='half precision: auto is float16 on CUDA and bfloat16 on the CPU',
    )
    parser.add_argument('--channels-last', action='store_true', help='memory layout that convolutions are faster in')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings to change, as a.b=value c.0.d="[1,2]"'
    )
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def read_config(args: argparse.Namespace) -> Config:
    """Read the config and put ``--cfg-options`` and ``--work-dir`` into it."""
    cfg = load_config(args.config, args.cfg_options)
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
    except ValueError as err:
        raise ConfigError(str(err)) from err
    if args.channels_last:
        cfg.channels_last = True


def use_amp(cfg: Config, choice: str) -> None:
    """Switch training, validation and test of ``cfg`` to half precision."""
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
    """Put ``--resume``, ``--no-validate``, ``--auto-scale-lr`` and ``--skip-bad-images`` into the config.

    Raises:
        ConfigError: the config has nothing to train, or no batch size that its learning rate is meant for.
        FileNotFoundError: the checkpoint to resume from is not there.
    """
    if cfg.get('train_dataloader') is None or cfg.get('optim_wrapper') is None:
        raise ConfigError(f'{args.config}: nothing to train: it needs train_dataloader, train_cfg and optim_wrapper')
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
        if cfg.load_from and not is_address(cfg.load_from) and not os.path.isfile(cfg.load_from):
            raise FileNotFoundError(f'--resume: there is no checkpoint {cfg.load_from}')
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise ConfigError('--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in the config')
        cfg.auto_scale_lr.enable = True
    if args.skip_bad_images:
        cfg.train_dataloader.dataset.on_bad_image = 'skip'


def apply_test_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Put the checkpoint, ``--dump``, ``--show`` and ``--show-dir`` into the config, and drop what is for training.

    Raises:
        ConfigError: the config has nothing to test.
        FileNotFoundError: the checkpoint is not there.
    """
    if cfg.get('test_dataloader') is None or cfg.get('test_evaluator') is None:
        raise ConfigError(f'{args.config}: nothing to test: it needs test_dataloader and test_evaluator')
    if not is_address(args.checkpoint) and not os.path.isfile(args.checkpoint):
        raise FileNotFoundError(f'there is no checkpoint {args.checkpoint}')
    cfg.load_from, cfg.resume = args.checkpoint, False
    for name in _TRAINING_KEYS:
        cfg[name] = None
    cfg.default_hooks = {k: v for k, v in (cfg.get('default_hooks') or {}).items() if k != 'checkpoint'}
    cfg.default_hooks.checkpoint = None
    if args.dump:
        evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, list | tuple) else [cfg.test_evaluator]
        cfg.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    if args.show or args.show_dir:
        hook = dict(cfg.default_hooks.get('visualization') or dict(type='PoseVisualizationHook'))
        hook.update(enable=True, show=args.show, interval=args.interval)
        if args.show_dir:
            hook['out_dir'] = args.show_dir
        if args.show:
            hook['wait_time'] = args.wait_time
        cfg.default_hooks.visualization = hook


@contextmanager
def user_errors(program: str) -> Iterator[None]:
    """End the program with one clear message for what a user can put right, and status 2.

    Environment ``DEBUG=1`` shows where it was raised as well. Other exceptions pass through whole:
    they are mistakes of the program.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{program}: interrupted', file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except Exception as err:
        if not _is_users(err) or os.environ.get('DEBUG', '') not in ('', '0'):
            raise
        _tell(program, err)


def _is_users(err: Exception) -> bool:
    """Tell whether ``err`` comes from a check of this package, and not from a fault somewhere.

    That is: an error class of this package, a file that is not there, or a ``raise`` statement in it.
    """
    if type(err).__module__.startswith('mmpose_dark.') or isinstance(err, FileNotFoundError | NotADirectoryError):
        return True
    trace = err.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    in_package = file.startswith(str(Path(__file__).resolve().parents[1]))
    return in_package and linecache.getline(file, trace.tb_lineno).lstrip().startswith('raise')


def _tell(program: str, err: Exception) -> None:
    message = str(err.args[0]) if isinstance(err, KeyError) and err.args else str(err)
    if 'Original Traceback' in message:  # from a loader's worker: torch put the trace into the message
        message = message.rstrip().rpartition(f'{type(err).__name__}: ')[2]
    print(f'{program}: error: {message}', file=sys.stderr)
    sys.stdout.flush()
    sys.exit(_USER_ERROR)
