"""What the hooks that draw share: their folder, and that an evaluation outlives a full disk."""

from collections.abc import Callable
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from ...utils.errors import OutputError
from ...utils.output_paths import check_outputs
from ..runner_protocol import RunnerLike

__all__ = ['DrawingHook']


class DrawingHook(Hook):
    """Base class of the hooks that draw poses; only the first of several processes draws.

    Args:
        enable: False switches the hook off.
        show: open a window for each drawing.
        wait_time: seconds that the window stays, 0 until it is closed.
        kpt_thr: a keypoint is drawn when its score is above this.
        out_dir: folder; a relative one lies in the run's ``work_dir/timestamp``. None writes no files.
        backend_args: of mmengine's file backend, to read the images; None: as the dataset's LoadImage reads them.

    Raises:
        OutputError: before the run, nothing can be written to ``out_dir``.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        *,
        enable: bool,
        show: bool,
        wait_time: float,
        kpt_thr: float,
        out_dir: str | None,
        backend_args: dict | None,
    ) -> None:
        self.enable, self.show, self.wait_time = enable, show, wait_time
        self.kpt_thr, self.out_dir, self.backend_args = kpt_thr, out_dir, backend_args
        self._failed: OutputError | None = None

    def before_run(self, runner: RunnerLike) -> None:
        """Stop where the drawings could not be written."""
        if self._is_on() and self.out_dir is not None:
            check_outputs(folders=[self._folder(runner)])

    def _is_on(self) -> bool:
        return self.enable and is_main_process()

    def _folder(self, runner: RunnerLike) -> Path:
        return Path(runner.work_dir, str(runner.timestamp), self.out_dir or '')

    def _write(self, runner: RunnerLike, write: Callable[[], object], what: str) -> bool:
        """Call ``write`` unless a call failed before; say whether it wrote. The first failure is logged."""
        if self._failed is None:
            try:
                write()
            except OutputError as err:
                self._failed = err
                runner.logger.error(f'no more {what} are written: {err}')
        return self._failed is None
