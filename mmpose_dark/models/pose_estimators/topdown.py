"""Top-down pose estimation: one person's box in, that person's keypoints out."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mmpose_dark.registry import MODELS

from ...structures import PoseDataSample
from ...utils.errors import InputError, InputTypeError
from ..backbones import BaseBackbone
from ..heads import BaseHead
from ..heads.base_head import Features
from ..layers import is_channels_last
from ..necks import BaseNeck
from ..outputs import Outputs
from .base import BasePoseEstimator

__all__ = ['TopDown']


@MODELS.register_module(name=['TopDown', 'TopdownPoseEstimator'])
class TopDown(BasePoseEstimator):
    """Backbone, optional neck and head for crops of single people.

    Args:
        backbone: config of the backbone.
        neck: config of a module between backbone and head.
        head: config of the head.
        train_cfg: passed to the head's ``loss``.
        test_cfg: ``flip_test``: average with the heatmaps of the mirrored image; ``flip_mode``: one of the codec's
            ``flip_modes``; ``shift_heatmap``: shift those by one pixel (see ``flip_heatmaps``); ``flip_batch``: run
            both images in one batch of double size, faster for small batches on a GPU, for twice the memory (default
            False, as the references); ``output_heatmaps``: keep the heatmaps in ``pred_fields``;
            ``output_keypoint_indices``: keep only these keypoints.
        data_preprocessor: config of the preprocessor.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for weights of the whole model.
        metainfo: definition of the network's keypoints, ``dict(from_file='coco')`` or a parsed one; by default the
            samples say it.

    Raises:
        InputError: an unknown key or flip mode in ``test_cfg``, or a head that does not fit the backbone.
        InputTypeError: a head that is no `BaseHead`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict | None = None,
        head: dict | None = None,
        train_cfg: Mapping | None = None,
        test_cfg: Mapping | None = None,
        data_preprocessor: dict | torch.nn.Module | None = None,
        init_cfg: dict | list[dict] | None = None,
        metainfo: Mapping | None = None,
    ) -> None:
        super().__init__(train_cfg, test_cfg, data_preprocessor, init_cfg, metainfo)
        self.backbone = MODELS.build(backbone)
        if neck is not None:
            self.neck = MODELS.build(neck)
        if head is not None:
            self.head = MODELS.build(head)
        self._check_parts()

    def _check_parts(self) -> None:
        """Compare what the parts promise each other."""
        if not self.with_head:
            return
        if not isinstance(self.head, BaseHead):
            raise InputTypeError(
                f'model.head: {type(self.head).__name__} is no head; derive it from mmpose_dark.models.BaseHead'
            )
        modes = self.head.decoder.flip_modes if self.head.decoder is not None else ('heatmap',)
        if self.test_cfg.get('flip_mode', modes[0]) not in modes:
            raise InputError(
                f'test_cfg.flip_mode {self.test_cfg["flip_mode"]!r} is not one of {", ".join(map(repr, modes))}'
            )
        if not isinstance(self.backbone, BaseBackbone):
            return
        promised = self.backbone.out_channels, self.backbone.out_strides
        if not self.with_neck:
            self.head.check_features(*promised)
        elif isinstance(self.neck, BaseNeck):
            self.head.check_features(*self.neck.promise(*promised))

    @property
    def with_neck(self) -> bool:
        """Whether the model has a neck."""
        return hasattr(self, 'neck')

    @property
    def with_head(self) -> bool:
        """Whether the model has a head."""
        return hasattr(self, 'head')

    def output_head(self) -> BaseHead:
        """Return the head.

        Raises:
            InputError: the model has none.
        """
        if not self.with_head:
            raise InputError('keypoints need a model with a head')
        return self.head

    def forward(
        self, inputs: Tensor, data_samples: list[PoseDataSample] | None = None, mode: str = 'tensor'
    ) -> Outputs | dict[str, Tensor] | list[PoseDataSample]:
        """Run the model.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples; not needed for ``'tensor'``.
            mode: ``'tensor'``: heatmaps (B, K, H', W') (feature maps without a head); ``'loss'``: dict of losses;
                ``'predict'``: the samples with ``pred_instances`` in image pixels.

        Raises:
            InputError: another mode, samples missing, or a shape that does not fit.
        """
        self.check_mode(mode, inputs, data_samples)
        if mode == 'tensor':
            return self.outputs(inputs)
        if not self.with_head:
            raise InputError(f'mode {mode!r} needs a model with a head')
        return self.loss(inputs, data_samples) if mode == 'loss' else self.predict(inputs, data_samples)

    def extract_feat(self, inputs: Tensor) -> Features:
        """Compute the feature maps, each (B, C, H', W'), of images (B, 3, H, W).

        >>> model = TopDown(dict(type='ResNet', depth=18))
        >>> [tuple(x.shape) for x in model.extract_feat(torch.zeros(1, 3, 64, 48))], model.with_head
        ([(1, 512, 2, 2)], False)
        """
        if is_channels_last(self.backbone):
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        feats = self.backbone(inputs)
        return self.neck(feats) if self.with_neck else feats

    def compute_outputs(self, inputs: Tensor) -> Outputs:
        """Compute heatmaps (B, K, H', W') of images (B, 3, H, W) with backbone, neck and head themselves."""
        feats = self.extract_feat(inputs)
        return self.head(feats) if self.with_head else feats

    def loss(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> dict[str, Tensor]:
        """Compute the losses of a batch of images (B, 3, H, W) (see ``HeatmapHead.loss``)."""
        return self.head.loss(self.extract_feat(inputs), data_samples, train_cfg=self.train_cfg)
