"""The codec of mmpose 1.x's ``UDPHeatmap`` (Huang et al., CVPR 2020, arXiv:1911.07524)."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from mmpose_dark.registry import KEYPOINT_CODECS

from ..structures.points import Points
from ..utils.errors import InputError
from .flip import flip_heatmaps
from .heatmap_codec import HeatmapCodec
from .mirrored_blur import blur_maps, blurred_at
from .settings import checked_blur_kernel, checked_positive
from .udp_refine import udp_refine, udp_refine_with_covariances
from .udp_target import offset_maps, udp_gaussian_heatmaps

__all__ = ['UDPHeatmap']

HEATMAP_TYPES = ('gaussian', 'combined')


@KEYPOINT_CODECS.register_module()
class UDPHeatmap(HeatmapCodec):
    """Unbiased data processing: sizes count from pixel centre to pixel centre, in the crop and in the maps.

    Crops are made with ``TopdownAffine(use_udp=True)``, and flipped heatmaps are not shifted.

    Args:
        input_size: width and height of the network's input in pixels.
        heatmap_size: width and height of the maps in pixels.
        heatmap_type: ``'gaussian'``: one heatmap a keypoint, read by a Taylor expansion as DARK does; ``'combined'``:
            three maps a keypoint, a disc and the way to its centre in x and y (a head with ``out_channels`` of three
            times the keypoints, and `CombinedTargetMSELoss`).
        sigma: standard deviation of the Gaussian in heatmap pixels.
        radius_factor: radius of the disc over the larger side of the map.
        blur_kernel_size: odd size of the Gaussian blur before decoding.

    Raises:
        InputTypeError: a size that is not two whole numbers.
        InputError: another ``heatmap_type``, or a number that is out of range.

    >>> codec = UDPHeatmap((192, 256), (48, 64), sigma=2.0)
    >>> maps, weights = codec.batch_encode(torch.tensor([[[50.0, 101.0]]]), torch.ones(1, 1))
    >>> keypoints, scores = codec.batch_decode(maps)
    >>> keypoints.round(decimals=1)  # decoding counts the input whole, encoding one pixel less, as the reference
    tensor([[[ 50.3000, 101.4000]]])
    """

    use_udp: ClassVar[bool] = True

    def __init__(
        self,
        input_size: Sequence[int],
        heatmap_size: Sequence[int],
        heatmap_type: str = 'gaussian',
        sigma: float = 2.0,
        radius_factor: float = 0.0546875,
        blur_kernel_size: int = 11,
    ) -> None:
        super().__init__(input_size, heatmap_size, between_centres=True)
        if heatmap_type not in HEATMAP_TYPES:
            raise InputError(
                f'UDPHeatmap: heatmap_type {heatmap_type!r} is not one of {", ".join(map(repr, HEATMAP_TYPES))}'
            )
        self.heatmap_type = heatmap_type
        self.sigma = checked_positive('UDPHeatmap', 'sigma', sigma, unit=' of heatmap pixels')
        self.radius_factor = checked_positive('UDPHeatmap', 'radius_factor', radius_factor)
        self.blur_kernel_size = checked_blur_kernel('UDPHeatmap', blur_kernel_size)
        if self._combined and min(self.heatmap_size) <= self.blur_kernel_size:
            raise InputError(
                f'UDPHeatmap: maps of {self.heatmap_size} are too small for blur_kernel_size={blur_kernel_size}'
            )

    @property
    def _combined(self) -> bool:
        return self.heatmap_type == 'combined'

    @property
    def maps_per_keypoint(self) -> int:
        """Number of maps that the network gives for each keypoint."""
        return 3 if self._combined else 1

    @property
    def flip_modes(self) -> tuple[str, ...]:
        """Values of ``test_cfg.flip_mode`` that ``mirror`` stands for; mmpose's configs name the second."""
        return ('udp_combined', 'heatmap') if self._combined else ('heatmap',)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, heatmap_size={self.heatmap_size}, '
            f'heatmap_type={self.heatmap_type!r}, sigma={self.sigma}, radius_factor={self.radius_factor}, '
            f'blur_kernel_size={self.blur_kernel_size})'
        )

    @torch.no_grad()
    def batch_encode(self, keypoints: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draw the targets of a batch, on the device of ``keypoints``.

        Args:
            keypoints: (N, K, 2) x and y in input pixels, any type; not modified.
            visible: (N, K) labels, all visible if None.

        Returns:
            maps (N, K, H, W) or (N, 3 K, H, W) float32 and weights (N, K) float32.

        Raises:
            InputError: shapes that do not fit.
        """
        keypoints, visible = self.on_map(keypoints, visible)
        if self._combined:
            return offset_maps(keypoints, visible, heatmap_size=self.heatmap_size, radius_factor=self.radius_factor)
        return udp_gaussian_heatmaps(keypoints, visible, heatmap_size=self.heatmap_size, sigma=self.sigma)

    @torch.no_grad()
    def batch_decode(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Read the keypoints of a batch, on its device and without waiting for it.

        Args:
            maps: (N, K, H, W) or (N, 3 K, H, W) of any float type; not modified.

        Returns:
            keypoints (N, K, 2) float32 in input pixels, always finite and on the map, and scores (N, K) float32.

        Raises:
            InputTypeError: the maps are not of a float type.
            InputError: another shape than this codec's.
        """
        self.check_maps(maps)
        if self._combined:
            return self._decode_combined(maps)[:2]
        peaks, scores, found = self.peaks(maps)
        xy = udp_refine(maps, peaks, blur_kernel_size=self.blur_kernel_size)
        return self.in_input(xy, scores, found)[:2]

    @torch.no_grad()
    def points(self, maps: Tensor) -> Points:
        """Read keypoints and scores as ``batch_decode``, and of Gaussians the shape of each peak.

        Args:
            maps: (N, K, H, W) or (N, 3 K, H, W) of any float type; not modified.

        Returns:
            See :class:`Points`; covariances (N, K, 2, 2) in square input pixels for ``'gaussian'``, else None.
        """
        self.check_maps(maps)
        if self._combined:
            return self._decode_combined(maps)
        peaks, scores, found = self.peaks(maps)
        xy, covariances = udp_refine_with_covariances(maps, peaks, blur_kernel_size=self.blur_kernel_size)
        return self.in_input(xy, scores, found, covariances)

    def _decode_combined(self, maps: Tensor) -> Points:
        parts = maps.unflatten(1, (-1, 3))
        # The reference blurs all maps, the discs with twice the kernel and one more. Of the ways one pixel is read.
        peaks, scores, found = self.peaks(blur_maps(parts[:, :, 0], kernel_size=2 * self.blur_kernel_size + 1))
        ways = blurred_at(parts[:, :, 1:], peaks, kernel_size=self.blur_kernel_size)
        ways = ways * (self.radius_factor * max(self.heatmap_size))
        refined = peaks + torch.nan_to_num(ways, nan=0.0, posinf=0.0, neginf=0.0)
        last = peaks.new_tensor([self.heatmap_size[0] - 1, self.heatmap_size[1] - 1])
        xy = torch.minimum(refined.clamp_min(0), last).to(torch.float32)
        return self.in_input(xy, scores, found)

    def mirror(self, maps: Tensor, flip_indices: Sequence[int], *, shift: bool = False) -> Tensor:
        """Bring maps of mirrored images back; ways in x change their sign.

        Args:
            maps: (N, K, H, W) or (N, 3 K, H, W) of mirrored images; not modified.
            flip_indices: for each of the K keypoints the number of its mirror image.
            shift: ``test_cfg.shift_heatmap``; UDP's recipes leave it out.

        Returns:
            The same shape.
        """
        if not self._combined:
            return flip_heatmaps(maps, flip_indices, shift_heatmap=shift)
        channels = [3 * int(i) + part for i in flip_indices for part in range(3)]
        back = flip_heatmaps(maps, channels, shift_heatmap=shift).unflatten(1, (-1, 3)).clone()
        back[:, :, 1].neg_()
        return back.flatten(1, 2)
