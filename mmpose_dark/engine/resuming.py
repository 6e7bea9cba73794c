"""Optimizer and schedules of a run that goes on: as they were, or as the config has them now, and said which."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler import ReduceOnPlateauParamScheduler

from ..checkpoint.errors import CheckpointError
from .position import Start
from .state import to_plain

if TYPE_CHECKING:
    from mmengine.optim import _ParamScheduler

__all__ = ['restore_optimizer']

# What a schedule counts itself; everything else in its state is a setting.
_COUNTED = ('last_step', '_global_step', '_last_value', 'verbose', 'base_values', '_get_value_called_within_step')
_MISSING = '(not there)'


def restore_optimizer(
    wrapper: OptimWrapper,
    schedulers: 'Sequence[_ParamScheduler]',
    checkpoint: Mapping,
    start: Start,
    *,
    epoch_length: int,
    source: str,
    logger: logging.Logger,
) -> None:
    """Load the state of the optimizer and of the schedules.

    What the config has changed since (learning rate, weight decay, schedules, the number of iterations an epoch) is
    followed: the schedules are gone through again up to where training is, so that the learning rates are those that
    the config has there. The optimizer's sums (momentum) are taken over in any case.

    Args:
        wrapper: the optimizer, just built from the config.
        schedulers: just built from the config.
        checkpoint: of the run.
        start: where training goes on.
        epoch_length: iterations an epoch.
        source: the checkpoint, for messages.
        logger: told what is followed.

    Raises:
        CheckpointError: another optimizer, other groups of parameters, or a changed schedule that depends on metrics.
    """
    kind, saved_kind = type(wrapper.optimizer).__name__, checkpoint['meta'].get('optimizer_type')
    if saved_kind not in (None, kind):
        raise _another(source, f'optim_wrapper.optimizer.type: {saved_kind} -> {kind}')
    fresh = [{k: v for k, v in group.items() if k != 'params'} for group in wrapper.param_groups]
    saved_state = checkpoint['optimizer']
    groups = saved_state.get('param_groups') if isinstance(saved_state, dict) else None
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise CheckpointError(f'{source}: cannot resume, its optimizer has no groups of parameters')
    if isinstance(base := saved_state.get('base_param_settings'), dict):  # beside several groups, as a further one
        groups = [*groups, base]
    saved = [{k: v for k, v in group.items() if k != 'params'} for group in groups]
    if saved_kind is None and saved and set(_settings(saved[0], set())) ^ set(_settings(fresh[0], set())):
        raise _another(source, f'optim_wrapper.optimizer: its settings are not those of {kind}')
    if len(saved) != len(fresh):
        raise _another(source, f'groups of parameters (optim_wrapper.paramwise_cfg): {len(saved)} -> {len(fresh)}')
    followed = _changed_settings(saved, fresh, {s.param_name for s in schedulers})
    states = checkpoint.get('param_schedulers') or []
    followed += _changed_schedules(states, schedulers)
    counts_iterations = any(not s.by_epoch for s in schedulers)
    if counts_iterations and start.iter != checkpoint['meta']['iter']:
        followed.append(f'iterations done: {checkpoint["meta"]["iter"]} -> {start.iter}')
    try:
        wrapper.load_state_dict(saved_state)
    except (ValueError, KeyError, TypeError, RuntimeError, AttributeError) as err:
        raise CheckpointError(f'{source}: cannot resume, the state of its optimizer does not fit: {err}') from err
    if followed:
        _follow(wrapper, schedulers, start, followed, fresh, epoch_length=epoch_length, source=source, logger=logger)
        return
    for scheduler, state in zip(schedulers, states, strict=True):
        scheduler.load_state_dict(state)


def _follow(
    wrapper: OptimWrapper,
    schedulers: 'Sequence[_ParamScheduler]',
    start: Start,
    followed: list[str],
    fresh: list[dict],
    *,
    epoch_length: int,
    source: str,
    logger: logging.Logger,
) -> None:
    """Set the optimizer and the schedules to what the config has where training goes on, and say what is followed."""
    plateaus = [s for s in schedulers if isinstance(s, ReduceOnPlateauParamScheduler)]
    if plateaus:
        raise CheckpointError(
            f'{source}: cannot resume with {"; ".join(followed)}: {type(plateaus[0]).__name__} depends on the metrics '
            f'up to here. Put that back, or start from the weights with --cfg-options load_from={source}'
        )
    for group, settings in zip(wrapper.param_groups, fresh, strict=True):
        group.update(settings)
    _go_through(schedulers, start, epoch_length)
    rates = ', '.join(f'{rate:g}' for rate in dict.fromkeys(group['lr'] for group in wrapper.param_groups))
    logger.warning(
        f'Resuming with another optimizer setting or lr schedule than the run had; the config is followed: '
        f'{"; ".join(followed)}. The learning rate is {rates} here.'
    )


def _another(source: str, what: str) -> CheckpointError:
    return CheckpointError(
        f"{source}: cannot resume with another optimizer ({what}): its state means nothing to the config's. Put that "
        f'back, or start a new optimizer from the weights with --cfg-options load_from={source}'
    )


def _settings(group: Mapping, scheduled: set[str]) -> dict[str, object]:
    """Return the settings of a group, of what a schedule changes the value it began with."""
    found = {}
    for name, value in group.items():
        if name.startswith('initial_') or (name == 'momentum' and 'betas' in group):
            continue
        if name == 'betas' and 'momentum' in scheduled:
            continue
        found[name] = to_plain(group.get(f'initial_{name}', value))
    return found


def _changed_settings(saved: Sequence[Mapping], fresh: Sequence[Mapping], scheduled: set[str]) -> list[str]:
    found: dict[str, None] = {}
    for old_group, new_group in zip(saved, fresh, strict=True):
        old, new = _settings(old_group, scheduled), _settings(new_group, scheduled)
        for name in new:
            if name in old and old[name] != new[name]:
                found[f'optim_wrapper.optimizer.{name}: {old[name]} -> {new[name]}'] = None
    return list(found)


def _changed_schedules(states: Sequence[Mapping], schedulers: 'Sequence[_ParamScheduler]') -> list[str]:
    if len(states) != len(schedulers):
        return [f'param_scheduler: {len(states)} schedules -> {len(schedulers)}']
    found = []
    for i, (state, scheduler) in enumerate(zip(states, schedulers, strict=True)):
        plateau = isinstance(scheduler, ReduceOnPlateauParamScheduler)
        counted = (*_COUNTED, 'best', 'num_bad_epochs', 'cooldown_counter') if plateau else _COUNTED
        old, new = (
            {k: to_plain(v) for k, v in part.items() if k not in counted} for part in (state, scheduler.state_dict())
        )
        for name in sorted(old.keys() | new.keys()):
            was, is_now = old.get(name, _MISSING), new.get(name, _MISSING)
            if was != is_now:
                found.append(f'param_scheduler.{i}.{name}: {was} -> {is_now}')
    return found


def _go_through(schedulers: 'Sequence[_ParamScheduler]', start: Start, epoch_length: int) -> None:
    """Step new schedules as often as training has, in the order that training does it."""
    for scheduler in schedulers:
        scheduler.optimizer._global_step = 0  # they ask whether the optimizer was stepped, and it was
    each_iteration = [s for s in schedulers if not s.by_epoch]
    each_epoch = [s for s in schedulers if s.by_epoch]
    done = 0
    for _ in range(start.epoch):
        for scheduler in each_iteration * epoch_length:
            scheduler.step()
        for scheduler in each_epoch:
            scheduler.step()
        done += epoch_length
    for _ in range(start.iter - done):
        for scheduler in each_iteration:
            scheduler.step()
