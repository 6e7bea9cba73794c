"""A head for networks of several stages, each with heatmaps of its own (Wei et al., Convolutional Pose Machines)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmpose_dark.registry import MODELS

from ...structures import PoseDataSample
from ...utils.errors import InputError
from .base_head import BaseHead, Features
from .build_codec import build_codec
from .head_layers import deconv_layers, final_conv
from .heatmap_accuracy import heatmap_accuracy
from .heatmap_head import DEFAULT_FINAL_LAYER, DEFAULT_LOSS
from .targets import collect_targets

__all__ = ['CPMHead']


@MODELS.register_module()
class CPMHead(BaseHead):
    """Transposed convolutions and a final layer for each stage (mmpose 1.x's arguments); the last stage is the result.

    Args:
        in_channels: channels of the feature map of each stage.
        out_channels: number of keypoints.
        num_stages: number of stages.
        deconv_out_channels: channels of the transposed convolutions of stride 2; None or empty for none.
        deconv_kernel_sizes: kernel size (2, 3 or 4) of each of them.
        final_layer: arguments of the final convolution; None for none.
        loss: config of the loss, one for all stages or a list of one each.
        decoder: config of the codec.
        init_cfg: initialisation; by default normal with a standard deviation of 0.001.

    Raises:
        InputError: arguments that do not fit together.

    >>> head = CPMHead(8, 17, num_stages=2, deconv_out_channels=None)
    >>> head([torch.zeros(1, 8, 6, 5)] * 2).shape
    torch.Size([1, 17, 6, 5])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_stages: int,
        deconv_out_channels: Sequence[int] | None = None,
        deconv_kernel_sizes: Sequence[int] | None = None,
        final_layer: Mapping | None = DEFAULT_FINAL_LAYER,
        loss: Mapping | Sequence[Mapping] = DEFAULT_LOSS,
        decoder: Mapping | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        default = [
            dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.001),
            dict(type='Constant', layer='BatchNorm2d', val=1),
        ]
        super().__init__(init_cfg=default if init_cfg is None else init_cfg)
        losses = [loss] * num_stages if isinstance(loss, Mapping) else list(loss)
        if len(losses) != num_stages or num_stages < 1:
            raise InputError(
                f'CPMHead: {len(losses)} losses for num_stages={num_stages}; give one, or one for each stage'
            )
        self.in_channels, self.out_channels, self.num_stages = in_channels, out_channels, num_stages
        self.multi_deconv_layers, self.multi_final_layers = nn.ModuleList(), nn.ModuleList()
        for _ in range(num_stages):
            deconvs, channels = deconv_layers(in_channels, deconv_out_channels, deconv_kernel_sizes)
            self.multi_deconv_layers.append(deconvs)
            self.multi_final_layers.append(final_conv(channels, out_channels, final_layer))
        self.loss_module = nn.ModuleList(MODELS.build(dict(each)) for each in losses)
        self.decoder = build_codec(decoder)

    def forward(self, feats: Features) -> Tensor:
        """Compute the heatmaps of the last stage.

        Args:
            feats: one feature map (B, C, H, W) a stage.

        Returns:
            (B, K, H', W').
        """
        return self.stages(feats)[-1]

    def stages(self, feats: Features) -> list[Tensor]:
        """Compute the heatmaps (B, K, H', W') of all stages.

        Args:
            feats: one feature map (B, C, H, W) a stage.

        Raises:
            InputError: another number of feature maps.
        """
        maps = [feats] if isinstance(feats, Tensor) else list(feats)
        if len(maps) != self.num_stages:
            raise InputError(f'CPMHead: num_stages={self.num_stages}, but the network gives {len(maps)} feature maps')
        layers = zip(maps, self.multi_deconv_layers, self.multi_final_layers, strict=True)
        return [final(deconvs(x)) for x, deconvs, final in layers]

    def check_features(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        """Compare the backbone's outputs with ``in_channels`` and ``num_stages``.

        Args:
            channels: channels of each of the backbone's outputs.
            strides: input pixels per pixel of each of them.

        Raises:
            InputError: they differ.
        """
        if tuple(channels) != (self.in_channels,) * self.num_stages:
            raise InputError(
                f'CPMHead: in_channels={self.in_channels} and num_stages={self.num_stages}, but the backbone gives '
                f'feature maps of {tuple(channels)} channels'
            )

    def loss(
        self, feats: Features, batch_data_samples: list[PoseDataSample], train_cfg: Mapping | None = None
    ) -> dict[str, Tensor]:
        """Compute the sum of the stages' losses, and the accuracy of the last stage.

        Args:
            feats: one feature map (B, C, H, W) a stage.
            batch_data_samples: B samples, as of ``HeatmapHead.loss``.
            train_cfg: not used; the parameter is mmpose's.

        Returns:
            ``loss_kpt`` and ``acc_pose``.
        """
        outputs = self.stages(feats)
        target, weights = collect_targets(batch_data_samples, self.decoder, device=outputs[-1].device)
        loss = sum(module(x, target, weights) for module, x in zip(self.loss_module, outputs, strict=True))
        with torch.no_grad():
            accuracy = heatmap_accuracy(outputs[-1], target, weights)
        return dict(loss_kpt=loss, acc_pose=accuracy)
