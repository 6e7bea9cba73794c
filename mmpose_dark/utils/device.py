"""Where to compute: one word for every tool."""

import torch

from .errors import InputError

__all__ = ['resolve_device']


def resolve_device(device: str = 'auto') -> torch.device:
    """Return the device that ``device`` names; ``'auto'`` takes CUDA, then MPS, then the CPU.

    Raises:
        ValueError: a device that this machine or this build of torch does not have.

    >>> resolve_device('cpu')
    device(type='cpu')
    """
    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if device == 'auto':
        return torch.device('cuda' if cuda else 'mps' if mps else 'cpu')
    try:
        found = torch.device(device)
    except RuntimeError as err:
        raise InputError(f'device {device!r} is unknown; use auto, cpu, cuda, cuda:N or mps') from err
    if found.type == 'cuda' and (not cuda or (found.index or 0) >= torch.cuda.device_count()):
        raise InputError(
            f'device {device!r} is not here: torch {torch.__version__} sees {torch.cuda.device_count()} CUDA devices; '
            "use 'auto' or 'cpu'"
        )
    if found.type == 'mps' and not mps:
        raise InputError(f"device {device!r} is not here; use 'auto' or 'cpu'")
    return found
