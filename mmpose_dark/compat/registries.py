"""Registries that mmpose 1.x has besides those here: mmengine's own."""

from mmengine.registry import INFERENCERS, RUNNER_CONSTRUCTORS, TASK_UTILS

__all__ = ['INFERENCERS', 'RUNNER_CONSTRUCTORS', 'TASK_UTILS']
