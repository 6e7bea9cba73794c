"""Gaussian blur mirrored at the border, as OpenCV does by default: of whole maps, and of one pixel each."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import constant
from .gaussian_kernel import gaussian_kernel
from .peak import is_eager_cpu

__all__ = ['blur_maps', 'blurred_at']

_MAPS_AT_ONCE = 64
"""Maps whose rows and weights stay in the processor's cache between the two passes."""


@torch.no_grad()
def blur_maps(maps: Tensor, *, kernel_size: int) -> Tensor:
    """Blur whole maps with a Gaussian; outside the map stands its mirror image, the border itself once.

    Sums are float32 or better, whatever the type of the maps and whatever autocast or the float32-matmul settings say.

    Args:
        maps: (N, K, H, W), any float type; H and W larger than half the kernel.
        kernel_size: odd size of the kernel, see ``gaussian_kernel``.

    Returns:
        (N, K, H, W) float32 or better.

    >>> one = torch.zeros(1, 1, 5, 5)
    >>> one[0, 0, 2, 2] = 1
    >>> blur_maps(one, kernel_size=3)[0, 0, 2]
    tensor([0.0000, 0.1250, 0.2500, 0.1250, 0.0000])
    """
    kept = torch.promote_types(maps.dtype, torch.float32)
    if is_eager_cpu(maps) and kept == torch.float32 and maps.numel() > 0:
        return _by_weighted_rows(maps, kernel_size)
    # Autocast and TF32 leave float64 alone. The two small matrices are multiplied with every map.
    wide = torch.float32 if maps.device.type == 'mps' else torch.float64
    down, across = (
        constant(_matrix(length, kernel_size), dtype=wide, device=maps.device) for length in maps.shape[-2:]
    )
    return (down @ (maps.to(wide) @ across.mT)).to(kept)


@torch.no_grad()
def blurred_at(maps: Tensor, points: Tensor, *, kernel_size: int) -> Tensor:
    """Return the values that `blur_maps` has at one pixel of each map, without blurring the rest.

    Args:
        maps: (N, K, D, H, W), any float type: D maps to be read at the same pixel.
        points: (N, K, 2) int64 x in [0, W) and y in [0, H).
        kernel_size: odd size of the kernel; H and W larger than half of it.

    Returns:
        (N, K, D) float32 or better.

    >>> ways = torch.arange(25.0).view(1, 1, 1, 5, 5)  # even: a blur changes nothing but at the border
    >>> blurred_at(ways, torch.tensor([[[2, 3]]]), kernel_size=3)
    tensor([[[17.]]])
    """
    parts, height, width = maps.shape[2:]
    device, half = maps.device, kernel_size // 2
    taps = torch.arange(-half, half + 1, device=device)
    columns, rows = (
        _mirrored(points[..., axis, None] + taps, length) for axis, length in ((0, width), (1, height))
    )  # (N, K, kernel_size) each
    index = (rows[..., :, None] * width + columns[..., None, :]).flatten(-2)
    windows = maps.flatten(-2).gather(-1, index[:, :, None].expand(-1, -1, parts, -1))
    windows = windows.to(torch.promote_types(maps.dtype, torch.float32))
    kernel = constant(gaussian_kernel(kernel_size), dtype=windows.dtype, device=device)
    return (windows * (kernel[:, None] * kernel).flatten()).sum(-1)


def _mirrored(index: Tensor, length: int) -> Tensor:
    """Return indices into 0 .. length - 1 of pixels up to length - 1 beyond either end."""
    index = index.abs()
    return torch.minimum(index, 2 * (length - 1) - index)


def _by_weighted_rows(maps: Tensor, kernel_size: int) -> Tensor:
    """CPU: both passes are weighted sums of rows, which is what an embedding bag computes, thirty times a convolution.

    Across, the maps stand transposed meanwhile.
    """
    height, width = maps.shape[-2:]
    flat = maps.reshape(-1, height, width)
    blurred = torch.empty(flat.shape, dtype=torch.float32)
    for start in range(0, len(flat), _MAPS_AT_ONCE):
        part = flat[start : start + _MAPS_AT_ONCE].to(torch.float32)
        across = _weighted_rows(part.mT.contiguous(), kernel_size)
        blurred[start : start + _MAPS_AT_ONCE] = _weighted_rows(across.mT.contiguous(), kernel_size)
    return blurred.view(maps.shape)


def _weighted_rows(maps: Tensor, kernel_size: int) -> Tensor:
    """Blur maps (M, L, D), contiguous float32, along L; M at most `_MAPS_AT_ONCE`."""
    count, length, depth = maps.shape
    rows, weights = _taps(length, kernel_size)
    last = count * length
    found = F.embedding_bag(rows[:last], maps.view(-1, depth), per_sample_weights=weights[:last], mode='sum')
    return found.view(maps.shape)


# What follows depends on sizes only; made once and never written to.


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def _taps(length: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """For each row of `_MAPS_AT_ONCE` maps: the rows that enter its blurred row, their weights; (., kernel_size)."""
    tap = torch.arange(-(kernel_size // 2), kernel_size // 2 + 1)
    row = _mirrored(torch.arange(length)[:, None] + tap, length)
    rows = torch.arange(0, _MAPS_AT_ONCE * length, length)[:, None, None] + row
    weights = torch.tensor(gaussian_kernel(kernel_size)).repeat(_MAPS_AT_ONCE * length, 1)
    return rows.view(-1, kernel_size).to(torch.int32), weights


@functools.lru_cache(maxsize=32)
def _matrix(length: int, kernel_size: int) -> tuple[tuple[float, ...], ...]:
    """The blur of ``length`` pixels as a matrix."""
    kernel, half = gaussian_kernel(kernel_size), kernel_size // 2
    matrix = [[0.0] * length for _ in range(length)]
    for pixel in range(length):
        for tap, weight in enumerate(kernel):
            other = abs(pixel + tap - half)
            matrix[pixel][min(other, 2 * (length - 1) - other)] += weight
    return tuple(map(tuple, matrix))
