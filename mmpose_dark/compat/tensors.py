"""Functions of tensors that mmpose 1.x has in places of its own."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..codecs.flip import flip_heatmaps as _flip
from ..utils.errors import InputError

__all__ = ['bbox_overlaps', 'flip_heatmaps']

_MODES = ('iou', 'iof', 'giou')


def bbox_overlaps(
    bboxes1: Tensor, bboxes2: Tensor, mode: str = 'iou', is_aligned: bool = False, eps: float = 1e-6
) -> Tensor:
    """Compare boxes with boxes.

    Args:
        bboxes1: (..., M, 4) xyxy.
        bboxes2: (..., N, 4) xyxy.
        mode: ``'iou'``; ``'iof'``, of the first box's area; or ``'giou'``.
        is_aligned: compare each box with the one of its number; M is N then.
        eps: least area that is divided by.

    Returns:
        (..., M, N), or (..., M).

    Raises:
        InputError: another mode, or shapes that do not go together.

    >>> bbox_overlaps(torch.tensor([[0.0, 0.0, 10.0, 10.0]]), torch.tensor([[0.0, 0.0, 10.0, 20.0]]))
    tensor([[0.5000]])
    """
    if mode not in _MODES:
        raise InputError(f'bbox_overlaps: mode must be one of {", ".join(_MODES)}, got {mode!r}')
    first, second = (boxes if boxes.ndim > 1 else boxes.reshape(-1, 4) for boxes in (bboxes1, bboxes2))
    if first.shape[:-2] != second.shape[:-2] or (is_aligned and first.shape[-2] != second.shape[-2]):
        raise InputError(f'bbox_overlaps: boxes of {tuple(first.shape)} and {tuple(second.shape)} do not go together')
    if not is_aligned:
        first, second = first[..., :, None, :], second[..., None, :, :]
    if not first.numel() or not second.numel():
        return first.new_zeros(torch.broadcast_shapes(first.shape[:-1], second.shape[:-1]))
    areas = [(boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]) for boxes in (first, second)]
    shared = _area(torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(first[..., :2], second[..., :2]))
    union = (areas[0] if mode == 'iof' else areas[0] + areas[1] - shared).clamp(min=eps)
    if mode != 'giou':
        return shared / union
    around = _area(torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2]))
    around = around.clamp(min=eps)
    return shared / union - (around - union) / around


def _area(size: Tensor) -> Tensor:
    return size.clamp(min=0).prod(-1)


def flip_heatmaps(
    heatmaps: Tensor, flip_indices: Sequence[int] | None = None, flip_mode: str = 'heatmap', shift_heatmap: bool = True
) -> Tensor:
    """Bring the heatmaps of mirrored images back, see `mmpose_dark.codecs.flip`.

    Args:
        heatmaps: (B, K, H, W); not modified.
        flip_indices: for each of the K keypoints the number of its mirror image; None swaps none.
        flip_mode: ``'heatmap'``.
        shift_heatmap: shift by one pixel to the right.

    Returns:
        (B, K, H, W).

    >>> flip_heatmaps(torch.tensor([[[[0.0, 1.0, 2.0]]]]))
    tensor([[[[2., 2., 1.]]]])
    """
    if flip_mode != 'heatmap':
        raise InputError(f"flip_heatmaps: flip_mode {flip_mode!r} is not here; use the codec's mirror()")
    indices = range(heatmaps.shape[1]) if flip_indices is None else flip_indices
    return _flip(heatmaps, list(indices), shift_heatmap=shift_heatmap)
