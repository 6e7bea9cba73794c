"""Half precision: which type where, and an optimizer wrapper that trains in it on every device.

mmengine's ``AmpOptimWrapper`` refuses the CPU, where bfloat16 convolutions are more than twice as
fast as float32 ones on processors with the instructions for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from ..registry import OPTIM_WRAPPERS

__all__ = ['AMP_CHOICES', 'AmpOptimWrapper', 'amp_dtype']

AMP_CHOICES = ('auto', 'float16', 'bfloat16')


def amp_dtype(choice: str | torch.dtype | None, device: torch.device | str) -> torch.dtype:
    """Return the half-precision type for ``choice`` on ``device``.

    Args:
        choice: one of `AMP_CHOICES` or a torch type. 'auto' (or None) is float16 on CUDA, as the zoos were
            trained, and bfloat16 elsewhere.
        device: where the model computes.

    Raises:
        ValueError: unknown choice, or a type that the device cannot train in.

    >>> amp_dtype('auto', 'cpu')
    torch.bfloat16
    """
    kind = torch.device(device).type
    if choice in (None, 'auto', True):
        return torch.float16 if kind == 'cuda' else torch.bfloat16
    name = str(choice).removeprefix('torch.')
    if name not in AMP_CHOICES:
        raise ValueError(f'half-precision type {choice!r} is unknown; use one of {", ".join(AMP_CHOICES)}')
    if name == 'float16' and kind != 'cuda':
        raise ValueError(f"float16 needs CUDA (for its gradient scaling); on {kind} use 'bfloat16' or 'auto'")
    if name == 'bfloat16' and kind == 'cuda' and not torch.cuda.is_bf16_supported():
        raise ValueError("this GPU has no bfloat16; use 'float16' or 'auto'")
    return getattr(torch, name)


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """Optimizer wrapper for mixed precision on CUDA (float16 or bfloat16), CPU and MPS (bfloat16).

    Args:
        dtype: 'float16', 'bfloat16', or None / 'auto' for what suits the device.
        loss_scale: for float16: 'dynamic', a number, or the arguments of `torch.amp.GradScaler`. bfloat16 has
            float32's range and needs no scaling.
        **kwargs: as `mmengine.optim.OptimWrapper` (optimizer, clip_grad, accumulative_counts).
    """

    def __init__(self, dtype: str | None = None, loss_scale: str | float | dict = 'dynamic', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.device_type = self.optimizer.param_groups[0]['params'][0].device.type
        self.cast_dtype = amp_dtype(dtype, self.device_type)
        self._constant_scale: float | None = None
        if loss_scale == 'dynamic':
            scaling = {}
        elif isinstance(loss_scale, int | float):
            self._constant_scale = float(loss_scale)
            scaling = dict(init_scale=self._constant_scale)
        elif isinstance(loss_scale, dict):
            scaling = dict(loss_scale)
        else:
            raise TypeError(f"loss_scale is 'dynamic', a number or a dict, not {loss_scale!r}")
        self.loss_scaler = torch.amp.GradScaler(self.device_type, enabled=self.cast_dtype is torch.float16, **scaling)

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        """Propagate the (scaled) loss back."""
        self.loss_scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        """Update the parameters, leaving a step out whose scaled gradients overflowed."""
        if self.clip_grad_kwargs:
            self.loss_scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.loss_scaler.step(self.optimizer, **kwargs)
        self.loss_scaler.update(self._constant_scale)

    def state_dict(self) -> dict:
        """Return the optimizer's state with that of the loss scaler under ``loss_scaler``."""
        return {**super().state_dict(), 'loss_scaler': self.loss_scaler.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        """Load a state of this wrapper or of a plain one."""
        state = dict(state_dict)
        scaler = state.pop('loss_scaler', None)
        if scaler and self.loss_scaler.is_enabled():
            self.loss_scaler.load_state_dict(scaler)
        super().load_state_dict(state)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast the forward pass, and hold gradient synchronisation back while accumulating."""
        with super().optim_context(model), torch.autocast(self.device_type, dtype=self.cast_dtype):
            yield
