"""Metrics, the functions behind them, and the evaluator that runs several.

The names are imported on first use: ``evaluation.functional`` needs neither torch nor mmengine, the metrics do.
"""

from ..utils.lazy import lazy_names

_HOMES = {'Evaluator': 'evaluator'}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
