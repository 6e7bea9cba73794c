"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

import contextlib
import logging
import sys
from collections.abc import Sequence

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook

from ...registry import HOOKS
from ...utils.pace import Pace, clock_text
from ...utils.progress import SECONDS_BETWEEN_LINES, Bars, Quiet
from ..batch import Batch, ForeignBatch, batch_size
from ..runner_protocol import RunnerLike
from .log_above_bars import log_above_bars
from .logger_hook import is_about_iteration

__all__ = ['ProgressBarHook']


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show epoch, iteration, loss, images a second and the time that is left.

    On a terminal it draws a bar, and the log's lines about single iterations go to the log file only.
    Where output is no terminal it logs a line whenever the log was silent for ``interval`` seconds.

    Args:
        interval: seconds of silence after which a line is logged.
        bar: draw the bar; None for where standard output is a terminal.
    """

    priority = 'LOWEST'

    def __init__(self, interval: float = SECONDS_BETWEEN_LINES, bar: bool | None = None) -> None:
        self.interval = interval
        self.bar = (sys.stdout.isatty() if bar is None else bar) and is_main_process()
        self._paces: dict[str, Pace] = {}
        self._silence: _Silence | None = None
        self._bars: Bars | None = None
        self._screen = contextlib.ExitStack()

    def before_train(self, runner: RunnerLike) -> None:
        """Start, with what a resumed run has done already."""
        self._begin(runner, 'train', runner.max_iters, runner.iter)

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Count a batch."""
        losses = runner.message_hub.log_scalars.get('train/loss')
        by_epoch = runner.max_iters == runner.max_epochs * len(runner.train_dataloader)
        text = f'epoch {runner.epoch + 1}/{runner.max_epochs}' if by_epoch else f'iter {runner.iter + 1}'
        text += f'  loss {losses.current():.5f}' if losses is not None else ''
        self._advance(runner, 'train', runner.iter + 1, data_batch, text)

    def after_train(self, runner: RunnerLike) -> None:
        """Take the bar away."""
        self._end('train')

    def before_val_epoch(self, runner: RunnerLike) -> None:
        """Start validation, inside training or alone."""
        self._begin(runner, 'val', len(runner.val_dataloader))

    def after_val_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Count a batch."""
        self._advance(runner, 'val', batch_idx + 1, data_batch)

    def after_val_epoch(self, runner: RunnerLike, metrics: dict | None = None) -> None:
        """Go back to training, if validation was called from there."""
        self._end('val')
        if 'train' in self._paces:
            self._paces['train'].unpause()

    def before_test_epoch(self, runner: RunnerLike) -> None:
        """Start."""
        self._begin(runner, 'test', len(runner.test_dataloader))

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Count a batch."""
        self._advance(runner, 'test', batch_idx + 1, data_batch)

    def after_test_epoch(self, runner: RunnerLike, metrics: dict | None = None) -> None:
        """Take the bar away."""
        self._end('test')

    def at_exit(self, runner: RunnerLike) -> None:
        """Leave the terminal as it was, also when training was interrupted."""
        for stage in list(self._paces):
            self._end(stage)

    def _begin(self, runner: RunnerLike, stage: str, total: int, done: int = 0) -> None:
        self._paces[stage] = Pace(total, done)
        if self.bar:
            if self._bars is None:
                self._bars = self._screen.enter_context(Bars(sys.stdout, transient=True))
                self._screen.enter_context(
                    log_above_bars(runner.logger, self._bars.console, leave_out=is_about_iteration)
                )
            self._bars.add(stage, total, done)
        elif self._silence is None:
            self._silence = _Silence()
            runner.logger.addFilter(self._silence)

    def _advance(
        self, runner: RunnerLike, stage: str, done: int, data_batch: Batch | ForeignBatch | None, text: str = ''
    ) -> None:
        pace = self._paces[stage]
        images = 0 if data_batch is None else batch_size(data_batch)
        pace.advance(done, images * get_world_size())
        text += f'  {pace.images_per_second:.0f} images/s  eta {clock_text(pace.remaining)}'
        if self._bars is not None:
            self._bars.update(stage, done, text)
        elif self._silence is not None and self._silence.quiet.seconds >= self.interval:
            runner.logger.info(f'{stage} {done}/{pace.total}  {text.strip()}')

    def _end(self, stage: str) -> None:
        self._paces.pop(stage, None)
        if self._bars is not None:
            self._bars.remove(stage)
            if not self._paces:
                self._bars = None
                self._screen.close()


class _Silence(logging.Filter):
    """Knows how long ago something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = Quiet()

    def filter(self, record: logging.LogRecord) -> bool:
        self.quiet.end()
        return True
