"""Telling the logs where training is and how it goes, without waiting for the GPU in every step."""

import math
from typing import Literal

import torch
from mmengine.hooks import LoggerHook
from mmengine.hooks import RuntimeInfoHook as BaseRuntimeInfoHook

from ...registry import HOOKS
from ...utils.errors import InputError
from ..batch import Batch, ForeignBatch
from ..finite import NonFiniteError, image_names
from ..latest import find_latest_checkpoint
from ..runner_protocol import RunnerLike

__all__ = ['RuntimeInfoHook']

_HISTORY = 20_000  # values of each scalar that stay in memory (and in checkpoints)


@HOOKS.register_module()
class RuntimeInfoHook(BaseRuntimeInfoHook):
    """Put epoch, iteration, learning rate and losses on the message hub.

    mmengine's reads every loss from the device in every iteration, which makes the GPU wait. This one
    keeps the tensors and reads them all at once every ``interval`` iterations, and before they are
    looked at: at the end of an epoch and before a validation.

    A loss that is NaN or infinite stops training when it is read, so at most ``interval`` iterations later.

    Args:
        interval: iterations between two readings; reading is immediate where tensors are on the CPU.
        on_non_finite: 'stop' at a loss that is not finite, or 'warn' and go on.

    Raises:
        ValueError: ``on_non_finite`` is neither.
    """

    def __init__(self, interval: int = 10, on_non_finite: Literal['stop', 'warn'] = 'stop') -> None:
        if on_non_finite not in ('stop', 'warn'):
            raise InputError(f"RuntimeInfoHook: on_non_finite is 'stop' or 'warn', not {on_non_finite!r}")
        self.interval, self.on_non_finite = interval, on_non_finite
        self._waiting: list[tuple[str, torch.Tensor, int, Batch | ForeignBatch | None]] = []
        self._warned = False

    def before_run(self, runner: RunnerLike) -> None:
        """Note what is run, without formatting the config (that is on disk already)."""
        runner.message_hub.update_info_dict(dict(seed=runner.seed, experiment_name=runner.experiment_name))
        self.last_loop_stage = None
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):  # what is logged must have been read
                self.interval = math.gcd(self.interval, hook.interval)

    def before_train(self, runner: RunnerLike) -> None:
        """Note where training starts."""
        runner.message_hub.update_info_dict(
            dict(
                loop_stage='train',
                epoch=runner.epoch,
                iter=runner.iter,
                max_epochs=runner.max_epochs,
                max_iters=runner.max_iters,
            )
        )

    def before_train_epoch(self, runner: RunnerLike) -> None:
        """Note the epoch, and bound the histories (appending copies them whole)."""
        super().before_train_epoch(runner)
        for history in runner.message_hub.log_scalars.values():
            history.max_length = _HISTORY

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Batch | ForeignBatch | None = None,
        outputs: dict[str, torch.Tensor | float] | None = None,
    ) -> None:
        """Keep this iteration's losses (scalars), and read them if it is time to."""
        on_device = False
        for name, value in (outputs or {}).items():
            if isinstance(value, torch.Tensor):
                self._waiting.append((f'train/{name}', value.detach(), runner.iter, _without_inputs(data_batch)))
                on_device |= self._is_on_device(value)
            else:
                runner.message_hub.update_scalar(f'train/{name}', value)
        due = self.every_n_inner_iters(batch_idx, self.interval)
        if not on_device or due or self.end_of_epoch(runner.train_dataloader, batch_idx):
            self._read(runner)

    def after_train_epoch(self, runner: RunnerLike) -> None:
        """Read what is left."""
        self._read(runner)

    def before_val(self, runner: RunnerLike) -> None:
        """Read what is left, and note the stage."""
        self._read(runner)
        super().before_val(runner)

    def before_save_checkpoint(self, runner: RunnerLike, checkpoint: dict) -> None:
        """Read what is left, so that the checkpoint has it."""
        self._read(runner)

    @staticmethod
    def _is_on_device(value: torch.Tensor) -> bool:
        return value.device.type != 'cpu'

    def _read(self, runner: RunnerLike) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        values = torch.stack([tensor.float().mean() for _, tensor, _, _ in waiting]).tolist()
        for (name, _, _, _), value in zip(waiting, values, strict=True):
            runner.message_hub.update_scalar(name, value)
        for (name, _, iteration, data_batch), value in zip(waiting, values, strict=True):
            if not math.isfinite(value) and 'loss' in name:
                self._tell(runner, name, value, iteration, data_batch)
                break

    def _tell(
        self, runner: RunnerLike, name: str, value: float, iteration: int, data_batch: Batch | ForeignBatch | None
    ) -> None:
        images = image_names(data_batch)
        text = (
            f'{name} is {value} in iteration {iteration + 1} (epoch {runner.epoch + 1})'
            + (f', batch of {images}' if images else '')
            + f'. Last good checkpoint: {find_latest_checkpoint(runner.work_dir) or "none"}.'
        )
        if self.on_non_finite == 'stop':
            raise NonFiniteError(
                f'{text} The training diverged: lower the learning rate (optim_wrapper.optimizer.lr), clip gradients '
                '(optim_wrapper.clip_grad), or look at these images. --allow-non-finite goes on all the same'
            )
        if not self._warned:
            runner.logger.warning(f'{text} Going on (on_non_finite); no checkpoint with such weights is written.')
        self._warned = True


def _without_inputs(data_batch: Batch | ForeignBatch | None) -> dict:
    """Keep of a batch what names it, and not its images."""
    return dict(data_samples=data_batch.get('data_samples')) if isinstance(data_batch, dict) else {}
