"""What every head promises: what it makes of features, its loss, and the keypoints in what it makes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from mmengine.model import BaseModule
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from ...codecs import BaseKeypointCodec
from ...structures import PoseDataSample
from ...structures.points import Points
from ...utils.errors import InputError, StateError
from ...utils.precision import without_autocast
from ..outputs import Outputs
from .packing import pack_instances

__all__ = ['BaseHead', 'Features']

Features = Tensor | Sequence[Tensor]
"""Feature maps of a backbone or neck: one (B, C, H, W), or several from the highest resolution to the lowest."""


class BaseHead(BaseModule, ABC):
    """Base class of the heads, the contract that pose estimators, exporters and back ends rely on.

    A head turns features into *outputs* (``forward``): one tensor (B, C, H, W), or a tuple of tensors whose first axis
    is the batch. Whoever runs the network elsewhere (OpenVINO, an exported file) gives the same outputs. From there
    on everything is tensors: ``average_flipped`` joins them with those of the mirrored images, ``points`` reads the
    keypoints. ``predict`` and ``decode`` are mmpose 1.x's forms of that, packed into samples.

    Attributes:
        decoder: the codec, None if the head was built without one.
    """

    decoder: BaseKeypointCodec | None = None

    @abstractmethod
    def forward(self, feats: Features) -> Outputs:
        """Compute the outputs.

        Args:
            feats: feature maps, each (B, C, H, W).

        Returns:
            (B, C', H', W'), or several such tensors.
        """

    @abstractmethod
    def loss(
        self, feats: Features, batch_data_samples: list[PoseDataSample], train_cfg: Mapping | None = None
    ) -> dict[str, Tensor]:
        """Compute the losses; nothing here may wait for the device.

        Args:
            feats: feature maps, each (B, C, H, W).
            batch_data_samples: B samples with their labels.
            train_cfg: of the pose estimator.

        Returns:
            Scalars by name; those with ``loss`` in their name are added up and minimised.
        """

    def check_features(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        """Compare with what a backbone promises to give, when a model is built; by default everything fits.

        Args:
            channels: channels of each of the backbone's outputs.
            strides: input pixels per pixel of each of them.

        Raises:
            InputError: the head cannot read these features.
        """

    def require_decoder(self) -> BaseKeypointCodec:
        """Return the codec.

        Raises:
            StateError: the head was built without one.
        """
        if self.decoder is None:
            raise StateError(
                'the head has no decoder, so heatmaps cannot become keypoints; give it one in the config: '
                'model.head.decoder=codec'
            )
        return self.decoder

    def average_flipped(
        self,
        outputs: Outputs,
        mirrored: Outputs,
        flip_indices: Sequence[int],
        *,
        shift: bool = False,
    ) -> Outputs:
        """Average outputs with those of the mirrored images, in float32: the flip test.

        Args:
            outputs: (B, C, H, W).
            mirrored: (B, C, H, W) of the mirrored images.
            flip_indices: for each of the K keypoints the number of its mirror image.
            shift: ``test_cfg.shift_heatmap``.

        Returns:
            (B, C, H, W).
        """
        if not (isinstance(outputs, Tensor) and isinstance(mirrored, Tensor)):
            raise InputError(f'{type(self).__name__} has several outputs and must override average_flipped')
        back = self.require_decoder().mirror(mirrored.float(), flip_indices, shift=shift)
        return (outputs.float() + back) * 0.5

    def points(self, outputs: Outputs) -> Points:
        """Read the keypoints, on the device of ``outputs`` and in float32 whatever autocast says.

        Args:
            outputs: (B, C, H, W), or several such tensors.

        Returns:
            See :class:`Points`; with ``heatmaps`` (B, K, H, W) if the outputs are those.

        Raises:
            StateError: the head has no decoder.
        """
        decoder = self.require_decoder()
        if not isinstance(outputs, Tensor):
            raise InputError(f'{type(self).__name__} has several outputs and must override points')
        with without_autocast(outputs.device):
            maps = outputs.detach().float()
            return decoder.points(maps)._replace(heatmaps=maps[:, :: decoder.maps_per_keypoint])

    def predict(
        self,
        feats: Features | Sequence[Features],
        batch_data_samples: list[PoseDataSample],
        test_cfg: Mapping | None = None,
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """Find the keypoints and pack them, as mmpose 1.x's heads do.

        Args:
            feats: feature maps, each (B, C, H, W); with ``flip_test`` two of these, the second of mirrored images.
            batch_data_samples: B samples; the first one's ``flip_indices`` is read with ``flip_test``.
            test_cfg: ``flip_test``, ``shift_heatmap`` and ``output_heatmaps``.

        Returns:
            For each image ``keypoints`` (1, K, 2) in input pixels and ``keypoint_scores`` (1, K), NumPy float32. With
            ``output_heatmaps`` also the ``heatmaps`` (K, H, W), on the device.
        """
        test_cfg = test_cfg or {}
        if test_cfg.get('flip_test', False):
            outputs = self.average_flipped(
                *map(self.forward, feats),
                batch_data_samples[0].metainfo['flip_indices'],
                shift=test_cfg.get('shift_heatmap', False),
            )
        else:
            outputs = self.forward(feats)
        found = self.points(outputs)
        instances = pack_instances(found)
        if test_cfg.get('output_heatmaps', False):
            return instances, [PixelData(heatmaps=h) for h in found.heatmaps]
        return instances

    def decode(self, batch_outputs: Outputs) -> list[InstanceData]:
        """Find the keypoints in outputs and pack them, as mmpose 1.x's heads do.

        Args:
            batch_outputs: (B, C, H, W).

        Returns:
            For each image ``keypoints`` (1, K, 2) in input pixels and ``keypoint_scores`` (1, K), NumPy float32.
        """
        return pack_instances(self.points(batch_outputs))
