"""Building components by functions, as mmpose 1.x's ``models`` and ``datasets`` do."""

from collections.abc import Mapping

from torch import nn
from torch.utils.data import Dataset

from ..registry import DATASETS, MODELS

__all__ = ['build_dataset', 'build_model']


def build_model(cfg: Mapping[str, object]) -> nn.Module:
    """Build a network, or a part of one.

    >>> build_model(dict(type='KeypointMSELoss'))
    KeypointMSELoss()
    """
    return MODELS.build(dict(cfg))


def build_dataset(cfg: Mapping[str, object], default_args: Mapping[str, object] | None = None) -> Dataset:
    """Build a dataset.

    Args:
        cfg: its config.
        default_args: arguments that count where the config has none.
    """
    return DATASETS.build({**(default_args or {}), **cfg})
