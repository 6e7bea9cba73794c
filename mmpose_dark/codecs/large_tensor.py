"""Large uninitialised tensors on the CPU in huge pages.

A batch of whole-body targets takes 60 MB. The C library gets that much memory afresh from the system
at each call, in pages of 4 KiB that cost more to hand out than to fill; pages of 2 MiB make drawing
such a batch about four times faster.
"""

import contextlib
import math
import mmap

import torch
from torch import Tensor

from .peak import is_eager_cpu

__all__ = ['empty_float32']

# Below 32 MiB the C library (glibc) recycles memory it was given before.
_RECYCLED_BYTES = 32 * 2**20


def empty_float32(shape: tuple[int, ...], *, like: Tensor) -> Tensor:
    """Return an uninitialised float32 tensor on the device of ``like``.

    Args:
        shape: its shape.
        like: any tensor on the wanted device.

    >>> empty_float32((2, 3), like=torch.zeros(1)).shape
    torch.Size([2, 3])
    """
    count = math.prod(shape)
    if 4 * count <= _RECYCLED_BYTES or not is_eager_cpu(like) or not hasattr(mmap, 'MADV_HUGEPAGE'):
        return torch.empty(shape, dtype=torch.float32, device=like.device)
    memory = mmap.mmap(-1, 4 * count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel built without huge pages: ordinary memory then
        memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=torch.float32, count=count).view(shape)
