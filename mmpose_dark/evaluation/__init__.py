"""Metrics, the functions behind them, and the evaluator that runs several."""

from . import functional, metrics
from .evaluator import Evaluator

__all__ = ['Evaluator', 'functional', 'metrics']
