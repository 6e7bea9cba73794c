"""What every keypoint codec promises: training targets out of keypoints, keypoints out of what the network gives."""

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..structures.points import Points
from ..utils.errors import InputError, InputTypeError
from .flip import flip_heatmaps

__all__ = ['BaseKeypointCodec', 'as_tensor']

_PAIRS = (('batch_encode', 'encode'), ('batch_decode', 'decode'))


class BaseKeypointCodec(ABC):
    """Base class of the codecs, the contract that heads, exporters and back ends rely on.

    A codec works on batches: it overrides ``batch_encode`` and ``batch_decode`` with functions of tensors that stay on
    their device, and gets mmpose 1.x's ``encode`` and ``decode`` of one sample for free. A codec of mmpose 1.x, which
    has only those two, is served as well, one sample after the other on the CPU.

    Coordinates are x, y in pixels of the network's input, an integer is a pixel's centre (``docs/codecs.md``).

    Attributes:
        input_size: width and height of the network's input in pixels; every codec sets it.
        use_udp: whether the crop must be made with ``TopdownAffine(use_udp=True)``.
        maps_per_keypoint: maps that the network gives for each keypoint, the heatmap first.
        flip_modes: values of ``test_cfg.flip_mode`` that ``mirror`` stands for, the default first.
        auxiliary_encode_keys: further entries of the sample that ``encode`` takes, as mmpose 1.x.
        field_mapping_table: entries of ``encode``'s result that are maps -> names in ``gt_fields``.
        instance_mapping_table: entries of the sample -> names in ``gt_instances``, besides the usual ones.
        label_mapping_table: entries of ``encode``'s result -> names in ``gt_instance_labels``.

    Raises:
        InputTypeError: the class has neither of a pair of methods, so that targets or keypoints cannot be made.
    """

    input_size: tuple[int, int]
    use_udp: ClassVar[bool] = False
    maps_per_keypoint: int = 1
    flip_modes: tuple[str, ...] = ('heatmap',)
    auxiliary_encode_keys: ClassVar[set[str]] = set()
    field_mapping_table: ClassVar[dict[str, str]] = dict(heatmaps='heatmaps')
    instance_mapping_table: ClassVar[dict[str, str]] = dict()
    label_mapping_table: ClassVar[dict[str, str]] = dict(keypoint_weights='keypoint_weights')

    def __new__(cls, *args: object, **kwargs: object) -> 'BaseKeypointCodec':
        """Refuse a class that could not encode or decode, before anything is built on it."""
        for pair in _PAIRS:
            if all(getattr(cls, name) is getattr(BaseKeypointCodec, name) for name in pair):
                raise InputTypeError(
                    f'{cls.__name__} has neither {pair[0]} (batches of tensors) nor {pair[1]} (one sample of arrays); '
                    'a codec needs one of the two'
                )
        return super().__new__(cls)

    @property
    def support_batch_decoding(self) -> bool:
        """Whether ``batch_decode`` works on whole batches (mmpose 1.x asks this)."""
        return type(self).batch_decode is not BaseKeypointCodec.batch_decode

    def batch_encode(self, keypoints: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Make the training targets of a batch, on the device of ``keypoints``.

        Args:
            keypoints: (B, K, 2) x and y in input pixels; not modified.
            visible: (B, K) labels, all visible if None.

        Returns:
            Targets, of the shape of what the network gives ((B, K, H, W) for heatmaps), and weights (B, K), float32.

        Raises:
            InputError: shapes that do not fit.
        """
        device = keypoints.device
        points = keypoints.detach().cpu().numpy()
        labels = np.ones(points.shape[:2], np.float32) if visible is None else visible.detach().cpu().numpy()
        made = [self.encode(p[None], v[None]) for p, v in zip(points, labels, strict=True)]
        targets = np.stack([m[next(iter(self.field_mapping_table))] for m in made])
        weights = np.concatenate([m['keypoint_weights'] for m in made])
        return as_tensor(targets).to(device), as_tensor(weights).to(device)

    def batch_decode(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Read the keypoints of a batch, on the device of ``maps`` and without waiting for it.

        Args:
            maps: (B, C, H, W), what the network gives; not modified.

        Returns:
            Keypoints (B, K, 2) in input pixels and scores (B, K), float32.

        Raises:
            InputError: a shape that is not this codec's.
        """
        made = [self.decode(m) for m in maps.detach().cpu().numpy()]
        keypoints, scores = (np.concatenate([m[i] for m in made]).astype(np.float32) for i in (0, 1))
        return as_tensor(keypoints).to(maps.device), as_tensor(scores).to(maps.device)

    def points(self, maps: Tensor) -> Points:
        """Read keypoints, scores and, where the codec knows them, covariances.

        Args:
            maps: (B, C, H, W), as of ``batch_decode``.

        Returns:
            See :class:`Points`; without covariances unless a codec overrides this.
        """
        keypoints, scores = self.batch_decode(maps)
        return Points(keypoints, scores)

    def mirror(self, maps: Tensor, flip_indices: Sequence[int], *, shift: bool = False) -> Tensor:
        """Bring what the network gives for mirrored images back, to be averaged with the rest (the flip test).

        Args:
            maps: (B, C, H, W) of mirrored images; not modified.
            flip_indices: for each of the K keypoints the number of its mirror image.
            shift: ``test_cfg.shift_heatmap``.

        Returns:
            (B, C, H, W).
        """
        return flip_heatmaps(maps, flip_indices, shift_heatmap=shift)

    def encode(self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Make the target of one sample, as mmpose 1.x's codecs do.

        Args:
            keypoints: (N, K, 2) x and y in input pixels; several instances are merged by the maximum.
            keypoints_visible: (N, K) labels, all visible if None.

        Returns:
            ``heatmaps`` (K, H, W) float32 and ``keypoint_weights`` (N, K) float32.

        Raises:
            InputError: shapes that do not fit.

        >>> from mmpose_dark.codecs import MSRAHeatmap
        >>> made = MSRAHeatmap((20, 12), (5, 3), sigma=1.0).encode(np.array([[[8.0, 4.0]]], np.float32))
        >>> made['heatmaps'].shape, made['keypoint_weights'].tolist()
        ((1, 3, 5), [[1.0]])
        """
        visible = None if keypoints_visible is None else as_tensor(keypoints_visible)
        maps, weights = self.batch_encode(as_tensor(keypoints), visible)
        if len(maps) == 0:
            raise InputError(f'{type(self).__name__}.encode: keypoints must have at least one instance, got none')
        merged = maps[0] if len(maps) == 1 else maps.amax(0)
        return dict(heatmaps=merged.numpy(), keypoint_weights=weights.numpy())

    def decode(self, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read the keypoints of one sample, as mmpose 1.x's codecs do.

        Args:
            encoded: (C, H, W) maps; not modified.

        Returns:
            keypoints (1, K, 2) float32 in input pixels and scores (1, K) float32.

        Raises:
            InputTypeError: the maps are not of a float type.
            InputError: another shape than this codec's.

        >>> from mmpose_dark.codecs import MSRAHeatmap
        >>> maps = np.zeros((1, 3, 5), np.float32)
        >>> maps[0, 1, 2] = 0.5
        >>> MSRAHeatmap((20, 12), (5, 3), sigma=1.0).decode(maps)[0].tolist()
        [[[8.0, 4.0]]]
        """
        maps = as_tensor(encoded)
        if maps.ndim != 3:
            raise InputError(f'{type(self).__name__}.decode: heatmaps must be (K, H, W), got {tuple(maps.shape)}')
        keypoints, scores = self.batch_decode(maps[None])
        return keypoints.numpy(), scores.numpy()


def as_tensor(array: np.typing.ArrayLike) -> Tensor:
    """Return an array of any shape as a tensor of that shape, copied only where torch could not read it in place.

    >>> as_tensor(np.arange(3)[::-1])
    tensor([2, 1, 0])
    """
    array = np.asarray(array)
    readable = array.flags.writeable and all(stride >= 0 for stride in array.strides)
    return torch.from_numpy(array if readable else array.copy())
