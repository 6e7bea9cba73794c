"""Telling the logs where training is and how it goes, without waiting for the GPU in every step."""

import math

import torch
from mmengine.hooks import LoggerHook
from mmengine.hooks import RuntimeInfoHook as BaseRuntimeInfoHook

from ...registry import HOOKS
from ..batch import Batch, ForeignBatch
from ..runner_protocol import RunnerLike

__all__ = ['RuntimeInfoHook']

_HISTORY = 20_000  # values of each scalar that stay in memory (and in checkpoints)


@HOOKS.register_module()
class RuntimeInfoHook(BaseRuntimeInfoHook):
    """Put epoch, iteration, learning rate and losses on the message hub.

    mmengine's reads every loss from the device in every iteration, which makes the GPU wait. This one
    keeps the tensors and reads them all at once every ``interval`` iterations, and before they are
    looked at: at the end of an epoch and before a validation.

    Args:
        interval: iterations between two readings; reading is immediate where tensors are on the CPU.
    """

    def __init__(self, interval: int = 10) -> None:
        self.interval = interval
        self._waiting: list[tuple[str, torch.Tensor]] = []

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
                self._waiting.append((f'train/{name}', value.detach()))
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
        names, tensors = zip(*self._waiting, strict=True)
        self._waiting = []
        values = torch.stack([t.float().mean() for t in tensors]).tolist()
        for name, value in zip(names, values, strict=True):
            runner.message_hub.update_scalar(name, value)
