"""Boxes in their three forms, and the matrix that turns a box into the network's input.

Forms: ``xyxy`` corners, ``xywh`` corner and size, ``cs`` centre and scale (the size of the box,
padding included). All in pixels of the image; an integer is a pixel's centre. Every function takes
any number of leading axes and returns new arrays.
"""

import numpy as np

from ..utils.errors import InputError

__all__ = [
    'bbox_cs2xywh',
    'bbox_cs2xyxy',
    'bbox_xywh2cs',
    'bbox_xywh2xyxy',
    'bbox_xyxy2cs',
    'bbox_xyxy2xywh',
    'fix_aspect_ratio',
    'flip_bbox',
    'get_warp_matrix',
    'transform_points',
]


def bbox_xyxy2xywh(bbox_xyxy: np.ndarray) -> np.ndarray:
    """Corners to corner and size.

    Args:
        bbox_xyxy: (..., 4) left, top, right, bottom in pixels; further columns are kept.

    Returns:
        (..., 4) left, top, width, height in pixels.

    >>> bbox_xyxy2xywh(np.array([[10., 20., 40., 60.]])).tolist()
    [[10.0, 20.0, 30.0, 40.0]]
    """
    out = np.array(bbox_xyxy)
    out[..., 2:4] -= out[..., :2]
    return out


def bbox_xywh2xyxy(bbox_xywh: np.ndarray) -> np.ndarray:
    """Corner and size to corners.

    Args:
        bbox_xywh: (..., 4) left, top, width, height in pixels; further columns are kept.

    Returns:
        (..., 4) left, top, right, bottom in pixels.

    >>> bbox_xywh2xyxy(np.array([[10., 20., 30., 40.]])).tolist()
    [[10.0, 20.0, 40.0, 60.0]]
    """
    out = np.array(bbox_xywh)
    out[..., 2:4] += out[..., :2]
    return out


