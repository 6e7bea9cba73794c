"""Gaussian blur of heatmaps, only where DARK's derivatives look: 5x5 pixels around each peak.

The blur of the whole map is what costs the references their time. A blurred value depends on k x k
values of the map, so the 5x5 around a peak depend on (k + 4) x (k + 4): only that window is read.
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import constant
from .gaussian_kernel import gaussian_kernel
from .peak import is_eager_cpu

__all__ = ['REACH', 'blur_around_peaks', 'blur_keeping_peaks']

REACH = 2
"""Pixels to each side of the peak that are returned: the second derivatives' step."""


@torch.no_grad()
def blur_around_peaks(heatmaps: Tensor, peaks: Tensor, *, kernel_size: int) -> Tensor:
    """Blur heatmaps with zeros outside the map, as OpenCV would a map with a wide zero border.

    Sums are float32 or better, whatever the type of the maps and whatever autocast or the
    float32-matmul settings say. NaN and infinities in a window give NaN or infinities.

    Args:
        heatmaps: (N, K, H, W), any float type.
        peaks: (N, K, 2) int64 x in [0, W) and y in [0, H).
        kernel_size: odd size of the Gaussian kernel, see ``gaussian_kernel``.

    Returns:
        (N, K, 5, 5) float64 (float32 where the device has no float64), rows y - 2 .. y + 2, columns
        x - 2 .. x + 2 of the blurred maps; pixels outside the map hold the blur's tail there.

    >>> one = torch.zeros(1, 1, 7, 7)
    >>> one[0, 0, 3, 3] = 1
    >>> blur_around_peaks(one, torch.tensor([[[3, 3]]]), kernel_size=3)[0, 0, 2]
    tensor([0.0000, 0.1250, 0.2500, 0.1250, 0.0000], dtype=torch.float64)
    """
    if is_eager_cpu(heatmaps) and heatmaps.dtype != torch.float64 and heatmaps.numel() > 0:
        return _from_rows(heatmaps, peaks, kernel_size)
    return _from_windows(heatmaps, peaks, kernel_size)


