"""Stub."""

from typing import Any

__all__ = ['validate_config']


def validate_config(cfg: Any) -> None:
    """Check."""
