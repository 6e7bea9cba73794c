"""DARK's refinement: the maximum of a Gaussian from a Taylor expansion of the heatmap's logarithm.

Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020
(arXiv:1910.06278), "Coordinate Decoding", equations 5 to 10.
"""

import torch
from torch import Tensor

from .constants import constant
from .peak_blur import REACH, blur_keeping_peaks

__all__ = ['dark_refine', 'dark_refine_with_covariances', 'taylor_step']

_FLOOR = 1e-10  # the references take the logarithm of max(value, this)

# Derivatives of a 5x5 patch at its centre: along x, y, twice x, twice y, and mixed.
_STENCILS = (
    (*(0.0,) * 11, -0.5, 0.0, 0.5, *(0.0,) * 11),
    (*(0.0,) * 7, -0.5, *(0.0,) * 9, 0.5, *(0.0,) * 7),
    (*(0.0,) * 10, 0.25, 0.0, -0.5, 0.0, 0.25, *(0.0,) * 10),
    (0.0, 0.0, 0.25, *(0.0,) * 9, -0.5, *(0.0,) * 9, 0.25, 0.0, 0.0),
    (*(0.0,) * 6, 0.25, 0.0, -0.25, *(0.0,) * 7, -0.25, 0.0, 0.25, *(0.0,) * 6),
)


@torch.no_grad()
def dark_refine(heatmaps: Tensor, peaks: Tensor, *, blur_kernel_size: int) -> Tensor:
    """Move integer peaks to the sub-pixel maximum of a Gaussian fitted to their surroundings.

    Guarded, unlike the references: the peak stays where it is within two pixels of the border (as
    there), where the blurred map has no maximum nearby (see ``taylor_step``), where the step leaves
    the window that the blurred values came from, half a kernel and two pixels to each side, and
    where a value in the window is not finite.

    Args:
        heatmaps: (N, K, H, W), any float type; not modified.
        peaks: (N, K, 2) int64 x in [0, W) and y in [0, H).
        blur_kernel_size: odd size of the Gaussian blur in heatmap pixels.

    Returns:
        (N, K, 2) float32 x and y in heatmap pixels, within [0, W - 1] and [0, H - 1].

    >>> y, x = torch.meshgrid(torch.arange(11.0), torch.arange(11.0), indexing='ij')
    >>> maps = torch.exp(-((x - 5.3) ** 2 + (y - 4.8) ** 2) / 2)[None, None]
    >>> dark_refine(maps, torch.tensor([[[5, 5]]]), blur_kernel_size=3).round(decimals=1)
    tensor([[[5.3000, 4.8000]]])
    """
    derivatives = _derivatives(_log_patches(heatmaps, peaks, blur_kernel_size))
    return _refined(heatmaps, peaks, derivatives, blur_kernel_size)[0]


@torch.no_grad()
def dark_refine_with_covariances(heatmaps: Tensor, peaks: Tensor, *, blur_kernel_size: int) -> tuple[Tensor, Tensor]:
    """Like :func:`dark_refine`, with the shape of each peak: the covariance of the Gaussian that is fitted.

    The negative inverse of the Hessian of the logarithm is the covariance of a Gaussian (equation 7 of the paper).
    It holds the blur as well, and it is the shape of the *peak*: it becomes the covariance of the error only after it
    was calibrated on labelled data.

    Args:
        heatmaps: as of :func:`dark_refine`.
        peaks: as of :func:`dark_refine`.
        blur_kernel_size: as of :func:`dark_refine`.

    Returns:
        (N, K, 2) float32 points as of :func:`dark_refine`, and (N, K, 2, 2) float32 covariances in square heatmap
        pixels, symmetric; NaN where the point was not refined.

    >>> y, x = torch.meshgrid(torch.arange(11.0), torch.arange(11.0), indexing='ij')
    >>> maps = torch.exp(-((x - 5) ** 2 + (y - 5) ** 2) / 2)[None, None]  # variance 1; the blur has 1/2
    >>> _, covariances = dark_refine_with_covariances(maps, torch.tensor([[[5, 5]]]), blur_kernel_size=3)
    >>> [round(v, 1) for v in covariances[0, 0].diagonal().tolist()]
    [1.6, 1.6]
    """
    derivatives = _derivatives(_log_patches(heatmaps, peaks, blur_kernel_size))
    refined, moves = _refined(heatmaps, peaks, derivatives, blur_kernel_size)
    _, _, hxx, hyy, hxy = derivatives.unbind()
    inverse = torch.stack([-hyy, hxy, hxy, -hxx], -1) / (hxx * hyy - hxy * hxy)[:, None]
    covariances = inverse.view(*peaks.shape, 2)
    return refined, torch.where(moves[..., None], covariances, float('nan')).to(torch.float32)