def blur_keeping_peaks(heatmaps: Tensor, peaks: Tensor, *, kernel_size: int) -> Tensor:
    """Blur as `blur_around_peaks`, scaled so that each peak is as high as it was before.

    The references scale the whole blurred map to the old maximum. The factor has no part in the derivatives of a
    logarithm, except where a floor cuts a value off; the maximum is taken around the peak.

    Args:
        heatmaps: as of `blur_around_peaks`.
        peaks: as of `blur_around_peaks`.
        kernel_size: as of `blur_around_peaks`.

    Returns:
        (N, K, 5, 5), as of `blur_around_peaks`.

    >>> one = torch.zeros(1, 1, 7, 7)
    >>> one[0, 0, 3, 3] = 1
    >>> blur_keeping_peaks(one, torch.tensor([[[3, 3]]]), kernel_size=3)[0, 0, 2]
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000], dtype=torch.float64)
    """
    blurred = blur_around_peaks(heatmaps, peaks, kernel_size=kernel_size)
    index = peaks[..., 1] * heatmaps.shape[-1] + peaks[..., 0]
    value = heatmaps.flatten(-2).gather(-1, index[..., None])
    top = blurred.flatten(-2).amax(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    return blurred * (value / top)[..., None]


def _from_windows(heatmaps: Tensor, peaks: Tensor, kernel_size: int) -> Tensor:
    """Any device, also traced: gather the windows, multiply and sum.

    Products and sums instead of matrix products, which autocast and TF32 would round.
    """
    n, k, height, width = heatmaps.shape
    device = heatmaps.device
    reach = REACH + kernel_size // 2
    rows, columns = min(height, 2 * reach + 1), min(width, 2 * reach + 1)
    x, y = peaks.unbind(-1)
    left, top = (x - reach).clamp(0, width - columns), (y - reach).clamp(0, height - rows)
    sample = torch.arange(n, device=device)[:, None]
    joint = torch.arange(k, device=device)
    windows = heatmaps.unfold(2, rows, 1).unfold(3, columns, 1)[sample, joint, top, left]
    windows = windows.to(torch.promote_types(windows.dtype, torch.float32))
    kernel = constant(gaussian_kernel(kernel_size), dtype=windows.dtype, device=device)
    down, across = _band(kernel, y - top, rows), _band(kernel, x - left, columns)
    half = (windows[..., None, :, :] * down[..., None]).sum(-2)
    blurred = (half[..., :, None, :] * across[..., None, :, :]).sum(-1)
    return blurred if device.type == 'mps' else blurred.to(torch.float64)


def _from_rows(heatmaps: Tensor, peaks: Tensor, kernel_size: int) -> Tensor:
    """CPU: the vertical pass is a weighted sum of map rows, which is what an embedding bag computes.

    It reads the rows where they lie, so no window is copied, and what is left is narrow.
    """
    n, k, height, width = heatmaps.shape
    maps, taps = n * k, 2 * REACH + 1
    x, y = peaks.view(maps, 2).unbind(-1)
    rows, weights = _taps(height, kernel_size)
    first_rows = torch.arange(0, maps * height, height, dtype=rows.dtype)[:, None]
    half = F.embedding_bag(
        (rows.index_select(0, y) + first_rows).view(-1, kernel_size),
        heatmaps.to(torch.float32).reshape(maps * height, width),
        per_sample_weights=weights.index_select(0, y).view(-1, kernel_size),
        mode='sum',
    ).view(maps, taps, width)
    # The horizontal pass is the same matrix for all once pixels outside the map are zero.
    columns, inside = _window(width, kernel_size)
    window = half.gather(2, columns.index_select(0, x)[:, None].expand(-1, taps, -1))
    window = (window * inside.index_select(0, x)[:, None]).to(torch.float64)
    # Matrix times transposed window, not window times matrix: BLAS is three times faster on this shape.
    blurred = _window_band(kernel_size) @ window.view(maps * taps, -1).mT
    return blurred.view(taps, n, k, taps).permute(1, 2, 3, 0).contiguous()


def _band(kernel: Tensor, centre: Tensor, length: int) -> Tensor:
    """Five rows of the blur's banded matrix, for pixels centre - 2 .. centre + 2: (..., 5, length)."""
    offset = torch.arange(-REACH, REACH + 1, device=kernel.device)
    pixel = torch.arange(length, device=kernel.device)
    index = pixel - (centre[..., None, None] + offset[:, None]) + len(kernel) // 2
    return kernel[index.clamp(0, len(kernel) - 1)] * ((index >= 0) & (index < len(kernel)))


# What follows depends on sizes only; made once and never written to. A tensor made in inference mode
# would stay one, hence the switch.


@functools.lru_cache(maxsize=32)
@torch.inference_mode(False)
def _taps(length: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """For each of ``length`` rows: the rows that enter its five blurred rows, and their weights.

    Both (length, 5 * kernel_size); rows outside the map have weight 0 and stand as the nearest inside.
    """
    tap = torch.arange(-(kernel_size // 2), kernel_size // 2 + 1)
    row = torch.arange(length)[:, None, None] + torch.arange(-REACH, REACH + 1)[:, None] + tap
    weight = torch.tensor(gaussian_kernel(kernel_size)) * ((row >= 0) & (row < length))
    return row.clamp(0, length - 1).view(length, -1).to(torch.int32), weight.view(length, -1)


@functools.lru_cache(maxsize=32)
@torch.inference_mode(False)
def _window(length: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """For each of ``length`` columns: those of its window, clamped, and 1 for those on the map, else 0."""
    reach = REACH + kernel_size // 2
    column = torch.arange(length)[:, None] + torch.arange(-reach, reach + 1)
    return column.clamp(0, length - 1), ((column >= 0) & (column < length)).to(torch.float32)


@functools.lru_cache(maxsize=32)
@torch.inference_mode(False)
def _window_band(kernel_size: int) -> Tensor:
    """Matrix (5, kernel_size + 4) from a window's columns to its five blurred columns, float64."""
    reach = REACH + kernel_size // 2
    kernel = torch.tensor(gaussian_kernel(kernel_size), dtype=torch.float64)
    return _band(kernel, torch.tensor(reach), 2 * reach + 1)
