"""UDP's decoding: DARK's Taylor expansion with other differences and without its border."""

import torch
from torch import Tensor

from .constants import constant
from .peak_blur import REACH, blur_keeping_peaks

__all__ = ['udp_refine', 'udp_refine_with_covariances']

_FLOOR, _CEILING = 1e-3, 50.0  # the reference takes the logarithm of values between these


@torch.no_grad()
def udp_refine(heatmaps: Tensor, peaks: Tensor, *, blur_kernel_size: int) -> Tensor:
    """Move integer peaks to the sub-pixel maximum of a Gaussian fitted to the 3x3 pixels around them.

    As ``refine_keypoints_dark_udp`` of mmpose 1.x, but guarded as `dark_refine`: the peak stays where the blurred map
    has no maximum nearby or the step leaves the window that the blurred values came from.

    Args:
        heatmaps: (N, K, H, W), any float type; not modified.
        peaks: (N, K, 2) int64 x in [0, W) and y in [0, H).
        blur_kernel_size: odd size of the Gaussian blur in heatmap pixels.

    Returns:
        (N, K, 2) float32 x and y in heatmap pixels, within [0, W - 1] and [0, H - 1].

    >>> y, x = torch.meshgrid(torch.arange(11.0), torch.arange(11.0), indexing='ij')
    >>> maps = torch.exp(-((x - 5.3) ** 2 + (y - 4.8) ** 2) / 8)[None, None]
    >>> udp_refine(maps, torch.tensor([[[5, 5]]]), blur_kernel_size=3).round(decimals=1)
    tensor([[[5.3000, 4.8000]]])
    """
    return udp_refine_with_covariances(heatmaps, peaks, blur_kernel_size=blur_kernel_size)[0]


@torch.no_grad()
def udp_refine_with_covariances(heatmaps: Tensor, peaks: Tensor, *, blur_kernel_size: int) -> tuple[Tensor, Tensor]:
    """Like :func:`udp_refine`, with the shape of each peak (see ``dark_refine_with_covariances``).

    Args:
        heatmaps: as of :func:`udp_refine`.
        peaks: as of :func:`udp_refine`.
        blur_kernel_size: as of :func:`udp_refine`.

    Returns:
        (N, K, 2) float32 points, and (N, K, 2, 2) float32 covariances in square heatmap pixels; NaN where the point
        was not refined.

    >>> y, x = torch.meshgrid(torch.arange(11.0), torch.arange(11.0), indexing='ij')
    >>> maps = torch.exp(-((x - 5) ** 2 + (y - 5) ** 2) / 8)[None, None]  # variance 4; the blur has 1/2
    >>> _, covariances = udp_refine_with_covariances(maps, torch.tensor([[[5, 5]]]), blur_kernel_size=3)
    >>> [round(v, 1) for v in covariances[0, 0].diagonal().tolist()]
    [4.5, 4.5]
    """
    height, width = heatmaps.shape[-2:]
    gx, gy, hxx, hyy, hxy = _derivatives(_log_patches(heatmaps, peaks, blur_kernel_size))
    determinant = hxx * hyy - hxy * hxy
    step = torch.stack([hxy * gy - hyy * gx, hxy * gx - hxx * gy], -1) / determinant[..., None]
    limit = REACH + blur_kernel_size // 2
    moves = ((hxx < 0) & (determinant > 0) & (step.abs() <= limit).all(-1))[..., None]
    last = constant((width - 1, height - 1), dtype=peaks.dtype, device=peaks.device)
    refined = torch.minimum(torch.where(moves, peaks + step, peaks).clamp_min(0), last).to(torch.float32)
    inverse = torch.stack([-hyy, hxy, hxy, -hxx], -1) / determinant[..., None]
    covariances = inverse.view(*peaks.shape, 2)
    return refined, torch.where(moves[..., None], covariances, float('nan')).to(torch.float32)


def _log_patches(heatmaps: Tensor, peaks: Tensor, blur_kernel_size: int) -> Tensor:
    """Logarithm of the blurred maps around the peaks, edges repeated outside the map: (N, K, 3, 3), float64."""
    blurred = blur_keeping_peaks(heatmaps, peaks, kernel_size=blur_kernel_size)
    logs = blurred.clamp(_FLOOR, _CEILING).log()
    offsets = torch.arange(-1, 2, device=peaks.device)
    last = (heatmaps.shape[-1] - 1, heatmaps.shape[-2] - 1)
    columns, rows = (
        (peaks[..., axis, None] + offsets).clamp(0, last[axis]) - peaks[..., axis, None] + REACH for axis in (0, 1)
    )
    logs = logs.gather(-2, rows[..., None].expand(*rows.shape, logs.shape[-1]))
    return logs.gather(-1, columns[..., None, :].expand(*columns.shape[:-1], 3, 3))


def _derivatives(patch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """First, second and mixed differences of patches (..., 3, 3) at their centres, as the reference takes them."""
    centre, left, right = patch[..., 1, 1], patch[..., 1, 0], patch[..., 1, 2]
    above, below = patch[..., 0, 1], patch[..., 2, 1]
    mixed = (patch[..., 2, 2] - right - below + 2 * centre - left - above + patch[..., 0, 0]) / 2
    return (right - left) / 2, (below - above) / 2, right - 2 * centre + left, below - 2 * centre + above, mixed
