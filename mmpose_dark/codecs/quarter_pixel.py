"""Quarter-pixel refinement: a quarter of a pixel from the peak towards its higher neighbour."""

import torch
from torch import Tensor

__all__ = ['quarter_pixel_refine']


@torch.no_grad()
def quarter_pixel_refine(heatmaps: Tensor, peaks: Tensor) -> Tensor:
    """Shift integer peaks by a quarter of a pixel along x and along y.

    The heuristic of the stacked hourglass network (Newell et al., ECCV 2016), with the border rule
    of ``refine_keypoints`` of mmpose 1.x: x moves only where 1 < x < W - 1 and y > 0, y only where
    1 < y < H - 1 and x > 0.

    Args:
        heatmaps: (N, K, H, W), any float type.
        peaks: (N, K, 2) int64 x in [0, W) and y in [0, H).

    Returns:
        (N, K, 2) float32 x and y in heatmap pixels.

    >>> maps = torch.tensor([[[[0.0, 0, 0, 0, 0], [0, 0, 0.9, 1, 0.5], [0, 0, 0, 0.2, 0]]]])
    >>> quarter_pixel_refine(maps, torch.tensor([[[3, 1]]]))
    tensor([[[2.7500, 1.0000]]])
    """
    height, width = heatmaps.shape[-2:]
    flat = heatmaps.flatten(-2)
    x, y = peaks.unbind(-1)

    def read(dx: int, dy: int) -> Tensor:
        column, row = (x + dx).clamp(0, width - 1), (y + dy).clamp(0, height - 1)
        return flat.gather(-1, (row * width + column)[..., None])[..., 0].to(torch.float32)

    def sign(higher: Tensor, lower: Tensor) -> Tensor:  # not of the difference: inf - inf is NaN
        return (higher > lower).to(torch.float32) - (higher < lower).to(torch.float32)

    move_x = sign(read(1, 0), read(-1, 0)) * ((x > 1) & (x < width - 1) & (y > 0))
    move_y = sign(read(0, 1), read(0, -1)) * ((y > 1) & (y < height - 1) & (x > 0))
    return torch.stack([x + 0.25 * move_x, y + 0.25 * move_y], -1)
