"""Trainings that go on under other settings, or come to numbers that are not finite, in this process."""

import contextlib
import io
import random
import shutil
import warnings
from collections import Counter
from pathlib import Path

from helpers import test_helper
from outcome import Outcome, digest

__all__ = ['not_finite', 'other_resumes']

_SIZE, _BATCH = 24, 4


def other_resumes(tries: int, seed: int, folder: Path) -> Outcome:
    """Stop at a random iteration and go on with other batches, sums of gradients or data, or with the same."""
    from mmpose_dark.checkpoint import CheckpointError

    toy = test_helper('toy_runs')
    found = Outcome('other batches or data on resuming: each sample once an epoch, or refused; the same: the same bits')
    rng, whole = random.Random(seed), {}
    for by_epoch in (True, False):
        _train(toy, folder, toy.Watch(), toy.NO_VAL if by_epoch else toy.BY_ITER)
        whole[by_epoch] = _last_weights(folder)
        shutil.rmtree(folder / 'run')
    for _ in range(tries):
        by_epoch, stop, size = rng.random() < 0.5, rng.randrange(6, 18), rng.choice((_SIZE, _SIZE, 7, 30, 60))
        changes = {'train_dataloader.batch_size': rng.choice((2, 3, 5, 8, 12)), 'train_dataloader.dataset.size': size}
        changes['optim_wrapper.accumulative_counts'] = rng.choice((1, 1, 2, 5))
        if rng.random() < 0.3:
            changes, size = {}, _SIZE
        settings = dict(toy.NO_VAL if by_epoch else toy.BY_ITER)
        first, second = toy.Watch(stop), toy.Watch()
        with contextlib.suppress(KeyboardInterrupt):
            _train(toy, folder, first, settings)
        try:
            _train(toy, folder, second, dict(settings, resume=True) | changes)
            problem = _miscounted(first.seen, second.seen, by_epoch, stop, size)
        except CheckpointError as err:
            inside = not by_epoch and stop % (_SIZE // _BATCH)
            problem = '' if inside and size != _SIZE and 'inside an epoch' in str(err) else str(err)
        else:
            if not changes and _last_weights(folder) != whole[by_epoch]:
                problem = problem or 'other weights'
        found.note(problem and f'{"epochs" if by_epoch else "iterations"}, {stop}, then {changes}: {problem}')
        shutil.rmtree(folder / 'run')
    return found


def _last_weights(folder: Path) -> str:
    paths = (folder / 'run').glob('*.pth')
    found = digest(max(paths, key=lambda path: int(path.stem.rpartition('_')[2])))
    return found


def _train(toy: object, folder: Path, watch: object, changes: dict) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        runner = toy.make_toy_runner(folder, **changes)
        runner.register_hook(watch)
        runner.train()


def _miscounted(first: list, second: list, by_epoch: bool, stop: int, size: int) -> str:
    """Say whether an epoch after resuming has not each sample once."""
    whole = Counter(range(size))
    epoch, inside = divmod(stop, _SIZE // _BATCH)
    counts = {number: Counter(i for e, i in second if e == number) for number in range(epoch, 3)}
    if inside and not by_epoch:
        counts[epoch] += Counter(i for e, i in first if e == epoch)
    return 'samples left out or taken twice' if any(count != whole for count in counts.values()) else ''


def not_finite(tries: int, seed: int, folder: Path) -> Outcome:
    """Let the loss become NaN or infinite in a random iteration: it is named, and no checkpoint has such weights."""
    import torch

    from mmpose_dark.checkpoint import load_state_dict_file
    from mmpose_dark.utils.errors import UserError

    toy = test_helper('toy_runs')
    found, rng = (
        Outcome('a loss that is not finite: iteration and last good checkpoint named, weights finite'),
        random.Random(seed),
    )

    class Spoil(toy.Watch):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            if runner.iter + 1 == self.stop:
                next(iter(runner.model.parameters())).data[0] = value
            self.at = 'never'

    for _ in range(tries):
        value, at = rng.choice((torch.nan, torch.inf)), rng.randrange(1, 19)
        options = (
            toy.NO_VAL
            if rng.random() < 0.5
            else toy.BY_ITER | {'default_hooks.checkpoint.interval': rng.randrange(1, 6)}
        )
        problem = 'went on'
        try:
            _train(toy, folder, Spoil(at), options)
        except UserError as err:
            problem = '' if f'in iteration {at}' in str(err) and 'heckpoint' in str(err) else str(err)
        for path in (folder / 'run').glob('*.pth'):
            weights = load_state_dict_file(path)['state_dict'].values()
            if not all(weight.isfinite().all() for weight in weights):
                problem = problem or f'{path.name} is not finite'
        found.note(problem and f'{value} in iteration {at}, {options}: {problem}')
        shutil.rmtree(folder / 'run')
    return found
