"""How far it is: a bar on a terminal, a line now and then elsewhere."""

import logging
import sys
import time
from typing import Any

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook

from ...registry import HOOKS
from ...utils.pace import Pace, clock_text

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

    def __init__(self, interval: float = 10.0, bar: bool | None = None) -> None:
        self.interval = interval
        self.bar = (sys.stdout.isatty() if bar is None else bar) and is_main_process()
        self._paces: dict[str, Pace] = {}
        self._silence: _Silence | None = None
        self._screen: _Screen | None = None

    def before_train(self, runner: Any) -> None:
        """Start, with what a resumed run has done already."""
        self._begin(runner, 'train', runner.max_iters, runner.iter)

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count a batch."""
        losses = runner.message_hub.log_scalars.get('train/loss')
        by_epoch = runner.max_iters == runner.max_epochs * len(runner.train_dataloader)
        text = f'epoch {runner.epoch + 1}/{runner.max_epochs}' if by_epoch else f'iter {runner.iter + 1}'
        text += f'  loss {losses.current():.5f}' if losses is not None else ''
        self._advance(runner, 'train', runner.iter + 1, data_batch, text)

    def after_train(self, runner: Any) -> None:
        """Take the bar away."""
        self._end('train')

    def before_val_epoch(self, runner: Any) -> None:
        """Start validation, inside training or alone."""
        self._begin(runner, 'val', len(runner.val_dataloader))

    def after_val_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count a batch."""
        self._advance(runner, 'val', batch_idx + 1, data_batch)

    def after_val_epoch(self, runner: Any, metrics: dict | None = None) -> None:
        """Go back to training, if validation was called from there."""
        self._end('val')
        if 'train' in self._paces:
            self._paces['train'].unpause()

    def before_test_epoch(self, runner: Any) -> None:
        """Start."""
        self._begin(runner, 'test', len(runner.test_dataloader))

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count a batch."""
        self._advance(runner, 'test', batch_idx + 1, data_batch)

    def after_test_epoch(self, runner: Any, metrics: dict | None = None) -> None:
        """Take the bar away."""
        self._end('test')

    def at_exit(self, runner: Any) -> None:
        """Leave the terminal as it was, also when training was interrupted."""
        for stage in list(self._paces):
            self._end(stage)

    def _begin(self, runner: Any, stage: str, total: int, done: int = 0) -> None:
        self._paces[stage] = Pace(total, done)
        if self.bar:
            self._screen = self._screen or _Screen(runner.logger)
            self._screen.add(stage, total, done)
        elif self._silence is None:
            self._silence = _Silence()
            runner.logger.addFilter(self._silence)

    def _advance(self, runner: Any, stage: str, done: int, data_batch: Any, text: str = '') -> None:
        pace = self._paces[stage]
        images = len(data_batch['inputs']) if isinstance(data_batch, dict) else 0
        pace.advance(done, images * get_world_size())
        text += f'  {pace.images_per_second:.0f} images/s  eta {clock_text(pace.remaining)}'
        if self._screen is not None:
            self._screen.update(stage, done, text)
        elif self._silence.seconds >= self.interval:
            runner.logger.info(f'{stage} {done}/{pace.total}  {text.strip()}')

    def _end(self, stage: str) -> None:
        self._paces.pop(stage, None)
        if self._screen is not None:
            self._screen.remove(stage)
            if not self._paces:
                self._screen.close()
                self._screen = None


class _Silence(logging.Filter):
    """Knows how long ago something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._last

    def filter(self, record: logging.LogRecord) -> bool:
        self._last = time.monotonic()
        return True


class _NoIterations(logging.Filter):
    """Drops the lines about single iterations, which the bar shows."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        is_iteration = text.startswith(('Epoch(', 'Iter(')) and ' eta: ' in text
        return not (is_iteration or text.startswith('Exp name: '))


class _AboveBars:
    """A stream that writes whole lines above the bars."""

    def __init__(self, console: Any) -> None:
        self._console = console
        self._text = ''

    def write(self, text: str) -> None:
        from rich.text import Text

        *lines, self._text = (self._text + text).split('\n')
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)

    def flush(self) -> None:
        pass


class _Screen:
    """Bars at the bottom of the terminal, the log above them."""

    def __init__(self, logger: logging.Logger) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.table import Column

        console = Console(file=sys.stdout, force_terminal=True)
        columns = (
            TextColumn('{task.description}', table_column=Column(width=5)),
            BarColumn(16),
            TaskProgressColumn(),
            TextColumn('{task.fields[text]}', table_column=Column(ratio=1, no_wrap=True)),
        )
        self._progress = Progress(*columns, console=console, transient=True, expand=True, refresh_per_second=4)
        self._tasks: dict[str, Any] = {}
        self._filter = _NoIterations()
        self._handlers = [h for h in logger.handlers if type(h) is logging.StreamHandler]
        self._streams = [handler.setStream(_AboveBars(console)) for handler in self._handlers]
        for handler in self._handlers:
            handler.addFilter(self._filter)
        self._progress.start()

    def add(self, stage: str, total: int, done: int) -> None:
        self.remove(stage)
        self._tasks[stage] = self._progress.add_task(stage, total=total, completed=done, text='')

    def update(self, stage: str, done: int, text: str) -> None:
        self._progress.update(self._tasks[stage], completed=done, text=text)

    def remove(self, stage: str) -> None:
        if stage in self._tasks:
            self._progress.remove_task(self._tasks.pop(stage))

    def close(self) -> None:
        self._progress.stop()
        for handler, stream in zip(self._handlers, self._streams, strict=True):
            handler.removeFilter(self._filter)
            handler.setStream(stream)
