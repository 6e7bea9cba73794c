"""The grid of patches of an image, and a checkpoint's positions brought to it or refused."""

from collections.abc import Sequence

from mmengine.logging import print_log

from ...checkpoint.errors import CheckpointError
from ...checkpoint.position_grid import grid_of, resize_positions
from ...checkpoint.state_dict import StateDict
from ...utils.errors import InputError

__all__ = ['fit_positions', 'grid_of_image', 'resize_positions']


def grid_of_image(size_hw: Sequence[int], patch_size: int) -> tuple[int, int]:
    """Return rows and columns of the patches of an image.

    Args:
        size_hw: its height and width in pixels.
        patch_size: side of a patch in pixels.

    Raises:
        InputError: the patches do not divide the image.

    >>> grid_of_image((256, 192), 16)
    (16, 12)
    """
    height, width = size_hw
    if height < patch_size or width < patch_size or height % patch_size or width % patch_size:
        fitting = tuple(max(round(side / patch_size), 1) * patch_size for side in (height, width))
        raise InputError(
            f'VisionTransformer: images of height {height} and width {width} are not whole patches of {patch_size} '
            f'pixels; the nearest size that is has height {fitting[0]} and width {fitting[1]}'
        )
    return height // patch_size, width // patch_size


def fit_positions(
    weights: StateDict,
    name: str,
    grid: tuple[int, int],
    *,
    patch_size: int,
    mode: str,
    resize: bool,
    source: str,
) -> StateDict:
    """Bring the positions among weights to a grid.

    A class token's position (mmpretrain's files of networks with one) is left out, as mmpretrain does.

    Args:
        weights: of any shape; not modified.
        name: of the positions, (1, H * W, C) or (1, 1 + H * W, C).
        grid: rows and columns wanted.
        patch_size: side of a patch in pixels, for messages.
        mode: of interpolation.
        resize: whether positions of another grid are interpolated; they are refused otherwise.
        source: the checkpoint, for messages.

    Raises:
        CheckpointError: the grid is another, or cannot be told.
    """
    positions, count = weights.get(name), grid[0] * grid[1]
    if positions is None or positions.ndim != 3 or positions.shape[1] == count:
        return weights
    found = positions.shape[1]
    is_extra = found == count + 1 or (grid_of(found, grid) is None and grid_of(found - 1, grid) is not None)
    positions = positions[:, 1:] if is_extra else positions
    theirs = grid_of(positions.shape[1], grid)
    if theirs == grid:
        return weights | {name: positions}
    own = f'{grid[0]} x {grid[1]} (height x width) patches, {grid[0] * patch_size}x{grid[1] * patch_size} pixels'
    if theirs is None:
        raise CheckpointError(
            f'{source}: has {found} positions, which are of no grid that is known; the model has {own}.'
        )
    size = tuple(side * patch_size for side in theirs)
    if not resize:
        raise CheckpointError(
            f'{source}: has the positions of {theirs[0]} x {theirs[1]} patches, {size[0]}x{size[1]} pixels; the model '
            f'has {own}. Use the config of {size[0]}x{size[1]}, or let them be interpolated with '
            'model.backbone.resize_pos_embed=True (the accuracy is another then).'
        )
    print_log(
        f'{source}: positions of {theirs[0]} x {theirs[1]} patches interpolated to {grid[0]} x {grid[1]}',
        logger='current',
    )
    return weights | {name: resize_positions(positions.float(), theirs, grid, mode).to(positions.dtype)}
