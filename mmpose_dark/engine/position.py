"""Where training was when a checkpoint was taken, in samples, and where that is in the run that goes on from it."""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmengine.dist import get_world_size

from ..checkpoint.errors import CheckpointError
from .samplers import InfiniteSampler

if TYPE_CHECKING:
    from mmengine.runner.base_loop import BaseLoop
    from torch.utils.data import DataLoader, Sampler

__all__ = ['Position', 'Start', 'find_start', 'sampler_of']


@dataclasses.dataclass(frozen=True)
class Position:
    """What a checkpoint says of the data.

    Attributes:
        epoch: epochs that are done.
        iter: iterations that are done.
        epoch_length: iterations of an epoch; None: not known.
        dataset_length: samples in the dataset; None: not known.
        batch: samples of an iteration in all processes together; None: not known.
        samples: samples taken by all processes, of the current epoch or, in a loop that counts iterations, in all.
        shuffled: whether the processes take turns in one order.
        processes: how many there were.
    """

    epoch: int
    iter: int
    epoch_length: int | None = None
    dataset_length: int | None = None
    batch: int | None = None
    samples: int | None = None
    shuffled: bool = True
    processes: int = 1

    @classmethod
    def of(cls, loop: 'BaseLoop', *, epoch: int, iteration: int) -> 'Position':
        """Return where ``loop`` is when ``epoch`` epochs and ``iteration`` iterations are done."""
        loader = loop.dataloader
        sampler, world = sampler_of(loader), get_world_size()
        each = getattr(loader.batch_sampler, 'batch_size', None) or loader.batch_size or 1
        batch = each * world
        first = loop.first_sample(epoch, iteration, each)
        return cls(
            epoch=epoch,
            iter=iteration,
            epoch_length=len(loader),
            dataset_length=len(loader.dataset),
            batch=batch,
            samples=first * world,
            shuffled=bool(getattr(sampler, 'shuffle', True)),
            processes=world,
        )

    def note(self) -> dict[str, object]:
        """Return what a checkpoint's ``meta`` keeps of it.

        >>> Position(epoch=1, iter=6, epoch_length=6).note()['epoch_length']
        6
        """
        return {k: v for k, v in dataclasses.asdict(self).items() if k not in ('epoch', 'iter')}

    @classmethod
    def from_checkpoint(cls, meta: Mapping, notes: Mapping) -> 'Position':
        """Read a position.

        Args:
            meta: of the checkpoint.
            notes: its message hub's, which tell an epoch's length where ``meta`` (mmengine's, say) does not.

        >>> Position.from_checkpoint(dict(epoch=2, iter=10), dict(max_iters=25, max_epochs=5)).epoch_length
        5
        """
        known = meta.get('position')
        if isinstance(known, Mapping):
            names = {field.name for field in dataclasses.fields(cls)} - {'epoch', 'iter'}
            return cls(epoch=meta['epoch'], iter=meta['iter'], **{k: v for k, v in known.items() if k in names})
        iters, epochs = notes.get('max_iters'), notes.get('max_epochs')
        length = iters // epochs if isinstance(iters, int) and isinstance(epochs, int) and epochs else None
        return cls(epoch=meta['epoch'], iter=meta['iter'], epoch_length=length)

    @property
    def inside(self) -> int:
        """Iterations of the current epoch that are done, 0 at its start.

        >>> Position(epoch=1, iter=8, epoch_length=6).inside
        2
        """
        return self.iter - self.epoch * self.epoch_length if self.epoch_length else 0


@dataclasses.dataclass(frozen=True)
class Start:
    """Where a run that is resumed begins.

    Attributes:
        epoch: epochs that count as done.
        iter: iterations that count as done, in this run's batches.
        skip: samples that each process leaves out of the first pass.
        changes: what is different from the run that took the checkpoint, in words.
    """

    epoch: int
    iter: int
    skip: int = 0
    changes: tuple[str, ...] = ()


def sampler_of(loader: 'DataLoader') -> 'Sampler':
    """Return what chooses the samples of a loader."""
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)


