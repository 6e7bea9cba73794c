"""Shipped configs, each read once in a run: reading takes longer than most of what is tested of them."""

import copy
import functools
from pathlib import Path

from mmengine.config import Config

from mmpose_dark.config.reading import load_config

ROOT = Path(__file__).resolve().parents[2] / 'configs'


@functools.cache
def _read(name: str) -> Config:
    return load_config(ROOT / name)


def shipped_config(name: str) -> Config:
    """Return a copy of a config by its path below ``configs``."""
    return copy.deepcopy(_read(name))
