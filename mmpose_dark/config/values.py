"""Whether the settings of the runner and of the loaders, which no component of this package checks, can be right."""

import numbers
import os
import typing
from collections.abc import Iterator, Mapping

from ..utils.choices import PHASES
from ..utils.hints import fits, in_words

__all__ = ['wrong_settings']

_LEVELS = ('CRITICAL', 'FATAL', 'ERROR', 'WARN', 'WARNING', 'INFO', 'DEBUG', 'NOTSET')

# What torch.distributed and mmengine know.
_DISTRIBUTED = ('nccl', 'gloo', 'mpi', 'ucc', 'xccl', 'hccl', 'cncl', 'mccl', 'smddp')

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


def wrong_settings(cfg: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each setting of the runner and the loaders whose value cannot be right.

    >>> list(wrong_settings(dict(train_cfg=dict(max_epochs='ten'), val_dataloader=dict(batch_size=0))))
    ["train_cfg.max_epochs: should be a whole number from 1, not 'ten'", 'val_dataloader.batch_size: should be ...']
    """
    settings = dict(_SETTINGS)
    for phase in PHASES:
        settings |= {f'{phase}_dataloader.{name}': needed for name, needed in _OF_A_LOADER.items()}
    for place, (hint, least) in settings.items():
        *above, name = place.split('.')
        section: object = cfg
        for key in above:
            section = section.get(key) if isinstance(section, Mapping) else None
        if not isinstance(section, Mapping) or name not in section:
            continue
        value = section[name]
        too_small = least is not None and isinstance(value, numbers.Real) and not value >= least
        if not fits(value, hint) or too_small:
            start = '' if least is None else f' from {least:g}'
            words = in_words(hint)
            words = words.replace('number', f'number{start}') if 'number' in words else words
            yield f'{place}: should be {words}, not {value!r}'
