"""Cropping the box to the network's input."""

import numpy as np

from ...registry import TRANSFORMS
from ...structures import fix_aspect_ratio, get_warp_matrix, transform_points, warp_image
from ...structures.udp_warp import get_udp_warp_matrix
from ...utils.errors import InputError
from .base import BaseTransform

__all__ = ['TopdownAffine']


@TRANSFORMS.register_module()
class TopdownAffine(BaseTransform):
    """Crop the (rotated) box, widened to the input's shape, to the network's input.

    Reads: ``img``, ``bbox_center``, ``bbox_scale``, ``bbox_rotation`` (optional), ``keypoints``.
    Removes: ``img_to_ori`` of an image that was decoded at reduced size.
    Adds: ``img`` (h, w, 3), ``input_size`` (w, h), ``input_center`` (2,), ``input_scale`` (2,)
    image pixels, ``transformed_keypoints`` (1, K, 2) input pixels; ``bbox_scale`` is widened.

    Args:
        input_size: width and height of the input.
        use_udp: crop as UDP does, from pixel centre to pixel centre (see ``get_udp_warp_matrix``), for codecs that
            need it.

    Raises:
        ValueError: a size that is not two positive numbers.
    """

    removes_img_to_ori = True

    def __init__(self, input_size: tuple[int, int], use_udp: bool = False) -> None:
        if len(input_size) != 2 or min(input_size) < 1:
            raise InputError(f'TopdownAffine: input_size must be (width, height), got {input_size}')
        self.input_size, self.use_udp = tuple(int(v) for v in input_size), use_udp

    def transform(self, results: dict) -> dict:
        """Crop image and keypoints.

        Raises:
            ValueError: the sample has more than one box.

        >>> box = dict(bbox_center=np.array([[10.0, 10.0]]), bbox_scale=np.array([[4.0, 8.0]]))
        >>> image, keypoints = np.zeros((20, 20, 3), np.uint8), np.array([[[10.0, 10.0]]])
        >>> results = TopdownAffine((8, 16))(dict(box, img=image, keypoints=keypoints))
        >>> results['img'].shape, results['transformed_keypoints'].round(3).tolist()
        ((16, 8, 3), [[[4.0, 8.0]]])
        """
        width, height = self.input_size
        center = np.asarray(results['bbox_center'])
        if center.shape != (1, 2):
            raise InputError(f'TopdownAffine crops one box a sample, got bbox_center of shape {center.shape}')
        scale = fix_aspect_ratio(results['bbox_scale'], width / height)
        rotation = float(results['bbox_rotation'][0]) if results.get('bbox_rotation') is not None else 0.0
        make_matrix = get_udp_warp_matrix if self.use_udp else get_warp_matrix
        matrix = make_matrix(center[0], scale[0], rotation, self.input_size)
        # An image that was decoded at reduced size, see LoadImage.
        img_to_ori = results.pop('img_to_ori', None)
        from_img = matrix if img_to_ori is None else _after(matrix, img_to_ori)
        results['img'] = warp_image(results['img'], from_img, self.input_size)
        if results.get('keypoints') is not None:
            results['transformed_keypoints'] = transform_points(results['keypoints'], matrix)
        results['bbox_scale'] = scale
        results['input_size'] = self.input_size
        results['input_center'], results['input_scale'] = center[0], scale[0]
        return results


def _after(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The affine matrix (2, 3) of ``first``, then ``second``."""
    out = second[:, :2] @ first
    out[:, 2] += second[:, 2]
    return out
