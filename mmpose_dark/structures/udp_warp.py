"""The crop of UDP: sizes count from pixel centre to pixel centre (Huang et al., CVPR 2020, arXiv:1911.07524)."""

import numpy as np

__all__ = ['get_udp_warp_matrix']


def get_udp_warp_matrix(
    center: np.ndarray, scale: np.ndarray, rot: np.ndarray | float, output_size: tuple[int, int]
) -> np.ndarray:
    """Affine matrix from the image to the crop of a (rotated) box, in UDP's convention.

    The box spans ``scale`` pixels of the image and ``output_size - 1`` pixels of the crop, between the centres of its
    first and last pixel (mmpose 1.x's ``get_udp_warp_matrix``).

    Args:
        center: (..., 2) x, y of the box in pixels.
        scale: (..., 2) width, height of the box in pixels.
        rot: (...) rotation in degrees.
        output_size: width W and height H of the crop.

    Returns:
        (..., 2, 3) float64.

    >>> matrix = get_udp_warp_matrix(np.array([50.0, 40.0]), np.array([20.0, 40.0]), 0.0, (11, 21))
    >>> (matrix @ [40.0, 20.0, 1.0]).tolist(), (matrix @ [60.0, 60.0, 1.0]).tolist()  # the box's corners
    ([0.0, 0.0], [10.0, 20.0])
    """
    center, scale = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    angle = np.deg2rad(np.asarray(rot, np.float64))
    cos, sin = np.cos(angle), np.sin(angle)
    factor_x, factor_y = (output_size[0] - 1) / scale[..., 0], (output_size[1] - 1) / scale[..., 1]
    matrix = np.empty((*np.shape(factor_x * cos), 2, 3))
    matrix[..., 0, 0], matrix[..., 0, 1] = factor_x * cos, -factor_x * sin
    matrix[..., 1, 0], matrix[..., 1, 1] = factor_y * sin, factor_y * cos
    for axis, factor in ((0, factor_x), (1, factor_y)):
        moved = matrix[..., axis, 0] * center[..., 0] + matrix[..., axis, 1] * center[..., 1]
        matrix[..., axis, 2] = factor * scale[..., axis] / 2 - moved
    return matrix
