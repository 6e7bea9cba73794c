"""Position embeddings of vision transformers: on which grid they are, and how they come to another one."""

from torch import Tensor
from torch.nn import functional as F

__all__ = ['fold_class_position', 'grid_of', 'resize_positions']


def fold_class_position(positions: Tensor) -> Tensor:
    """Add the position of the class token, which stands first, to those of all patches.

    ViTPose has a position for a class token and no such token: its code adds the two kinds in every forward pass.

    Args:
        positions: (1, 1 + H * W, C).

    Returns:
        (1, H * W, C).

    >>> fold_class_position(torch.tensor([[[0.5], [1.0], [2.0]]]))
    tensor([[[1.5000],
             [2.5000]]])
    """
    return positions[:, 1:] + positions[:, :1]


def grid_of(count: int, like: tuple[int, int]) -> tuple[int, int] | None:
    """Tell the grid (rows, columns) of so many positions: one of the aspect of another grid, or a square one.

    Args:
        count: number of positions, without the class token's.
        like: grid whose aspect is tried first.

    Returns:
        The grid, None where ``count`` fits neither.

    >>> grid_of(432, (16, 12)), grid_of(196, (16, 12)), grid_of(191, (16, 12))
    ((24, 18), (14, 14), None)
    """
    rows = round((count * like[0] / like[1]) ** 0.5)
    for height in (rows, round(count**0.5)):
        width = count // height if height else 0
        is_alike = height * like[1] == width * like[0]
        if width and height * width == count and (is_alike or height == width):
            return height, width
    return None


def resize_positions(
    positions: Tensor, grid: tuple[int, int], wanted: tuple[int, int], mode: str = 'bicubic'
) -> Tensor:
    """Interpolate positions to another grid, as ViTPose and mmpretrain do: bicubic, corners not aligned.

    Args:
        positions: (1, H * W, C).
        grid: their rows and columns, (H, W).
        wanted: rows and columns to come to, (H', W').
        mode: ``'bicubic'`` or ``'bilinear'``.

    Returns:
        (1, H' * W', C); ``positions`` themselves where the grids are the same.

    >>> resize_positions(torch.ones(1, 4, 3), (2, 2), (4, 3)).shape
    torch.Size([1, 12, 3])
    """
    if tuple(grid) == tuple(wanted):
        return positions
    image = positions.unflatten(1, tuple(grid)).permute(0, 3, 1, 2)
    image = F.interpolate(image, size=tuple(wanted), mode=mode, align_corners=False)
    return image.flatten(2).transpose(1, 2)
