"""Geometry of keypoints."""

from collections.abc import Sequence

import numpy as np

from ..utils.errors import InputError

__all__ = ['flip_keypoints']


def flip_keypoints(
    keypoints: np.ndarray,
    keypoints_visible: np.ndarray | None,
    image_size: tuple[int, int],
    flip_indices: Sequence[int],
    direction: str = 'horizontal',
) -> tuple[np.ndarray, np.ndarray | None]:
    """Flip keypoints with their image and exchange the paired ones.

    Args:
        keypoints: (..., K, 2) x, y in pixels of the image, integer = pixel centre.
        keypoints_visible: (..., K) or None.
        image_size: width and height of the image.
        flip_indices: K indices: where each keypoint of the mirrored person comes from.
        direction: ``'horizontal'`` or ``'vertical'`` exchange the pairs; ``'diagonal'``, a turn by
            180 degrees, does not.

    Returns:
        Mirrored keypoints and visibilities, new arrays.

    Raises:
        InputError: ``flip_indices`` is not one index for each keypoint, or the direction is unknown.

    >>> xy, visible = flip_keypoints(np.array([[[10., 5.], [30., 6.]]]), np.array([[1, 0]]), (100, 50), [1, 0])
    >>> xy.tolist(), visible.tolist()
    ([[[69.0, 6.0], [89.0, 5.0]]], [[0, 1]])
    """
    num_keypoints = keypoints.shape[-2]
    if len(flip_indices) != num_keypoints:
        raise InputError(
            f'flip_indices has {len(flip_indices)} entries for {num_keypoints} keypoints: the dataset definition '
            'does not belong to these keypoints'
        )
    if direction not in ('horizontal', 'vertical', 'diagonal'):
        raise InputError(f"direction must be 'horizontal', 'vertical' or 'diagonal', got {direction!r}")
    width, height = image_size
    flipped, visible = np.array(keypoints), keypoints_visible
    if direction != 'diagonal':
        flipped = np.take(keypoints, flip_indices, axis=-2)
        visible = None if visible is None else np.take(visible, flip_indices, axis=-1)
    if direction in ('horizontal', 'diagonal'):
        flipped[..., 0] = width - 1 - flipped[..., 0]
    if direction in ('vertical', 'diagonal'):
        flipped[..., 1] = height - 1 - flipped[..., 1]
    return flipped, visible
