"""Training loops that a resumed run enters exactly where it left.

They differ from mmengine's in three things: the global generators are seeded in each iteration, a
run resumed in the middle of an epoch draws only the rest of it, and iterations already trained on
are skipped by their number, not by loading their images again.
"""

from typing import TYPE_CHECKING

from mmengine.dist import get_rank
from mmengine.runner import EpochBasedTrainLoop as BaseEpochLoop
from mmengine.runner import IterBasedTrainLoop as BaseIterLoop

from ...registry import LOOPS
from ...utils.errors import InputTypeError, StateError
from ..batch import Batch, ForeignBatch, raise_worker_error
from ..randomness import seed_everything

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader

__all__ = ['EpochBasedTrainLoop', 'IterBasedTrainLoop']


def _skip_batches(dataloader: 'DataLoader', batches: int) -> None:
    """Let the sampler leave out what ``batches`` batches would take."""
    sampler = getattr(dataloader.batch_sampler, 'sampler', dataloader.sampler)
    if not hasattr(sampler, 'skip'):
        raise InputTypeError(
            f'cannot resume in the middle of an epoch with {type(sampler).__name__}: it has no `skip(samples)`; '
            'use DefaultSampler or InfiniteSampler, or resume from a checkpoint of an epoch'
        )
    sampler.skip(batches * dataloader.batch_sampler.batch_size)


def _refuse_bad_samples(data_batch: Batch | ForeignBatch) -> None:
    raise_worker_error(data_batch)
    bad = data_batch.pop('bad_samples', None) if isinstance(data_batch, dict) else None
    if bad:
        raise StateError(
            f'{bad[0].path}: {bad[0].reason}; training stops at a bad image. Repair or remove it, or train with '
            "on_bad_image='skip' in the training dataset (--skip-bad-images)"
        )


@LOOPS.register_module()
class EpochBasedTrainLoop(BaseEpochLoop):
    """Train for a number of epochs; arguments as mmengine's."""

    def run_epoch(self) -> None:
        """Train on the rest of the current epoch, all of it unless resumed in its middle."""
        first = self._iter - self._epoch * len(self.dataloader)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        if first > 0:
            self.runner.logger.info(f'Continuing epoch {self._epoch + 1} behind its iteration {first}.')
            _skip_batches(self.dataloader, first)
        for idx, data_batch in enumerate(self.dataloader, max(first, 0)):
            self.run_iter(idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Batch | ForeignBatch) -> None:
        """Train on one batch."""
        _refuse_bad_samples(data_batch)
        seed_everything(self.runner.seed, get_rank(), self._iter)
        super().run_iter(idx, data_batch)


@LOOPS.register_module()
class IterBasedTrainLoop(BaseIterLoop):
    """Train for a number of iterations; arguments as mmengine's. Needs an endless sampler to be exact."""

    def run(self) -> 'torch.nn.Module':
        """Train up to ``max_iters``, from where a checkpoint was taken if there was one."""
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        if self._iter > 0:
            _skip_batches(self.dataloader, self._iter)
        batches = iter(self.dataloader)
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            try:
                data_batch = next(batches)
            except StopIteration:
                raise StateError(
                    'the training data ended before max_iters: an IterBasedTrainLoop needs '
                    "train_dataloader.sampler=dict(type='InfiniteSampler')"
                ) from None
            self.run_iter(data_batch)
            self._decide_current_val_interval()
            due = self._iter % self.val_interval == 0 or self._iter == self._max_iters
            if self.runner.val_loop is not None and self._iter >= self.val_begin and due:
                self.runner.val_loop.run()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_iter(self, data_batch: Batch | ForeignBatch) -> None:
        """Train on one batch."""
        _refuse_bad_samples(data_batch)
        seed_everything(self.runner.seed, get_rank(), self._iter)
        super().run_iter(data_batch)
