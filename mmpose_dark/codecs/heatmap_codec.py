"""What codecs of heatmaps share: sizes, checks of what they are given, peaks, scaling."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..structures.points import Points
from ..utils.errors import InputError, InputTypeError
from .base import BaseKeypointCodec
from .constants import constant
from .peak import heatmap_peaks
from .settings import checked_size

__all__ = ['HeatmapCodec']


class HeatmapCodec(BaseKeypointCodec):
    """Base of the codecs with one heatmap, or a few maps, a keypoint.

    Args:
        input_size: width and height of the network's input in pixels.
        heatmap_size: width and height of the maps in pixels.
        between_centres: sizes count from pixel centre to pixel centre (UDP), not from edge to edge. In decoding the
            input counts whole all the same, as in the reference.

    Raises:
        InputTypeError: a size that is not two whole numbers.
        InputError: a size that is not positive.
    """

    def __init__(
        self, input_size: Sequence[int], heatmap_size: Sequence[int], *, between_centres: bool = False
    ) -> None:
        name, less = type(self).__name__, 1 if between_centres else 0
        self.input_size = checked_size(name, 'input_size', input_size)
        self.heatmap_size = checked_size(name, 'heatmap_size', heatmap_size)
        if min(*self.heatmap_size, *self.input_size) <= less:
            raise InputError(f'{name}: sizes must be above {less}, got {self.input_size} and {self.heatmap_size}')
        inputs, maps = np.array(self.input_size), np.array(self.heatmap_size) - less
        self.scale_factor = ((inputs - less) / maps).astype(np.float32)
        self._encode_xy = tuple(self.scale_factor.tolist())
        self._decode_xy = tuple((inputs / maps).astype(np.float32).tolist())

    def on_map(self, keypoints: Tensor, visible: Tensor | None) -> tuple[Tensor, Tensor]:
        """Check keypoints and labels, and bring the keypoints to heatmap pixels.

        Args:
            keypoints: (N, K, 2) x and y in input pixels, any type; not modified.
            visible: (N, K) labels, all visible if None.

        Returns:
            Keypoints (N, K, 2) in heatmap pixels, float32 at least, and labels (N, K).

        Raises:
            InputError: shapes that do not fit.
        """
        name = type(self).__name__
        if keypoints.ndim != 3 or keypoints.shape[-1] != 2:
            raise InputError(f'{name}: keypoints must be (N, K, 2), got {tuple(keypoints.shape)}')
        if visible is None:
            visible = torch.ones_like(keypoints[..., 0])
        if visible.shape != keypoints.shape[:2]:
            raise InputError(
                f'{name}: visible must be (N, K) = {tuple(keypoints.shape[:2])} as the keypoints, '
                f'got {tuple(visible.shape)}'
            )
        if not keypoints.is_floating_point():
            keypoints = keypoints.to(torch.float32)
        keypoints = keypoints.to(torch.promote_types(keypoints.dtype, torch.float32))
        return keypoints / constant(self._encode_xy, dtype=keypoints.dtype, device=keypoints.device), visible

    def check_maps(self, maps: Tensor) -> None:
        """Refuse what this codec cannot decode.

        Args:
            maps: supposed to be (N, C, H, W) of a float type, C a multiple of ``maps_per_keypoint``.

        Raises:
            InputTypeError: the maps are not of a float type.
            InputError: another shape.
        """
        name, (width, height), each = type(self).__name__, self.heatmap_size, self.maps_per_keypoint
        if maps.ndim != 4 or maps.shape[-2:] != (height, width) or maps.shape[1] % each:
            channels = 'K' if each == 1 else f'{each} K'
            raise InputError(
                f'{name}: heatmaps must be (N, {channels}, {height}, {width}) for heatmap_size={self.heatmap_size} '
                f'(width, height), got {tuple(maps.shape)}'
            )
        if not maps.is_floating_point():
            raise InputTypeError(f'{name}: heatmaps must be of a float type, got {maps.dtype}')

    def peaks(self, heatmaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the peaks of heatmaps (N, K, H, W).

        Returns:
            Peaks (N, K, 2), scores (N, K) float32, 0 where not finite, and whether there is a peak at all (N, K).
        """
        peaks, scores = heatmap_peaks(heatmaps)
        scores = torch.nan_to_num(scores.to(torch.float32), nan=0.0, posinf=0.0, neginf=0.0)
        return peaks, scores, scores > 0

    def in_input(self, xy: Tensor, scores: Tensor, found: Tensor, covariances: Tensor | None = None) -> Points:
        """Bring points from heatmap pixels to input pixels; (0, 0) where there is no peak.

        Args:
            xy: (N, K, 2) heatmap pixels.
            scores: (N, K).
            found: (N, K) boolean, of ``peaks``.
            covariances: (N, K, 2, 2) square heatmap pixels, or None.
        """
        scale = constant(self._decode_xy, dtype=xy.dtype, device=xy.device)
        if covariances is not None:
            covariances = torch.where(found[..., None, None], covariances * (scale[:, None] * scale), float('nan'))
        return Points(xy * (found[..., None] * scale), scores, covariances)
