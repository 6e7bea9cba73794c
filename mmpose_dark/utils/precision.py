"""Half precision: which type suits which device, and where it must not reach."""

import contextlib

import torch

from .choices import AMP_CHOICES
from .errors import InputError

__all__ = ['AMP_CHOICES', 'amp_dtype', 'autocast', 'without_autocast']


def amp_dtype(choice: str | torch.dtype | bool | None, device: torch.device | str) -> torch.dtype:
    """Return the half-precision type for ``choice`` on ``device``.

    Args:
        choice: one of `AMP_CHOICES` or a torch type. 'auto' (or None, or True) is float16 on CUDA, as the zoos were
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
        raise InputError(f'half-precision type {choice!r} is unknown; use one of {", ".join(AMP_CHOICES)}')
    if name == 'float16' and kind != 'cuda':
        raise InputError(f"float16 needs CUDA (for its gradient scaling); on {kind} use 'bfloat16' or 'auto'")
    if name == 'bfloat16' and kind == 'cuda' and not torch.cuda.is_bf16_supported():
        raise InputError("this GPU has no bfloat16; use 'float16' or 'auto'")
    return getattr(torch, name)


def autocast(device: torch.device | str, choice: str | torch.dtype | bool | None) -> contextlib.AbstractContextManager:
    """Compute in half precision inside the ``with`` block: the one place where training, tests and inference do so.

    Args:
        device: where the model computes.
        choice: as of `amp_dtype`; None, False or an empty string leaves the precision as it is.

    Raises:
        ValueError: as `amp_dtype`.

    >>> with autocast('cpu', 'auto'):
    ...     (torch.ones(1, 1) @ torch.ones(1, 1)).dtype
    torch.bfloat16
    >>> with autocast('cpu', None):
    ...     (torch.ones(1, 1) @ torch.ones(1, 1)).dtype
    torch.float32
    """
    if not choice:
        return contextlib.nullcontext()
    return torch.autocast(torch.device(device).type, dtype=amp_dtype(choice, device))


def without_autocast(device: torch.device) -> contextlib.AbstractContextManager:
    """Compute in the tensors' own types inside the ``with`` block, whatever autocast surrounds it.

    Args:
        device: of the tensors.

    >>> with torch.autocast('cpu', torch.bfloat16), without_autocast(torch.device('cpu')):
    ...     (torch.ones(1, 1) @ torch.ones(1, 1)).dtype
    torch.float32
    """
    if not torch.amp.is_autocast_available(device.type):
        return contextlib.nullcontext()
    return torch.autocast(device.type, enabled=False)
