"""Tensors that are no weights, refused before a network is touched."""

from collections.abc import Mapping

import torch

from .errors import CheckpointError

__all__ = ['check_kinds', 'check_values']

_SHOWN = 3
_LARGEST_VIEW = 1 << 26  # bytes that a tensor may claim beyond what it stores


def check_kinds(weights: Mapping[str, object], source: str) -> None:
    """Refuse tensors of kinds that no network here has.

    Args:
        weights: tensors of any shape by name.
        source: the checkpoint, for the message.

    Raises:
        CheckpointError: complex, sparse, quantised or meta tensors, or one that claims more values than it stores.

    >>> check_kinds({'a': torch.ones(2)}, 'a.pth')
    """
    found = {name: kind for name, value in weights.items() if (kind := _kind(value))}
    if found:
        raise CheckpointError(
            f'{source}: {_listed(found)}. Weights are dense floating-point tensors; nothing was loaded.'
        )


def _kind(value: object) -> str | None:
    if not isinstance(value, torch.Tensor):
        return f'{type(value).__name__}, not a tensor'
    if value.is_meta:
        return 'a meta tensor, without values'
    if value.layout is not torch.strided or value.is_nested:
        return 'sparse'
    if value.is_quantized:
        return 'quantised'
    if value.is_complex():
        return 'complex'
    size = value.numel() * value.element_size()
    if size > value.untyped_storage().nbytes() + _LARGEST_VIEW:
        return f'{value.numel():,} values claimed and fewer stored'
    return None


def check_values(weights: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], source: str) -> None:
    """Refuse values that a network cannot compute with.

    Args:
        weights: tensors by name, in the shapes of ``own``.
        own: the network's.
        source: the checkpoint, for the message.

    Raises:
        CheckpointError: whole numbers in the place of floating-point ones (or the other way round), NaN, infinite.

    >>> own = {'a': torch.ones(2)}
    >>> check_values({'a': torch.zeros(2)}, own, 'a.pth')
    """
    found: dict[str, str] = {}
    for name, value in weights.items():
        if value.is_floating_point() != own[name].is_floating_point():
            found[name] = f'of type {str(value.dtype).removeprefix("torch.")}'
        elif not _is_finite(value):
            found[name] = 'not finite (NaN or infinite)'
    if found:
        raise CheckpointError(
            f'{source}: {_listed(found)}; nothing was loaded. The training diverged or the file is damaged: use an '
            'earlier checkpoint.'
        )


def _is_finite(value: torch.Tensor) -> bool:
    if not value.is_floating_point() or not value.numel():
        return True
    value = value if value.element_size() > 1 else value.float()  # eight bits have no minimum
    return bool(torch.stack(torch.aminmax(value)).isfinite().all())


def _listed(found: Mapping[str, str]) -> str:
    """List names and what is wrong with them, the first of many."""
    shown = '; '.join(f'{name} is {kind}' for name, kind in list(found.items())[:_SHOWN])
    return f'{len(found)} of the weights cannot be used: {shown}' + (' ...' if len(found) > _SHOWN else '')
