"""The files that a config names, which no output of a command may replace."""

import os
from collections.abc import Mapping, Sequence

from mmengine.config import Config

__all__ = ['files_of_config']

_SUFFIXES = ('.json', '.mat', '.pth', '.py', '.npy', '.csv', '.zip', '.tar')


def files_of_config(config: object, root: str = '') -> list[str]:
    """Return the files that the datasets, metrics and weights of a config name, as far as there are such files.

    Args:
        config: or a part of it.
        root: folder of the dataset that the part belongs to.

    >>> dataset = dict(data_root=os.path.dirname(os.__file__), ann_file='os.py', bbox_file=None)
    >>> [os.path.basename(name) for name in files_of_config(dict(test_dataloader=dict(dataset=dataset)))]
    ['os.py']
    """
    if isinstance(config, Mapping | Config):
        own = config.get('data_root')
        root = own if isinstance(own, str) else root
        return [name for value in config.values() for name in files_of_config(value, root)]
    if isinstance(config, str):
        names = (config, os.path.join(root, config)) if config.endswith(_SUFFIXES) and '\0' not in config else ()
        return list(dict.fromkeys(name for name in names if os.path.isfile(name)))
    if isinstance(config, Sequence):
        return [name for value in config for name in files_of_config(value, root)]
    return []
