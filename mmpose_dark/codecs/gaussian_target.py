"""Keypoints to Gaussian heatmaps: the rounded-centre target of MSRA and the sub-pixel target of DARK.

Both targets are products of a Gaussian in x and a Gaussian in y, so two short vectors are made for
each keypoint and multiplied out once; the exponential is never taken over the whole map.

Coordinates are heatmap pixels, an integer is a pixel's centre (``docs/codecs.md``, "Pixels").
"""

import torch
from torch import Tensor

from .constants import constant
from .large_tensor import empty_float32

__all__ = ['gaussian_heatmaps', 'outer_profiles', 'prepare_keypoints', 'profile', 'unbiased_gaussian_heatmaps']

# Where a 1-D Gaussian is below exp(-43) it is set to zero: the product of two such values would be a
# denormal float32, invisible in the map and a hundred times slower to multiply on a CPU.
_MAX_EXPONENT = 43.0


@torch.no_grad()
def gaussian_heatmaps(
    keypoints: Tensor, visible: Tensor, *, heatmap_size: tuple[int, int], sigma: float
) -> tuple[Tensor, Tensor]:
    """Draw biased Gaussian targets: centre rounded to a pixel, patch cut at three sigma.

    As ``generate_gaussian_heatmaps`` of mmpose 1.x ("Simple Baselines", Xiao et al., ECCV 2018),
    including where it puts the patch when three sigma is not a whole number: coordinates of the
    patch's corner are truncated towards zero, so near the left and upper border such a patch sits
    one pixel further in.

    Args:
        keypoints: (..., K, 2) x and y in heatmap pixels; not modified.
        visible: (..., K) labels; below 0.5 the map stays empty.
        heatmap_size: width and height of the maps.
        sigma: standard deviation in heatmap pixels.

    Returns:
        heatmaps (..., K, H, W) float32 in [0, 1], and weights (..., K) float32: ``visible``, but 0 for
        a keypoint whose patch has no part on the map and for one that is not a number.

    >>> maps, weights = gaussian_heatmaps(torch.tensor([[2.4, 1.0]]), torch.ones(1), heatmap_size=(5, 3), sigma=1.0)
    >>> maps[0, 1]
    tensor([0.1353, 0.6065, 1.0000, 0.6065, 0.1353])
    """
    xy, usable, weights = prepare_keypoints(keypoints, visible)
    radius = 3 * sigma
    middle = (2 * radius + 1) // 2  # index of the peak in the patch
    centre = torch.trunc(xy + 0.5)
    first, end = torch.trunc(centre - radius), torch.trunc(centre + radius + 1)
    size = constant(tuple(heatmap_size), dtype=xy.dtype, device=xy.device)
    on_map = ((first < size) & (end >= 0)).all(-1)
    drawn = usable & on_map & (weights >= 0.5)
    profiles = []
    for axis, length in enumerate(heatmap_size):
        pixel = torch.arange(length, device=xy.device, dtype=xy.dtype)
        start, stop = first[..., axis, None], end[..., axis, None]
        inside = (pixel >= start) & (pixel < stop) & drawn[..., None]
        profiles.append(profile(pixel - start - middle, inside, sigma))
    return outer_profiles(*profiles), torch.where(on_map | (weights < 0.5), weights, torch.zeros_like(weights))


@torch.no_grad()
def unbiased_gaussian_heatmaps(
    keypoints: Tensor, visible: Tensor, *, heatmap_size: tuple[int, int], sigma: float
) -> tuple[Tensor, Tensor]:
    """Draw Gaussian targets centred on the sub-pixel keypoint, over the whole map.

    DARK's coordinate encoding (Zhang et al., CVPR 2020, "Coordinate Encoding"), as
    ``generate_unbiased_gaussian_heatmaps`` of mmpose 1.x.

    Args:
        keypoints: (..., K, 2) x and y in heatmap pixels; not modified.
        visible: (..., K) labels; below 0.5 the map stays empty.
        heatmap_size: width and height of the maps.
        sigma: standard deviation in heatmap pixels.

    Returns:
        heatmaps (..., K, H, W) float32 in [0, 1], and weights (..., K) float32: ``visible``, but 0 for
        a keypoint more than three sigma off the map and for one that is not a number.

    >>> xy = torch.tensor([[2.5, 1.0]])
    >>> maps, weights = unbiased_gaussian_heatmaps(xy, torch.ones(1), heatmap_size=(5, 3), sigma=1.0)
    >>> maps[0, 1]
    tensor([0.0439, 0.3247, 0.8825, 0.8825, 0.3247])
    """
    xy, usable, weights = prepare_keypoints(keypoints, visible)
    radius = 3 * sigma
    size = constant(tuple(heatmap_size), dtype=xy.dtype, device=xy.device)
    on_map = ((xy - radius < size) & (xy + radius + 1 >= 0)).all(-1)
    drawn = usable & on_map & (weights >= 0.5)
    profiles = []
    for axis, length in enumerate(heatmap_size):
        pixel = torch.arange(length, device=xy.device, dtype=xy.dtype)
        profiles.append(profile(pixel - xy[..., axis, None], drawn[..., None], sigma))
    return outer_profiles(*profiles), torch.where(on_map | (weights < 0.5), weights, torch.zeros_like(weights))


def prepare_keypoints(keypoints: Tensor, visible: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Make keypoints fit to be drawn.

    Args:
        keypoints: (..., K, 2), any type; not modified.
        visible: (..., K) labels.

    Returns:
        Finite coordinates (..., K, 2) in float32 at least, which keypoints are numbers (..., K), and their weights
        (..., K) float32.

    >>> prepare_keypoints(torch.tensor([[1.0, torch.nan]]), torch.ones(1))
    (tensor([[0., 0.]]), tensor([False]), tensor([0.]))
    """
    xy = keypoints.detach().to(torch.promote_types(keypoints.dtype, torch.float32))
    weights = visible.detach().to(torch.float32)
    usable = torch.isfinite(xy).all(-1) & torch.isfinite(weights)
    xy = torch.where(usable[..., None], xy, torch.zeros_like(xy))
    return xy, usable, torch.where(usable, weights, torch.zeros_like(weights))


def profile(distance: Tensor, keep: Tensor, sigma: float) -> Tensor:
    """One-dimensional Gaussian, zero where not ``keep``.

    Args:
        distance: (..., L) from the centre, in heatmap pixels.
        keep: (..., L) boolean.
        sigma: standard deviation in heatmap pixels.

    Returns:
        (..., L) float32.

    >>> profile(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([True, True, False]), 1.0)
    tensor([1.0000, 0.6065, 0.0000])
    """
    exponent = distance.square() / (2 * sigma * sigma)
    keep = keep & (exponent < _MAX_EXPONENT)
    return (torch.exp(-exponent) * keep).to(torch.float32)


def outer_profiles(across: Tensor, down: Tensor) -> Tensor:
    """Outer product of two profiles.

    Args:
        across: (..., W).
        down: (..., H).

    Returns:
        (..., H, W) float32.

    >>> outer_profiles(torch.tensor([1.0, 2.0]), torch.tensor([3.0]))
    tensor([[3., 6.]])
    """
    maps = empty_float32((*down.shape, across.shape[-1]), like=down)
    return torch.mul(down[..., :, None], across[..., None, :], out=maps)