def _log_patches(heatmaps: Tensor, peaks: Tensor, blur_kernel_size: int) -> Tensor:
    """Logarithm of the blurred maps around the peaks: (N, K, 5, 5)."""
    return blur_keeping_peaks(heatmaps, peaks, kernel_size=blur_kernel_size).clamp_min(_FLOOR).log()


def _refined(heatmaps: Tensor, peaks: Tensor, derivatives: Tensor, blur_kernel_size: int) -> tuple[Tensor, Tensor]:
    """Return the points (N, K, 2) on the map, and whether each was refined (N, K, 1)."""
    height, width = heatmaps.shape[-2:]
    step, has_maximum = _newton(derivatives)
    step, has_maximum = step.view(peaks.shape), has_maximum.view(*peaks.shape[:-1], 1)
    last = constant((width - 1, height - 1), dtype=peaks.dtype, device=peaks.device)
    limit = REACH + blur_kernel_size // 2
    moves = ((peaks > 1) & (peaks < last - 1) & (step.abs() <= limit)).all(-1, keepdim=True) & has_maximum
    refined = torch.where(moves, peaks + step, peaks)
    return torch.minimum(refined.clamp_min(0), last).to(torch.float32), moves


def taylor_step(log_map: Tensor) -> Tensor:
    """Step from the centre of a 5x5 patch to the maximum of its second-order expansion.

    The step is -H^-1 g (equation 9 of the paper) with central differences as in the paper's code:
    first derivatives over one pixel to each side, second over two, mixed over one.

    Args:
        log_map: (..., 5, 5) logarithm of a heatmap, rows then columns.

    Returns:
        (..., 2) x and y in pixels; 0 where the Hessian is not negative definite: there is no maximum
        to go to.

    >>> x = torch.arange(-2.0, 3.0)
    >>> taylor_step(-((x - 0.25) ** 2) - (x[:, None] + 0.5) ** 2)
    tensor([ 0.2500, -0.5000])
    """
    step, has_maximum = _newton(_derivatives(log_map))
    step, has_maximum = step.view(*log_map.shape[:-2], 2), has_maximum.view(*log_map.shape[:-2], 1)
    return torch.where(has_maximum, step, torch.zeros_like(step))


def _derivatives(log_map: Tensor) -> Tensor:
    """Derivatives of M patches (..., 5, 5) at their centres: (5, M), along x, y, twice x, twice y and mixed."""
    wide = log_map if log_map.dtype == torch.float64 else log_map.to(torch.float32)
    patches = wide.reshape(-1, 25).mT
    stencils = constant(_STENCILS, dtype=wide.dtype, device=wide.device)
    # Autocast and TF32 round matrix products, but never those of float64.
    exact = wide.dtype == torch.float64
    return stencils @ patches if exact else (stencils[..., None] * patches).sum(1)


def _newton(derivatives: Tensor) -> tuple[Tensor, Tensor]:
    """Return -H^-1 g (M, 2), and whether H is negative definite (M,), of derivatives (5, M)."""
    gx, gy, hxx, hyy, hxy = derivatives.unbind()
    determinant = (hxx * hyy).addcmul(hxy, hxy, value=-1)
    step_x = (hxy * gy).addcmul(hyy, gx, value=-1)
    step_y = (hxy * gx).addcmul(hxx, gy, value=-1)
    step = torch.stack([step_x, step_y], -1) / determinant[:, None]
    return step, (hxx < 0) & (determinant > 0)
