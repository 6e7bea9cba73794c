"""Whether the settings of the runner and of the loaders, which no component of this package checks, can be right."""

import numbers
import os
import typing
from collections.abc import Iterator, Mapping

from ..utils.choices import PHASES
from ..utils.hints import fits, in_words
from .errors import ConfigError
from .names import DEFAULT_HOOKS

__all__ = ['check_settings', 'wrong_sections', 'wrong_settings']

_ABSENT = object()
_LEVELS = ('CRITICAL', 'FATAL', 'ERROR', 'WARN', 'WARNING', 'INFO', 'DEBUG', 'NOTSET')

# What torch.distributed and mmengine know.
_DISTRIBUTED = ('nccl', 'gloo', 'mpi', 'ucc', 'xccl', 'hccl', 'cncl', 'mccl', 'smddp')

# What stands where a section or a list of components belongs.
_SECTIONS: dict[str, object] = {
    **dict.fromkeys(
        (
            *('visualizer', 'data_preprocessor', 'model_wrapper_cfg', 'log_processor', 'default_hooks', 'env_cfg'),
            *('env_cfg.mp_cfg', 'env_cfg.dist_cfg', 'randomness', 'auto_scale_lr', 'optim_wrapper', 'custom_imports'),
            *(f'{phase}_{part}' for phase in PHASES for part in ('cfg', 'dataloader')),
            *(f'{phase}_dataloader.{part}' for phase in PHASES for part in ('dataset', 'sampler')),
            *(f'default_hooks.{name}' for name in DEFAULT_HOOKS),
        ),
        dict | None,
    ),
    **dict.fromkeys(('val_evaluator', 'test_evaluator', 'param_scheduler'), dict | list[dict] | None),
    'custom_hooks': list[dict] | None,
}

# What each may be, and the least number that makes sense.
_SETTINGS: dict[str, tuple[object, float | None]] = {
    'train_cfg.max_epochs': (int, 1),
    'train_cfg.max_iters': (int, 1),
    'train_cfg.val_begin': (int, 0),
    'train_cfg.val_interval': (int, 1),
    'train_cfg.by_epoch': (bool, None),
    'randomness.seed': (int | None, 0),
    'randomness.deterministic': (bool, None),
    'randomness.diff_rank_seed': (bool, None),
    'env_cfg.cudnn_benchmark': (bool, None),
    'env_cfg.dist_cfg.backend': (typing.Literal[_DISTRIBUTED] | None, None),
    'env_cfg.dist_cfg.timeout': (float | None, 0),
    'env_cfg.mp_cfg.mp_start_method': (typing.Literal['fork', 'spawn', 'forkserver'] | None, None),
    'env_cfg.mp_cfg.opencv_num_threads': (int, 0),
    'launcher': (typing.Literal['none', 'pytorch', 'slurm', 'mpi'], None),
    'log_processor.window_size': (int, 1),
    'log_processor.by_epoch': (bool, None),
    'log_processor.num_digits': (int, 0),
    'resume': (bool, None),
    'overwrite': (bool, None),
    'channels_last': (bool, None),
    'auto_scale_lr.enable': (bool, None),
    'auto_scale_lr.base_batch_size': (int, 1),
    'work_dir': (str | os.PathLike | None, None),
    'load_from': (str | os.PathLike | None, None),
    'experiment_name': (str | None, None),
    'log_level': (typing.Literal[_LEVELS] | int, 0),
    'find_unused_parameters': (bool, None),
}
_OF_A_LOADER: dict[str, tuple[object, float | None]] = {
    'batch_size': (int | None, 1),
    'num_workers': (int, 0),
    'prefetch_factor': (int | None, 1),
    'timeout': (float, 0),
    'num_batch_per_epoch': (int, 1),
    'persistent_workers': (bool, None),
    'pin_memory': (bool, None),
    'drop_last': (bool, None),
}


def check_settings(cfg: Mapping[str, object]) -> None:
    """Check what commands change in a config, before they change it.

    Raises:
        ConfigError: with a line for each section that is none, and for each setting whose value cannot be right.

    >>> check_settings(dict(custom_hooks='EMAHook'))
    Traceback (most recent call last):
        ...
    mmpose_dark.config.errors.ConfigError: custom_hooks: should be a list or None, not 'EMAHook'
    """
    settings = {key: cfg[key] for key in cfg}  # mmengine's Config is no mapping
    mistakes = [*wrong_sections(settings), *wrong_settings(settings)]
    if mistakes:
        raise ConfigError('\n'.join(mistakes))


def wrong_sections(cfg: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each section that is something else, such as a number.

    >>> list(wrong_sections(dict(test_cfg=5, test_evaluator='AUC', custom_hooks=[])))
    ['test_cfg: should be a dict or None, not 5', "test_evaluator: should be a dict or a list or None, not 'AUC'"]
    """
    for place, hint in _SECTIONS.items():
        value = _at(cfg, place)
        if value is not _ABSENT and not fits(value, hint):
            yield f'{place}: should be {in_words(hint)}, not {value!r}'


def _at(cfg: Mapping[str, object], place: str) -> object:
    found: object = cfg
    for key in place.split('.'):
        found = found.get(key, _ABSENT) if isinstance(found, Mapping) else _ABSENT
    return found


def wrong_settings(cfg: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each setting of the runner and the loaders whose value cannot be right.

    >>> list(wrong_settings(dict(train_cfg=dict(max_epochs='ten'), val_dataloader=dict(batch_size=0))))
    ["train_cfg.max_epochs: should be a whole number from 1, not 'ten'", 'val_dataloader.batch_size: should be ...']
    """
    settings = dict(_SETTINGS)
    for phase in PHASES:
        settings |= {f'{phase}_dataloader.{name}': needed for name, needed in _OF_A_LOADER.items()}
    for place, (hint, least) in settings.items():
        value = _at(cfg, place)
        if value is _ABSENT:
            continue
        too_small = least is not None and isinstance(value, numbers.Real) and not value >= least
        if not fits(value, hint) or too_small:
            start = '' if least is None else f' from {least:g}'
            words = in_words(hint)
            words = words.replace('number', f'number{start}') if 'number' in words else words
            yield f'{place}: should be {words}, not {value!r}'
