"""A device that nobody can wait for, to find hidden waits where there is no GPU.

Tensors on PyTorch's ``meta`` device have no numbers: whatever would bring one to the host (``item``, ``nonzero``, a
boolean index, ``bool(tensor)``, ``cpu()``) raises, where a GPU would quietly let the host wait. What goes the other way
waits too, unless it is pinned and asked for as ``non_blocking``; `no_waiting` counts it.
"""

import contextlib

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

META = torch.device('meta')


@contextlib.contextmanager
def no_waiting(sent=0):
    """Refuse ordinary copies from the host to the ``meta`` device.

    Args:
        sent: copies that are allowed, as those of a batch's annotations.
    """
    with _NoCopies(sent), _NoLiterals():
        yield


class _NoLiterals(TorchFunctionMode):
    """Refuses tensors that are made of Python's numbers on the device."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.tensor, torch.as_tensor) and kwargs.get('device') is not None:
            assert torch.device(kwargs['device']) != META, f'{func} sends {args[:1]} to the device and waits for it'
        return func(*args, **kwargs)


class _NoCopies(TorchDispatchMode):
    def __init__(self, sent):
        super().__init__()
        self.sent = sent

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        tensors = [arg for arg in args if isinstance(arg, torch.Tensor)]
        copied = isinstance(found, torch.Tensor) and found.device == META and len(tensors) == 1
        if copied and tensors[0].device.type == 'cpu' and not (kwargs or {}).get('non_blocking'):
            self.sent -= 1
            assert self.sent >= 0, f'{func} sends {tuple(tensors[0].shape)} to the device and waits for it'
        return found
