"""Metrics and the functions behind them."""

from . import functional, metrics

__all__ = ['functional', 'metrics']
