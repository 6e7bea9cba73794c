"""What a checkpoint of a run holds, in types that ``torch.load`` opens without trust.

A checkpoint has ``meta``, ``state_dict``, ``optimizer``, ``param_schedulers`` and ``message_hub`` as
mmengine's, but arrays are tensors (or lists, in ``meta``) and histories are dicts.
"""

import time
from typing import Any

import mmengine
import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from ..version import __version__
from .position import Position
from .runner_protocol import RunnerLike

__all__ = ['hub_from_state', 'hub_to_state', 'make_meta', 'to_cpu', 'to_plain']


def to_plain(value: object) -> Any:
    """Return ``value`` with arrays, tuples of them and NumPy numbers as lists and Python numbers.

    >>> to_plain({'sigmas': np.array([0.5, 1.0]), 'n': np.int64(2)})
    {'sigmas': [0.5, 1.0], 'n': 2}
    """
    if isinstance(value, dict):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(to_plain(item) for item in value) if type(value) in (list, tuple) else list(value)
    if isinstance(value, np.ndarray | torch.Tensor):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def to_cpu(value: object) -> Any:
    """Return ``value`` with every tensor in it on the CPU (a copy where it was elsewhere).

    >>> to_cpu({'a': [torch.ones(1, requires_grad=True)], 'b': 'x'})
    {'a': [tensor([1.])], 'b': 'x'}
    """
    if isinstance(value, torch.Tensor):
        return value.detach().cpu()
    if isinstance(value, dict):
        return {key: to_cpu(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(to_cpu(item) for item in value)
    return value


def make_meta(runner: RunnerLike, meta: dict | None, *, by_epoch: bool) -> dict[str, Any]:
    """Return a checkpoint's ``meta``: where training was, of what, and how to use the weights.

    Args:
        runner: the runner.
        meta: entries that go before the ones made here.
        by_epoch: the checkpoint is taken in the hook at the end of an epoch (or of an iteration), before
            the loop has counted it.
    """
    made = dict(
        epoch=runner.epoch + (1 if by_epoch else 0),
        iter=runner.iter + (0 if by_epoch else 1),
        cfg=runner.cfg.pretty_text,
        seed=runner.seed,
        experiment_name=runner.experiment_name,
        time=time.strftime('%Y%m%d_%H%M%S'),
        mmengine_version=mmengine.__version__,
        mmpose_dark_version=__version__,
    )
    metainfo = getattr(runner.train_dataloader.dataset, 'metainfo', None)
    if metainfo is not None:
        made['dataset_meta'] = to_plain(metainfo)
    made['optimizer_type'] = type(getattr(runner.optim_wrapper, 'optimizer', None)).__name__
    made.update(to_plain(meta or {}))
    if hasattr(runner.train_loop, 'first_sample'):
        made['position'] = Position.of(runner.train_loop, epoch=made['epoch'], iteration=made['iter']).note()
    return made


def hub_to_state(hub: MessageHub) -> dict[str, Any]:
    """Return the message hub's histories and notes as plain types.

    >>> hub = MessageHub('an_example')
    >>> hub.update_scalar('train/loss', 0.5)
    >>> hub_to_state(hub)['log_scalars']['train/loss']['values']
    tensor([0.5000], dtype=torch.float64)
    """
    state = hub.state_dict()
    histories = {}
    for name, history in state['log_scalars'].items():
        values, counts = history.data
        histories[name] = dict(
            values=torch.as_tensor(values, dtype=torch.float64), counts=torch.as_tensor(counts, dtype=torch.int64)
        )
    return dict(
        log_scalars=histories,
        runtime_info=to_plain(state['runtime_info']),
        resumed_keys=dict(state['resumed_keys']),
    )


def hub_from_state(hub: MessageHub, state: dict[str, Any]) -> None:
    """Put back what `hub_to_state` (or mmengine) saved; notes that exist now (seed, ...) are replaced.

    >>> one, other = MessageHub('example_one'), MessageHub('example_other')
    >>> one.update_scalar('train/loss', 0.5)
    >>> hub_from_state(other, hub_to_state(one))
    >>> float(other.get_scalar('train/loss').current())
    0.5
    """
    histories = {}
    for name, saved in state['log_scalars'].items():
        if isinstance(saved, dict):
            saved = HistoryBuffer(saved['values'].cpu().numpy(), saved['counts'].cpu().numpy())
        histories[name] = saved
    known = {**histories, **state['runtime_info']}
    keys = {key: flag for key, flag in state['resumed_keys'].items() if flag and key in known}
    hub.load_state_dict(dict(log_scalars=histories, runtime_info=state['runtime_info'], resumed_keys=keys))