def find_start(loader: 'DataLoader', old: Position, *, by_epoch: bool, source: str) -> Start:
    """Return where training goes on: at the same sample, counted in this run's batches.

    A checkpoint of an epoch's end goes on with the next epoch, whatever the data and the batches are now. Inside an
    epoch the order of the samples must be the same, and every process must have had equally many.

    Args:
        loader: of the training that goes on.
        old: of the checkpoint.
        by_epoch: whether the loop counts epochs, or iterations over endless data.
        source: the checkpoint, for the message.

    Raises:
        CheckpointError: the progress inside an epoch cannot be carried over; the message names what has changed.
    """
    sampler, world = sampler_of(loader), get_world_size()
    each = getattr(loader.batch_sampler, 'batch_size', None) or loader.batch_size or 1
    now = dict(dataset_length=len(loader.dataset), batch=each * world, processes=world)
    words = dict(
        dataset_length='the length of the training dataset', batch='samples an iteration', processes='processes'
    )
    changes = [
        f'{words[name]}: {getattr(old, name)} -> {value}'
        for name, value in now.items()
        if old.batch is not None and getattr(old, name) != value
    ]
    if by_epoch and old.epoch_length not in (None, len(loader)):
        changes.append(f'iterations an epoch: {old.epoch_length} -> {len(loader)}')
    if not by_epoch:
        return _endless(sampler, old, each=each, world=world, changes=changes, source=source)
    if old.inside == 0 and old.epoch_length is not None:
        return Start(old.epoch, old.epoch * len(loader), 0, tuple(changes))
    if old.epoch_length is not None and old.inside >= old.epoch_length:  # taken by the last iteration of an epoch
        return Start(old.epoch, (old.epoch + 1) * len(loader), len(sampler), tuple(changes))
    if not changes:
        inside = old.iter - old.epoch * len(loader)
        return Start(old.epoch, old.iter, max(inside, 0) * each, ())
    if old.samples is None or old.dataset_length != len(loader.dataset):
        raise _cannot_carry_over(source, changes, 'the order of the samples is another')
    share = _share(old.samples, world, old, source, changes)
    remaining = _batches(len(sampler) - share, each, drop_last=loader.drop_last)
    return Start(old.epoch, (old.epoch + 1) * len(loader) - remaining, share, tuple(changes))


def _endless(sampler: 'Sampler', old: Position, *, each: int, world: int, changes: list[str], source: str) -> Start:
    samples = old.samples
    if samples is None:  # of mmengine, or of an earlier version
        return Start(old.epoch, old.iter, old.iter * each, tuple(changes))
    if not isinstance(sampler, InfiniteSampler):
        return Start(old.epoch, old.iter, samples // world, tuple(changes))
    size = len(sampler.dataset)
    if old.dataset_length != size:
        passes, rest = divmod(samples, old.dataset_length or 1)
        if rest:
            raise _cannot_carry_over(source, changes, 'the order of the samples is another')
        samples = passes * size
    return Start(old.epoch, old.iter, _share(samples, world, old, source, changes, ordered=True), tuple(changes))


def _share(samples: int, world: int, old: Position, source: str, changes: list[str], *, ordered: bool = False) -> int:
    share, rest = divmod(samples, world)
    if rest:
        raise _cannot_carry_over(source, changes, f'{samples} samples cannot be dealt to {world} processes')
    if world != old.processes and not (old.shuffled or ordered):
        raise _cannot_carry_over(source, changes, 'without shuffling each process had a part of its own')
    return share


def _batches(samples: int, size: int, *, drop_last: bool) -> int:
    return max(samples // size if drop_last else math.ceil(samples / size), 0)


def _cannot_carry_over(source: str, changes: list[str], why: str) -> CheckpointError:
    return CheckpointError(
        f'{source}: was taken inside an epoch, and cannot be resumed there: {"; ".join(changes)} ({why}). Put that '
        'back as it was, resume from a checkpoint of an epoch, or start from its weights with --cfg-options '
        f'load_from={source}'
    )
