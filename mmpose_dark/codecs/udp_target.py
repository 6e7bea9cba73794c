"""UDP's training targets: a Gaussian around the sub-pixel keypoint, or a disc with the way to its centre.

Huang et al., "The Devil is in the Details: Delving into Unbiased Data Processing for Human Pose Estimation", CVPR 2020.
Coordinates are heatmap pixels, an integer is a pixel's centre.
"""

import torch
from torch import Tensor

from .constants import constant
from .gaussian_target import outer_profiles, prepare_keypoints, profile

__all__ = ['offset_maps', 'udp_gaussian_heatmaps']


@torch.no_grad()
def udp_gaussian_heatmaps(
    keypoints: Tensor, visible: Tensor, *, heatmap_size: tuple[int, int], sigma: float
) -> tuple[Tensor, Tensor]:
    """Draw Gaussians centred on the sub-pixel keypoint, cut to a patch of three sigma around the nearest pixel.

    As ``generate_udp_gaussian_heatmaps`` of mmpose 1.x, with its truncation of the patch's corner towards zero.

    Args:
        keypoints: (..., K, 2) x and y in heatmap pixels; not modified.
        visible: (..., K) labels; below 0.5 the map stays empty.
        heatmap_size: width and height of the maps.
        sigma: standard deviation in heatmap pixels.

    Returns:
        heatmaps (..., K, H, W) float32 in [0, 1], and weights (..., K) float32: ``visible``, but 0 for a keypoint
        whose patch has no part on the map and for one that is not a number.

    >>> maps, _ = udp_gaussian_heatmaps(torch.tensor([[2.5, 1.0]]), torch.ones(1), heatmap_size=(5, 3), sigma=1.0)
    >>> maps[0, 1]
    tensor([0.0439, 0.3247, 0.8825, 0.8825, 0.3247])
    """
    xy, usable, weights = prepare_keypoints(keypoints, visible)
    radius = 3 * sigma
    middle = (2 * radius + 1) // 2  # index of the pixel nearest to the keypoint in the patch
    nearest = torch.trunc(xy + 0.5)
    first, end = torch.trunc(nearest - radius), torch.trunc(nearest + radius + 1)
    size = constant(tuple(heatmap_size), dtype=xy.dtype, device=xy.device)
    on_map = ((first < size) & (end >= 0)).all(-1)
    drawn = usable & on_map & (weights >= 0.5)
    centre = first + middle + (xy - nearest)
    profiles = []
    for axis, length in enumerate(heatmap_size):
        pixel = torch.arange(length, device=xy.device, dtype=xy.dtype)
        inside = (pixel >= first[..., axis, None]) & (pixel < end[..., axis, None]) & drawn[..., None]
        profiles.append(profile(pixel - centre[..., axis, None], inside, sigma))
    return outer_profiles(*profiles), torch.where(on_map | (weights < 0.5), weights, torch.zeros_like(weights))


@torch.no_grad()
def offset_maps(
    keypoints: Tensor, visible: Tensor, *, heatmap_size: tuple[int, int], radius_factor: float
) -> tuple[Tensor, Tensor]:
    """Draw for each keypoint a disc, and at each pixel the way to the keypoint in parts of the disc's radius.

    UDP's "combined" target, as ``generate_offset_heatmap`` of mmpose 1.x.

    Args:
        keypoints: (..., K, 2) x and y in heatmap pixels; not modified.
        visible: (..., K) labels; below 0.5 the maps stay empty.
        heatmap_size: width and height of the maps.
        radius_factor: radius of the disc over the larger side of the map.

    Returns:
        maps (..., 3 K, H, W) float32, disc, x and y of each keypoint in turn, and weights (..., K) float32.

    >>> maps, _ = offset_maps(torch.tensor([[2.0, 1.0]]), torch.ones(1), heatmap_size=(5, 3), radius_factor=0.4)
    >>> maps[:2, 1]
    tensor([[ 1.0000,  1.0000,  1.0000,  1.0000,  1.0000],
            [ 1.0000,  0.5000,  0.0000, -0.5000, -1.0000]])
    """
    xy, usable, weights = prepare_keypoints(keypoints, visible)
    width, height = heatmap_size
    drawn = (usable & (weights >= 0.5))[..., None, None]
    columns = torch.arange(width, device=xy.device, dtype=xy.dtype)
    rows = torch.arange(height, device=xy.device, dtype=xy.dtype)
    radius = radius_factor * max(width, height)
    across = ((xy[..., 0, None] - columns) / radius)[..., None, :].expand(*weights.shape, height, width)
    down = ((xy[..., 1, None] - rows) / radius)[..., :, None].expand(*weights.shape, height, width)
    disc = (across.square() + down.square() <= 1).to(xy.dtype)
    maps = torch.stack([disc, across, down], -3) * drawn[..., None]
    return maps.flatten(-4, -3).to(torch.float32), weights
