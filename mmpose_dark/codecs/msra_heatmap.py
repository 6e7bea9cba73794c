"""The codec of mmpose 1.x's ``MSRAHeatmap``, with DARK's encoding and decoding as ``unbiased=True``."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mmpose_dark.registry import KEYPOINT_CODECS

from ..structures.points import Points
from ..utils.errors import InputError, InputTypeError
from .base import BaseKeypointCodec
from .constants import constant
from .dark import dark_refine, dark_refine_with_covariances
from .gaussian_target import gaussian_heatmaps, unbiased_gaussian_heatmaps
from .peak import heatmap_peaks
from .quarter_pixel import quarter_pixel_refine

__all__ = ['MSRAHeatmap']


@KEYPOINT_CODECS.register_module()
class MSRAHeatmap(BaseKeypointCodec):
    """Keypoints to heatmaps and back.

    With ``unbiased=False`` the target is a Gaussian around the rounded keypoint and decoding moves a
    quarter of a pixel ("Simple Baselines", Xiao et al., ECCV 2018); with ``unbiased=True`` the target
    is centred on the sub-pixel keypoint and decoding is DARK's (Zhang et al., CVPR 2020).

    Coordinates outside are input pixels, those of the maps are smaller by ``scale_factor``; an
    integer is a pixel's centre in both (``docs/codecs.md``, "Pixels").

    Args:
        input_size: width and height of the network's input in pixels.
        heatmap_size: width and height of the heatmaps in pixels.
        sigma: standard deviation of the target in heatmap pixels.
        unbiased: DARK's encoding and decoding.
        blur_kernel_size: odd size of the Gaussian blur before DARK's decoding. The zoo's choices:
            11 for sigma 2, 17 for sigma 3.

    Raises:
        TypeError: a size that is not two whole numbers.
        ValueError: a size or ``sigma`` that is not positive, or an even ``blur_kernel_size``.

    >>> codec = MSRAHeatmap((192, 256), (48, 64), sigma=2.0, unbiased=True)
    >>> maps, weights = codec.batch_encode(torch.tensor([[[50.0, 101.0]]]), torch.ones(1, 1))
    >>> keypoints, scores = codec.batch_decode(maps)
    >>> keypoints.round(decimals=2), scores
    (tensor([[[ 50., 101.]]]), tensor([[0.9617]]))
    """

    def __init__(
        self,
        input_size: Sequence[int],
        heatmap_size: Sequence[int],
        sigma: float,
        unbiased: bool = False,
        blur_kernel_size: int = 11,
    ) -> None:
        self.input_size = _size('input_size', input_size)
        self.heatmap_size = _size('heatmap_size', heatmap_size)
        if not (_is_number(sigma) and 0 < sigma < float('inf')):
            raise InputError(f'MSRAHeatmap: sigma must be a positive number of heatmap pixels, got {sigma!r}')
        if not (_is_whole(blur_kernel_size) and blur_kernel_size > 0 and blur_kernel_size % 2):
            raise InputError(
                f'MSRAHeatmap: blur_kernel_size must be a positive odd number, got {blur_kernel_size!r}; '
                'the zoo uses 11 with sigma 2 and 17 with sigma 3'
            )
        self.sigma = sigma
        self.unbiased = unbiased
        self.blur_kernel_size = int(blur_kernel_size)
        self.scale_factor = (np.array(self.input_size) / self.heatmap_size).astype(np.float32)
        self._scale_xy = tuple(self.scale_factor.tolist())

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, heatmap_size={self.heatmap_size}, '
            f'sigma={self.sigma}, unbiased={self.unbiased}, blur_kernel_size={self.blur_kernel_size})'
        )

    @torch.no_grad()
    def batch_encode(self, keypoints: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draw the target heatmaps of a batch, on the device of ``keypoints``.

        Args:
            keypoints: (N, K, 2) x and y in input pixels, any type; not modified.
            visible: (N, K) labels, all visible if None.

        Returns:
            heatmaps (N, K, H, W) float32 and weights (N, K) float32.

        Raises:
            ValueError: shapes that do not fit.

        >>> codec = MSRAHeatmap((20, 12), (5, 3), sigma=1.0)
        >>> maps, weights = codec.batch_encode(torch.tensor([[[9.0, 4.0], [90.0, 4.0]]]))
        >>> maps[0, 0, 1], weights
        (tensor([0.1353, 0.6065, 1.0000, 0.6065, 0.1353]), tensor([[1., 0.]]))
        """
        if keypoints.ndim != 3 or keypoints.shape[-1] != 2:
            raise InputError(f'MSRAHeatmap: keypoints must be (N, K, 2), got {tuple(keypoints.shape)}')
        if visible is None:
            visible = torch.ones_like(keypoints[..., 0])
        if visible.shape != keypoints.shape[:2]:
            raise InputError(
                f'MSRAHeatmap: visible must be (N, K) = {tuple(keypoints.shape[:2])} as the keypoints, '
                f'got {tuple(visible.shape)}'
            )
        if not keypoints.is_floating_point():
            keypoints = keypoints.to(torch.float32)
        keypoints = keypoints.to(torch.promote_types(keypoints.dtype, torch.float32))
        draw = unbiased_gaussian_heatmaps if self.unbiased else gaussian_heatmaps
        return draw(keypoints / self._scale(keypoints), visible, heatmap_size=self.heatmap_size, sigma=self.sigma)

    @torch.no_grad()
    def batch_decode(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Read the keypoints of a batch of heatmaps, on their device and without waiting for it.

        A map whose highest value is not positive, or not a finite number, has its keypoint at (0, 0),
        as in the DARK paper's code.

        Args:
            heatmaps: (N, K, H, W) of any float type; not modified.

        Returns:
            keypoints (N, K, 2) float32 in input pixels, always finite and on the map, and scores
            (N, K) float32, the maps' highest values, or 0 for one that is not finite.

        Raises:
            TypeError: the maps are not of a float type.
            ValueError: not (N, K, H, W) with this codec's size.

        >>> codec = MSRAHeatmap((20, 12), (5, 3), sigma=1.0)
        >>> codec.batch_decode(torch.tensor([[[[0.0, 0, 0, 0, 0], [0, 0, 0.2, 0.9, 0.6], [0, 0, 0, 0, 0]]]]))
        (tensor([[[13.,  4.]]]), tensor([[0.9000]]))
        """
        peaks, scores, found = self._peaks(heatmaps)
        if self.unbiased:
            xy = dark_refine(heatmaps, peaks, blur_kernel_size=self.blur_kernel_size)
        else:
            xy = quarter_pixel_refine(heatmaps, peaks)
        return xy * (found[..., None] * self._scale(xy)), scores

    @torch.no_grad()
    def points(self, maps: Tensor) -> Points:
        """Read keypoints and scores as ``batch_decode``, and with ``unbiased`` the shape of each peak.

        Args:
            maps: (N, K, H, W) of any float type; not modified.

        Returns:
            See :class:`Points`; covariances (N, K, 2, 2) in square input pixels with ``unbiased``, else None.

        >>> codec = MSRAHeatmap((96, 64), (24, 16), sigma=1.0, unbiased=True, blur_kernel_size=3)
        >>> found = codec.points(codec.batch_encode(torch.tensor([[[41.0, 33.0]]]))[0])
        >>> found.keypoints.round(decimals=1), found.covariances.diagonal(dim1=-2, dim2=-1).round()
        (tensor([[[41., 33.]]]), tensor([[[25., 25.]]]))
        """
        if not self.unbiased:
            return Points(*self.batch_decode(maps))
        peaks, scores, found = self._peaks(maps)
        xy, covariances = dark_refine_with_covariances(maps, peaks, blur_kernel_size=self.blur_kernel_size)
        scale = self._scale(xy)
        covariances = torch.where(found[..., None, None], covariances * (scale[:, None] * scale), float('nan'))
        return Points(xy * (found[..., None] * scale), scores, covariances)

    def _peaks(self, heatmaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Check the maps; return their peaks (N, K, 2), scores (N, K), and whether there is a peak at all (N, K)."""
        width, height = self.heatmap_size
        if heatmaps.ndim != 4 or heatmaps.shape[-2:] != (height, width):
            raise InputError(
                f'MSRAHeatmap: heatmaps must be (N, K, {height}, {width}) for heatmap_size={self.heatmap_size} '
                f'(width, height), got {tuple(heatmaps.shape)}'
            )
        if not heatmaps.is_floating_point():
            raise InputTypeError(f'MSRAHeatmap: heatmaps must be of a float type, got {heatmaps.dtype}')
        peaks, scores = heatmap_peaks(heatmaps)
        scores = torch.nan_to_num(scores.to(torch.float32), nan=0.0, posinf=0.0, neginf=0.0)
        return peaks, scores, scores > 0

    def _scale(self, like: Tensor) -> Tensor:
        """Input pixels per heatmap pixel in x and y, in the type and on the device of ``like``."""
        return constant(self._scale_xy, dtype=like.dtype, device=like.device)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _size(name: str, value: object) -> tuple[int, int]:
    """Return ``value`` as (width, height), both positive whole numbers."""
    numbers = list(value) if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str) else []
    if len(numbers) != 2 or not all(_is_whole(v) for v in numbers):
        raise InputTypeError(f'MSRAHeatmap: {name} must be (width, height), two whole numbers, got {value!r}')
    if min(numbers) < 1:
        raise InputError(f'MSRAHeatmap: {name} must be positive, got {value!r}')
    return int(numbers[0]), int(numbers[1])