def bbox_xyxy2cs(bbox_xyxy: np.ndarray, padding: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Corners to centre and padded scale.

    Args:
        bbox_xyxy: (..., 4) left, top, right, bottom in pixels.
        padding: factor on the size.

    Returns:
        Centre (..., 2) as x, y and scale (..., 2) as width, height, in pixels.

    >>> center, scale = bbox_xyxy2cs(np.array([10., 20., 40., 60.]), padding=1.5)
    >>> center.tolist(), scale.tolist()
    ([25.0, 40.0], [45.0, 60.0])
    """
    bbox_xyxy = np.asarray(bbox_xyxy)
    low, high = bbox_xyxy[..., :2], bbox_xyxy[..., 2:4]
    return (low + high) * 0.5, (high - low) * padding


def bbox_xywh2cs(bbox_xywh: np.ndarray, padding: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Corner and size to centre and padded scale.

    Args:
        bbox_xywh: (..., 4) left, top, width, height in pixels.
        padding: factor on the size.

    Returns:
        Centre (..., 2) as x, y and scale (..., 2) as width, height, in pixels.

    >>> [a.tolist() for a in bbox_xywh2cs(np.array([10., 20., 30., 40.]))]
    [[25.0, 40.0], [30.0, 40.0]]
    """
    bbox_xywh = np.asarray(bbox_xywh)
    return bbox_xywh[..., :2] + bbox_xywh[..., 2:4] * 0.5, bbox_xywh[..., 2:4] * padding


def bbox_cs2xyxy(center: np.ndarray, scale: np.ndarray, padding: float = 1.0) -> np.ndarray:
    """Centre and padded scale to corners: the inverse of :func:`bbox_xyxy2cs`.

    Args:
        center: (..., 2) x, y in pixels.
        scale: (..., 2) width, height in pixels, with the padding in it.
        padding: the padding to take off.

    Returns:
        (..., 4) left, top, right, bottom in pixels.

    >>> bbox_cs2xyxy(np.array([25., 40.]), np.array([45., 60.]), padding=1.5).tolist()
    [10.0, 20.0, 40.0, 60.0]
    """
    half = np.asarray(scale) / padding * 0.5
    return np.concatenate([center - half, center + half], axis=-1)


def bbox_cs2xywh(center: np.ndarray, scale: np.ndarray, padding: float = 1.0) -> np.ndarray:
    """Centre and padded scale to corner and size: the inverse of :func:`bbox_xywh2cs`.

    Args:
        center: (..., 2) x, y in pixels.
        scale: (..., 2) width, height in pixels, with the padding in it.
        padding: the padding to take off.

    Returns:
        (..., 4) left, top, width, height in pixels.

    >>> bbox_cs2xywh(np.array([25., 40.]), np.array([30., 40.])).tolist()
    [10.0, 20.0, 30.0, 40.0]
    """
    return bbox_xyxy2xywh(bbox_cs2xyxy(center, scale, padding))


def flip_bbox(
    bbox: np.ndarray, image_size: tuple[int, int], *, bbox_format: str = 'xyxy', direction: str = 'horizontal'
) -> np.ndarray:
    """Flip boxes, or box centres, with their image.

    Args:
        bbox: (..., 4) ``xyxy`` or (..., 2) ``center``, in pixels.
        image_size: width and height of the image.
        bbox_format: ``'xyxy'`` or ``'center'``.
        direction: ``'horizontal'``, ``'vertical'`` or ``'diagonal'`` (both).

    Returns:
        The mirrored boxes in the same form (the pixel x becomes width - 1 - x, as in mmpose 1.x).

    Raises:
        InputError: unknown format or direction.

    >>> flip_bbox(np.array([[10., 20., 40., 60.]]), (100, 80)).tolist()
    [[59.0, 20.0, 89.0, 60.0]]
    >>> flip_bbox(np.array([[25., 40.]]), (100, 80), bbox_format='center').tolist()
    [[74.0, 40.0]]
    """
    if bbox_format not in ('xyxy', 'center'):
        raise InputError(f"bbox_format must be 'xyxy' or 'center', got {bbox_format!r}")
    if direction not in ('horizontal', 'vertical', 'diagonal'):
        raise InputError(f"direction must be 'horizontal', 'vertical' or 'diagonal', got {direction!r}")
    out = np.array(bbox)
    for axis, names in ((0, ('horizontal', 'diagonal')), (1, ('vertical', 'diagonal'))):
        if direction in names:
            out[..., axis::2] = image_size[axis] - 1 - out[..., axis::2][..., ::-1]
    return out


def fix_aspect_ratio(scale: np.ndarray, aspect_ratio: float) -> np.ndarray:
    """Grow the shorter side so that width / height is ``aspect_ratio``.

    Args:
        scale: (..., 2) width, height.
        aspect_ratio: width over height.

    Returns:
        (..., 2) the enlarged scale.

    >>> fix_aspect_ratio(np.array([[30., 100.], [90., 100.]]), 0.75).tolist()
    [[75.0, 100.0], [90.0, 120.0]]
    """
    scale = np.asarray(scale)
    w, h = scale[..., :1], scale[..., 1:]
    return np.where(
        w > h * aspect_ratio, np.concatenate([w, w / aspect_ratio], -1), np.concatenate([h * aspect_ratio, h], -1)
    )


def get_warp_matrix(
    center: np.ndarray,
    scale: np.ndarray,
    rot: np.ndarray | float,
    output_size: tuple[int, int],
    shift: tuple[float, float] = (0.0, 0.0),
    inv: bool = False,
    fix_aspect_ratio: bool = True,
) -> np.ndarray:
    """Affine matrix from the image to the crop of a (rotated) box.

    mmpose 1.x's convention: the centre of the box goes to ``(W / 2, H / 2)`` of the output and its
    width to W, with the same factor on both axes unless ``fix_aspect_ratio`` is False.

    Args:
        center: (..., 2) x, y of the box in pixels.
        scale: (..., 2) width, height of the box in pixels.
        rot: (...) rotation in degrees.
        output_size: width W and height H of the crop.
        shift: of the centre, in parts of the scale.
        inv: return the matrix from the crop to the image.
        fix_aspect_ratio: scale both axes by W over the box's width.

    Returns:
        (..., 2, 3) float64.

    >>> matrix = get_warp_matrix(np.array([50., 40.]), np.array([20., 40.]), 30., (10, 20))
    >>> (matrix @ [50., 40., 1.]).round(6).tolist()  # the box's centre is the crop's
    [5.0, 10.0]
    """
    center, scale = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    width, height = output_size
    angle = np.deg2rad(np.asarray(rot, np.float64))
    cos, sin = np.cos(angle), np.sin(angle)
    factor_x = width / scale[..., 0]
    factor_y = factor_x if fix_aspect_ratio else height / scale[..., 1]
    from_x, from_y = center[..., 0] + scale[..., 0] * shift[0], center[..., 1] + scale[..., 1] * shift[1]
    to_x, to_y = 0.5 * width, 0.5 * height
    if inv:
        a, b, c, d = cos / factor_x, -sin / factor_y, sin / factor_x, cos / factor_y
        from_x, from_y, to_x, to_y = to_x, to_y, from_x, from_y
    else:
        a, b, c, d = factor_x * cos, factor_x * sin, -factor_y * sin, factor_y * cos
    matrix = np.empty((*np.shape(a), 2, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = a, b, to_x - a * from_x - b * from_y
    matrix[..., 1, 0], matrix[..., 1, 1], matrix[..., 1, 2] = c, d, to_y - c * from_x - d * from_y
    return matrix


def transform_points(points_xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply an affine matrix to points.

    Args:
        points_xy: (..., K, 2) pixels.
        matrix: (..., 2, 3).

    Returns:
        (..., K, 2) in the type of ``points_xy``.

    >>> transform_points(np.array([[50., 40.]]), np.array([[.5, 0., -20.], [0., .5, -10.]])).tolist()
    [[5.0, 10.0]]
    """
    points_xy, matrix = np.asarray(points_xy), np.asarray(matrix)
    out = points_xy @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]
    return out.astype(np.result_type(points_xy.dtype, np.float32), copy=False)
