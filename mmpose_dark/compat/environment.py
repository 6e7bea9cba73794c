"""What mmpose 1.x's scripts ask of its ``utils``: a logger, the environment, MMDetection's pipeline."""

import logging
from typing import TYPE_CHECKING

from mmengine.logging import MMLogger

from ..utils.errors import MissingPackageError
from ..version import __version__

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['adapt_mmdet_pipeline', 'collect_env', 'get_root_logger']


def get_root_logger(log_file: str | None = None, log_level: int | str = logging.INFO) -> MMLogger:
    """Return a logger of this package's name.

    >>> get_root_logger().name
    'mmpose_dark'
    """
    return MMLogger('MMLogger', 'mmpose_dark', log_file, log_level)


def collect_env() -> dict[str, str]:
    """Return versions of what a run depends on."""
    from mmengine.utils.dl_utils import collect_env as collect

    return dict(collect(), MMPoseDark=__version__)


def adapt_mmdet_pipeline(cfg: 'Config') -> 'Config':
    """Put ``mmdet.`` before the names of MMDetection's transforms in its ``test_dataloader``, in place.

    Args:
        cfg: a config of MMDetection.

    Raises:
        MissingPackageError: mmdet is not installed.

    >>> from mmengine.config import Config
    >>> adapt_mmdet_pipeline(Config(dict(model=dict())))
    Config (path: None): {'model': {}}
    """
    if 'test_dataloader' not in cfg:
        return cfg
    try:
        from mmdet.datasets import transforms
    except ImportError as err:
        raise MissingPackageError(f'adapt_mmdet_pipeline needs mmdet ({err}): pip install mmdet') from err
    for transform in cfg.test_dataloader.dataset.pipeline:
        if transform['type'] in dir(transforms):
            transform['type'] = f'mmdet.{transform["type"]}'
    return cfg
