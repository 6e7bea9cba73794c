"""mmengine's log lines, those about single iterations marked as such."""

import contextlib
import logging
from collections.abc import Iterator, Sequence

from mmengine.hooks import LoggerHook as BaseLoggerHook

from ...registry import HOOKS
from ..batch import Batch, ForeignBatch
from ..runner_protocol import RunnerLike

__all__ = ['LoggerHook', 'is_about_iteration']


def is_about_iteration(record: logging.LogRecord) -> bool:
    """Say whether `LoggerHook` wrote a line about a single iteration, which a progress bar shows anyway.

    >>> is_about_iteration(logging.makeLogRecord(dict(msg='Saving checkpoint')))
    False
    """
    return getattr(record, _MARK, False)


_MARK = 'mmpose_dark_iteration'


class _Marking(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        setattr(record, _MARK, True)
        return True


@HOOKS.register_module()
class LoggerHook(BaseLoggerHook):
    """Write losses, learning rates and metrics to the log; arguments as mmengine's."""

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Write a line every ``interval`` iterations."""
        with _marked(runner.logger):
            super().after_train_iter(runner, batch_idx, data_batch, outputs)

    def after_val_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Write a line every ``interval`` iterations."""
        with _marked(runner.logger):
            super().after_val_iter(runner, batch_idx, data_batch, outputs)

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Write a line every ``interval`` iterations."""
        with _marked(runner.logger):
            super().after_test_iter(runner, batch_idx, data_batch, outputs)


@contextlib.contextmanager
def _marked(logger: logging.Logger) -> Iterator[None]:
    marking = _Marking()
    logger.addFilter(marking)
    try:
        yield
    finally:
        logger.removeFilter(marking)
