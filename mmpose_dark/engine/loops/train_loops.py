"""Training loops that a resumed run enters exactly where it left.

They differ from mmengine's in this: the global generators are seeded in each iteration, a run resumed in the middle
of an epoch draws only the rest of it, samples already trained on are skipped by their number, not by loading their
images again, and a validation that a kill prevented is made up for.
"""

from typing import TYPE_CHECKING

from mmengine.dist import get_rank, get_world_size
from mmengine.runner import EpochBasedTrainLoop as BaseEpochLoop
from mmengine.runner import IterBasedTrainLoop as BaseIterLoop

from ...registry import LOOPS
from ...utils.errors import InputError, InputTypeError, StateError
from ..batch import Batch, ForeignBatch
from ..batches import batches
from ..latest import was_validated
from ..position import Start, sampler_of
from ..randomness import seed_everything

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader

__all__ = ['EpochBasedTrainLoop', 'IterBasedTrainLoop']


def _skip_samples(dataloader: 'DataLoader', samples: int) -> None:
    """Let the sampler leave out the first ``samples`` of this process."""
    sampler = sampler_of(dataloader)
    if not hasattr(sampler, 'skip'):
        raise InputTypeError(
            f'cannot resume in the middle of an epoch with {type(sampler).__name__}: it has no `skip(samples)`; '
            'use DefaultSampler or InfiniteSampler, or resume from a checkpoint of an epoch'
        )
    sampler.skip(samples)


def _check_amount(dataloader: 'DataLoader') -> None:
    """Refuse data that makes not one batch."""
    size = len(dataloader.dataset)
    if not size:
        raise InputError('the training dataset has no sample; see train_dataloader.dataset')
    if not len(dataloader):
        world = get_world_size()
        each = dataloader.batch_sampler.batch_size if dataloader.batch_sampler is not None else 1
        raise InputError(
            f'train_dataloader: not one batch: drop_last=True leaves out what does not fill a batch, and {size} '
            f'samples are fewer than {each} (batch_size) for each of {world} process(es). Use a batch_size of at most '
            f'{max(size // world, 1)}, or train_dataloader.drop_last=False'
        )


def _refuse_bad_samples(data_batch: Batch | ForeignBatch) -> None:
    bad = data_batch.pop('bad_samples', None) if isinstance(data_batch, dict) else None
    if bad:
        raise StateError(
            f'{bad[0].path}: {bad[0].reason}; training stops at a bad image. Repair or remove it, or train with '
            "on_bad_image='skip' in the training dataset (--skip-bad-images)"
        )


@LOOPS.register_module()
class EpochBasedTrainLoop(BaseEpochLoop):
    """Train for a number of epochs; arguments as mmengine's.

    Raises:
        ValueError: the data makes not one batch.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _check_amount(self.dataloader)
        self._start: Start | None = None

    def start_at(self, start: Start) -> None:
        """Begin there, in a run that is resumed."""
        self._start, self._epoch, self._iter = start, start.epoch, start.iter

    def first_sample(self, epoch: int, iteration: int, each: int) -> int:
        """Return how many samples of the epoch each process has had.

        Args:
            epoch: epochs that are done.
            iteration: iterations that are done.
            each: samples of an iteration.
        """
        start = self._start
        if start is not None and start.epoch == epoch and start.skip:
            return start.skip + (iteration - start.iter) * each
        return min(max(iteration - epoch * len(self.dataloader), 0) * each, len(sampler_of(self.dataloader)))

    def run(self) -> 'torch.nn.Module':
        """Train up to ``max_epochs``, after the validation that the checkpoint's run did not come to."""
        self.runner.call_hook('before_train')
        start = self._start
        if start is not None and self._epoch and not start.skip and start.iter == self._epoch * len(self.dataloader):
            self._decide_current_val_interval()
            if self._validation_due() and not was_validated(self.runner.work_dir, self._iter):
                self.runner.logger.info(f'Validating epoch {self._epoch}, which the run before did not come to.')
                self.runner.val_loop.run()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._decide_current_val_interval()
            if self._validation_due():
                self.runner.val_loop.run()
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validation_due(self) -> bool:
        due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        return self.runner.val_loop is not None and self._epoch >= self.val_begin and due

    def run_epoch(self) -> None:
        """Train on the rest of the current epoch, all of it unless resumed in its middle."""
        first = max(self._iter - self._epoch * len(self.dataloader), 0)
        skip = self._start.skip if self._start is not None and self._start.epoch == self._epoch else 0
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        if first < len(self.dataloader):  # otherwise only the end of the epoch is to come
            if skip:
                self.runner.logger.info(f'Continuing epoch {self._epoch + 1} behind its iteration {first}.')
                _skip_samples(self.dataloader, skip)
            for idx, data_batch in enumerate(batches(self.dataloader, 'train'), first):
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
    """Train for a number of iterations; arguments as mmengine's. Needs an endless sampler to be exact.

    Raises:
        ValueError: the data makes not one batch.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _check_amount(self.dataloader)
        self._start: Start | None = None

    def start_at(self, start: Start) -> None:
        """Begin there, in a run that is resumed."""
        self._start, self._epoch, self._iter = start, start.epoch, start.iter

    def first_sample(self, epoch: int, iteration: int, each: int) -> int:
        """Return how many samples each process has had; arguments as those of `EpochBasedTrainLoop`."""
        start = self._start or Start(0, 0)
        return start.skip + (iteration - start.iter) * each

    def run(self) -> 'torch.nn.Module':
        """Train up to ``max_iters``, from where a checkpoint was taken if there was one."""
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        if self._start is not None and self._iter > 0:
            _skip_samples(self.dataloader, self._start.skip)
            self._decide_current_val_interval()
            if self._validation_due() and not was_validated(self.runner.work_dir, self._iter):
                self.runner.logger.info(f'Validating iteration {self._iter}, which the run before did not come to.')
                self.runner.val_loop.run()
        source = batches(self.dataloader, 'train')
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            try:
                data_batch = next(source)
            except StopIteration:
                raise StateError(
                    'the training data ended before max_iters: an IterBasedTrainLoop needs '
                    "train_dataloader.sampler=dict(type='InfiniteSampler')"
                ) from None
            self.run_iter(data_batch)
            self._decide_current_val_interval()
            if self._validation_due():
                self.runner.val_loop.run()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validation_due(self) -> bool:
        due = self._iter % self.val_interval == 0 or self._iter == self._max_iters
        return self.runner.val_loop is not None and self._iter >= self.val_begin and due

    def run_iter(self, data_batch: Batch | ForeignBatch) -> None:
        """Train on one batch."""
        _refuse_bad_samples(data_batch)
        seed_everything(self.runner.seed, get_rank(), self._iter)
        super().run_iter(data_batch)
