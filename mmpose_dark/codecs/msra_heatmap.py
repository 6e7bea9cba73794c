"""The codec of mmpose 1.x's ``MSRAHeatmap``, with DARK's encoding and decoding as ``unbiased=True``."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmpose_dark.registry import KEYPOINT_CODECS

from ..structures.points import Points
from .dark import dark_refine, dark_refine_with_covariances
from .gaussian_target import gaussian_heatmaps, unbiased_gaussian_heatmaps
from .heatmap_codec import HeatmapCodec
from .quarter_pixel import quarter_pixel_refine
from .settings import checked_blur_kernel, checked_positive

__all__ = ['MSRAHeatmap']


@KEYPOINT_CODECS.register_module()
class MSRAHeatmap(HeatmapCodec):
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
        super().__init__(input_size, heatmap_size)
        self.sigma = checked_positive('MSRAHeatmap', 'sigma', sigma, unit=' of heatmap pixels')
        self.unbiased = unbiased
        self.blur_kernel_size = checked_blur_kernel('MSRAHeatmap', blur_kernel_size)

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
        keypoints, visible = self.on_map(keypoints, visible)
        draw = unbiased_gaussian_heatmaps if self.unbiased else gaussian_heatmaps
        return draw(keypoints, visible, heatmap_size=self.heatmap_size, sigma=self.sigma)

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
        self.check_maps(heatmaps)
        peaks, scores, found = self.peaks(heatmaps)
        if self.unbiased:
            xy = dark_refine(heatmaps, peaks, blur_kernel_size=self.blur_kernel_size)
        else:
            xy = quarter_pixel_refine(heatmaps, peaks)
        return self.in_input(xy, scores, found)[:2]

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
        self.check_maps(maps)
        peaks, scores, found = self.peaks(maps)
        xy, covariances = dark_refine_with_covariances(maps, peaks, blur_kernel_size=self.blur_kernel_size)
        return self.in_input(xy, scores, found, covariances)
