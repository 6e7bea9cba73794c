"""DARK's refinement: the maximum of a Gaussian from a Taylor expansion of the heatmap's logarithm.

Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020
(arXiv:1910.06278), section 3.2.
"""

import torch
from torch import Tensor

from .gaussian_kernel import gaussian_kernel

__all__ = ['dark_refine']

_REACH = 2  # pixels to each side of the peak that the derivatives use
_FLOOR = 1e-10  # the references take the logarithm of max(value, this)


@torch.no_grad()
def dark_refine(heatmaps: Tensor, x: Tensor, *, y: Tensor, blur_kernel_size: int) -> Tensor:
    """Move integer peaks to the sub-pixel maximum of a Gaussian fitted to their surroundings.

    The map is blurred, and its logarithm expanded to second order around the peak m: the maximum is
    at m - H^-1 g with gradient g and Hessian H. Only 5x5 blurred values enter, so only the
    (k + 4)^2 window of the map around the peak is read.

    Guarded, unlike the references: the peak stays where it is within two pixels of the border (as
    there), where H is not negative definite, where the step leaves the window that was read, and
    where anything is not a number; the result is always on the map.

    Args:
        heatmaps: (N, K, H, W), any float type.
        x: (N, K) int64 columns of the peaks.
        y: (N, K) int64 rows of the peaks.
        blur_kernel_size: odd size k of the Gaussian blur.

    Returns:
        (N, K, 2) float32 x and y in heatmap pixels, within [0, W - 1] and [0, H - 1].
    """
    height, width = heatmaps.shape[-2:]
    peak = heatmaps.flatten(-2).gather(-1, (y * width + x)[..., None]).to(torch.float64)[..., 0]
    blurred = _blurred_neighbourhood(heatmaps, x, y=y, blur_kernel_size=blur_kernel_size)
    # The references scale the blurred map to the old maximum. A factor leaves the derivatives of the
    # logarithm alone unless a value is cut off by the floor; then it matters in the third digit.
    top = blurred.amax((-2, -1))
    scale = torch.where(top > 0, peak / top, torch.ones_like(top))
    log = (blurred * scale[..., None, None]).clamp_min(_FLOOR).log()

    def at(dx: int, dy: int) -> Tensor:
        return log[..., _REACH + dy, _REACH + dx]

    gx, gy = 0.5 * (at(1, 0) - at(-1, 0)), 0.5 * (at(0, 1) - at(0, -1))
    hxx = 0.25 * (at(2, 0) - 2 * at(0, 0) + at(-2, 0))
    hyy = 0.25 * (at(0, 2) - 2 * at(0, 0) + at(0, -2))
    hxy = 0.25 * (at(1, 1) - at(-1, 1) - at(1, -1) + at(-1, -1))
    det = hxx * hyy - hxy * hxy
    step_x, step_y = (hxy * gy - hyy * gx) / det, (hxy * gx - hxx * gy) / det

    limit = _REACH + blur_kernel_size // 2
    moves = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    moves &= (hxx < 0) & (det > 0) & (step_x.abs() <= limit) & (step_y.abs() <= limit)
    zero = torch.zeros_like(step_x)
    new_x = (x + torch.where(moves, step_x, zero)).clamp(0, width - 1)
    new_y = (y + torch.where(moves, step_y, zero)).clamp(0, height - 1)
    return torch.stack([new_x, new_y], -1).to(torch.float32)


def _blurred_neighbourhood(heatmaps: Tensor, x: Tensor, *, y: Tensor, blur_kernel_size: int) -> Tensor:
    """Blur with zeros outside the map, only the 5x5 pixels around each peak: (N, K, 5, 5) float64."""
    n, k, height, width = heatmaps.shape
    reach = _REACH + blur_kernel_size // 2
    rows, columns = min(height, 2 * reach + 1), min(width, 2 * reach + 1)
    top, left = (y - reach).clamp(0, height - rows), (x - reach).clamp(0, width - columns)
    sample = torch.arange(n, device=x.device)[:, None]
    joint = torch.arange(k, device=x.device)[None, :]
    window = heatmaps.unfold(2, rows, 1).unfold(3, columns, 1)[sample, joint, top, left].to(torch.float64)
    window = torch.nan_to_num(window, nan=0.0, posinf=0.0, neginf=0.0)
    blur_y = _blur_weights(y - top, length=rows, blur_kernel_size=blur_kernel_size)
    blur_x = _blur_weights(x - left, length=columns, blur_kernel_size=blur_kernel_size)
    return blur_y @ window @ blur_x.mT


def _blur_weights(centre: Tensor, *, length: int, blur_kernel_size: int) -> Tensor:
    """Rows of the blur's banded matrix around ``centre`` (...): (..., 5, length) float64."""
    kernel = torch.tensor(gaussian_kernel(blur_kernel_size), dtype=torch.float64, device=centre.device)
    pixel = torch.arange(length, device=centre.device)
    offset = torch.arange(-_REACH, _REACH + 1, device=centre.device)[:, None]
    index = pixel - (centre[..., None, None] + offset) + blur_kernel_size // 2
    inside = (index >= 0) & (index < blur_kernel_size)
    return kernel[index.clamp(0, blur_kernel_size - 1)] * inside
