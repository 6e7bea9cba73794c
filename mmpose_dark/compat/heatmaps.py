"""mmpose 1.x's functions of heatmaps, in NumPy, over those of our codecs."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .. import codecs
from ..codecs.mirrored_blur import blur_maps
from ..utils.errors import InputError

__all__ = [
    'gaussian_blur',
    'generate_gaussian_heatmaps',
    'generate_udp_gaussian_heatmaps',
    'generate_unbiased_gaussian_heatmaps',
    'get_heatmap_maximum',
    'refine_keypoints',
    'refine_keypoints_dark',
    'refine_keypoints_dark_udp',
]


def get_heatmap_maximum(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the highest pixel of each heatmap.

    Args:
        heatmaps: (K, H, W) or (B, K, H, W).

    Returns:
        places (..., K, 2) float32 x, y, -1 where no value is above 0, and values (..., K).

    Raises:
        InputError: another number of axes.

    >>> places, values = get_heatmap_maximum(np.float32([[[0, 0.2], [0.9, 0.1]], [[0, 0], [0, 0]]]))
    >>> places.tolist(), values[1].item()
    ([[0.0, 1.0], [-1.0, -1.0]], 0.0)
    """
    if heatmaps.ndim not in (3, 4):
        raise InputError(f'get_heatmap_maximum: heatmaps must be (K, H, W) or (B, K, H, W), got {heatmaps.shape}')
    places, values = codecs.heatmap_peaks(torch.from_numpy(np.ascontiguousarray(heatmaps)))
    places = places.numpy().astype(np.float32)
    places[~(values.numpy() > 0)] = -1
    return places, values.numpy()


def gaussian_blur(heatmaps: np.ndarray, kernel: int = 11) -> np.ndarray:
    """Blur heatmaps with a Gaussian, zeros around them, and bring each back to its height.

    Args:
        heatmaps: (K, H, W); unlike mmpose's, not modified.
        kernel: odd size.

    Returns:
        (K, H, W) float32.

    >>> float(gaussian_blur(np.eye(3, dtype=np.float32)[None], 3).max())
    1.0
    """
    if kernel % 2 != 1:
        raise InputError(f'gaussian_blur: kernel must be odd, got {kernel}')
    half, maps = kernel // 2, torch.from_numpy(np.ascontiguousarray(heatmaps, np.float32))[None]
    blurred = blur_maps(functional.pad(maps, (half,) * 4), kernel_size=kernel)
    blurred = blurred[..., half : blurred.shape[-2] - half, half : blurred.shape[-1] - half]
    heights, now = maps.amax((-2, -1), keepdim=True), blurred.amax((-2, -1), keepdim=True)
    return (blurred * heights / now.clamp(min=1e-12))[0].numpy()


def refine_keypoints(keypoints: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Move peaks by a quarter of a pixel, see `codecs.quarter_pixel_refine`.

    Args:
        keypoints: (N, K, 2) places of the peaks; unlike mmpose's, not modified.
        heatmaps: (K, H, W).

    Returns:
        (N, K, 2) float32.
    """
    return _refined(codecs.quarter_pixel_refine, keypoints, heatmaps)


def refine_keypoints_dark(keypoints: np.ndarray, heatmaps: np.ndarray, blur_kernel_size: int) -> np.ndarray:
    """Move peaks as DARK does, see `codecs.dark_refine`, which is guarded where mmpose's is not.

    Args:
        keypoints: (N, K, 2) places of the peaks; unlike mmpose's, not modified.
        heatmaps: (K, H, W).
        blur_kernel_size: odd size of the blur.

    Returns:
        (N, K, 2) float32.
    """
    return _refined(codecs.dark_refine, keypoints, heatmaps, blur_kernel_size=blur_kernel_size)


def refine_keypoints_dark_udp(keypoints: np.ndarray, heatmaps: np.ndarray, blur_kernel_size: int) -> np.ndarray:
    """Move peaks as DARK does with UDP, see `codecs.udp_refine`.

    Args:
        keypoints: (N, K, 2) places of the peaks; unlike mmpose's, not modified.
        heatmaps: (K, H, W).
        blur_kernel_size: odd size of the blur.

    Returns:
        (N, K, 2) float32.
    """
    return _refined(codecs.udp_refine, keypoints, heatmaps, blur_kernel_size=blur_kernel_size)


def generate_gaussian_heatmaps(
    heatmap_size: tuple[int, int], keypoints: np.ndarray, keypoints_visible: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw targets, see `codecs.gaussian_heatmaps`; of several people the higher value stays.

    Args:
        heatmap_size: width and height.
        keypoints: (N, K, 2) in heatmap pixels.
        keypoints_visible: (N, K).
        sigma: in heatmap pixels.

    Returns:
        heatmaps (K, H, W) float32 and weights (N, K).
    """
    return _drawn(codecs.gaussian_heatmaps, heatmap_size, keypoints, keypoints_visible, sigma)


def generate_unbiased_gaussian_heatmaps(
    heatmap_size: tuple[int, int], keypoints: np.ndarray, keypoints_visible: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw targets centred on the keypoint itself, see `codecs.unbiased_gaussian_heatmaps`.

    Args:
        heatmap_size: width and height.
        keypoints: (N, K, 2) in heatmap pixels.
        keypoints_visible: (N, K).
        sigma: in heatmap pixels.

    Returns:
        heatmaps (K, H, W) float32 and weights (N, K).
    """
    return _drawn(codecs.unbiased_gaussian_heatmaps, heatmap_size, keypoints, keypoints_visible, sigma)


def generate_udp_gaussian_heatmaps(
    heatmap_size: tuple[int, int], keypoints: np.ndarray, keypoints_visible: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw UDP's targets, see `codecs.udp_gaussian_heatmaps`.

    Args:
        heatmap_size: width and height.
        keypoints: (N, K, 2) in heatmap pixels.
        keypoints_visible: (N, K).
        sigma: in heatmap pixels.

    Returns:
        heatmaps (K, H, W) float32 and weights (N, K).
    """
    return _drawn(codecs.udp_gaussian_heatmaps, heatmap_size, keypoints, keypoints_visible, sigma)


def _refined(refine: Callable[..., Tensor], keypoints: np.ndarray, heatmaps: np.ndarray, **options: int) -> np.ndarray:
    peaks, maps = torch.from_numpy(np.asarray(keypoints)), torch.from_numpy(np.ascontiguousarray(heatmaps))
    found = (peaks >= 0).all(-1, keepdim=True)  # mmpose marks a map without a peak by -1
    last = torch.tensor([maps.shape[-1] - 1, maps.shape[-2] - 1])
    inside = torch.minimum(peaks.long().clamp(min=0), last)
    moved = refine(maps[None].expand(len(peaks), *maps.shape), inside, **options)
    return torch.where(found, moved, peaks.to(moved.dtype)).numpy().astype(np.float32)


def _drawn(
    draw: Callable[..., tuple[Tensor, Tensor]], size: tuple[int, int], keypoints: np.ndarray, visible: np.ndarray,
    sigma: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    width, height = (int(side) for side in size)
    maps, weights = draw(
        torch.from_numpy(np.asarray(keypoints)), torch.from_numpy(np.asarray(visible)), heatmap_size=(width, height),
        sigma=sigma,
    )  # fmt: skip
    return maps.amax(0).numpy(), weights.numpy()
