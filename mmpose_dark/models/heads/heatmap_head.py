"""From feature maps to one heatmap for each keypoint (Simple Baselines, Xiao et al., ECCV 2018; HRNet)."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...structures import PoseDataSample
from ...utils.errors import InputError
from .base_head import BaseHead, Features
from .build_codec import build_codec
from .head_layers import conv_layers, deconv_layers, final_conv, keeps_size, translate_extra
from .heatmap_accuracy import heatmap_accuracy
from .targets import collect_targets

__all__ = ['HeatmapHead']

DEFAULT_FINAL_LAYER = MappingProxyType(dict(kernel_size=1))
DEFAULT_LOSS = MappingProxyType(dict(type='KeypointMSELoss', use_target_weight=True))


@MODELS.register_module()
class HeatmapHead(BaseHead):
    """Transposed convolutions, further convolutions and a final layer, each of them optional.

    Args:
        in_channels: channels of the feature map, or of each of the backbone's feature maps.
        out_channels: number of keypoints.
        deconv_out_channels: channels of the transposed convolutions of stride 2; None or empty for none.
        deconv_kernel_sizes: kernel size (2, 3 or 4) of each of them.
        conv_out_channels: channels of the further convolutions; None or empty for none.
        conv_kernel_sizes: kernel size of each of them.
        final_layer: arguments of the final convolution, ``dict(kernel_size=1)``; the padding keeps the size unless it
            is given. None for no final layer: then the feature maps are the heatmaps.
        loss: config of the loss.
        decoder: config of the codec, which makes training targets and turns heatmaps into keypoints. None is enough
            for ``forward``, and for ``loss`` where the samples bring heatmaps.
        init_cfg: initialisation; by default normal with a standard deviation of 0.001.
        has_final_layer: False is the same as ``final_layer=None``.
        input_index: which of the backbone's feature maps is read, -1 for the last one.
        multi_output: every feature map becomes heatmaps of its own, and the loss is summed over them (intermediate
            supervision); the last one is what ``forward`` returns.
        extra: the arguments of mmpose 0.x ``final_conv_kernel``, ``num_conv_layers`` and ``num_conv_kernels``;
            deprecated.
        acc_interval: ``loss`` computes the accuracy in every n-th call and repeats it in between.

    Raises:
        ValueError: arguments that do not fit together.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        out_channels: int,
        deconv_out_channels: Sequence[int] | None = (256, 256, 256),
        deconv_kernel_sizes: Sequence[int] | None = (4, 4, 4),
        conv_out_channels: Sequence[int] | None = None,
        conv_kernel_sizes: Sequence[int] | None = None,
        final_layer: Mapping | None = DEFAULT_FINAL_LAYER,
        loss: Mapping = DEFAULT_LOSS,
        decoder: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
        *,
        has_final_layer: bool = True,
        input_index: int = -1,
        multi_output: bool = False,
        extra: dict | None = None,
        acc_interval: int = 50,
    ) -> None:
        super().__init__(init_cfg=self.default_init_cfg if init_cfg is None else init_cfg)
        if acc_interval < 1:
            raise InputError(f'HeatmapHead: acc_interval must be positive, not {acc_interval}')
        channels = in_channels if isinstance(in_channels, int) else in_channels[input_index]
        self.deconv_layers, channels = deconv_layers(channels, deconv_out_channels, deconv_kernel_sizes)
        if extra:
            changed = translate_extra(extra, channels)
            final_layer = changed.get('final_layer', final_layer)
            conv_out_channels = changed.get('conv_out_channels', conv_out_channels)
            conv_kernel_sizes = changed.get('conv_kernel_sizes', conv_kernel_sizes)
        self.conv_layers, channels = conv_layers(channels, conv_out_channels, conv_kernel_sizes)
        self.final_layer = final_conv(channels, out_channels, final_layer if has_final_layer else None)
        if isinstance(self.final_layer, nn.Identity) and channels != out_channels:
            raise InputError(
                f'HeatmapHead: without a final layer the {channels} channels before it must be the out_channels, '
                f'{out_channels}'
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.input_index, self.multi_output, self.acc_interval = input_index, multi_output, acc_interval
        self.loss_module = MODELS.build(dict(loss))
        self.decoder = build_codec(decoder)
        self._calls = 0
        self._accuracy: torch.Tensor | None = None

    @property
    def default_init_cfg(self) -> list[dict]:
        """The initialisation of the reference: small normal weights, so that training starts at zero heatmaps."""
        return [
            dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.001),
            dict(type='Constant', layer='BatchNorm2d', val=1),
        ]

    def forward(self, feats: Features) -> torch.Tensor:
        """Compute heatmaps.

        Args:
            feats: the backbone's feature maps, each (B, C, H, W).

        Returns:
            (B, K, H', W').

        >>> head = HeatmapHead(8, 17, deconv_out_channels=(4,), deconv_kernel_sizes=(4,))
        >>> head(torch.zeros(1, 8, 6, 5)).shape
        torch.Size([1, 17, 12, 10])
        """
        x = feats if isinstance(feats, torch.Tensor) else feats[-1 if self.multi_output else self.input_index]
        return self._heatmaps(x)

    def _heatmaps(self, x: torch.Tensor) -> torch.Tensor:
        return self.final_layer(self.conv_layers(self.deconv_layers(x)))

    def loss(
        self, feats: Features, batch_data_samples: list[PoseDataSample], train_cfg: Mapping | None = None
    ) -> dict[str, torch.Tensor]:
        """Compute the loss and, now and then, the accuracy; nothing here waits for the device.

        Args:
            feats: the backbone's feature maps.
            batch_data_samples: B samples with ``gt_fields.heatmaps`` and ``gt_instance_labels.keypoint_weights``, or
                with ``gt_instances.transformed_keypoints`` and ``keypoints_visible``, which the codec then encodes on
                the device of the feature maps.
            train_cfg: not used; the parameter is mmpose's.

        Returns:
            ``loss_kpt`` and ``acc_pose``, see ``heatmap_accuracy``.

        Raises:
            ValueError: samples without what is needed, or with another number of keypoints than ``out_channels``.
        """
        several = self.multi_output and not isinstance(feats, torch.Tensor)
        outputs = [self._heatmaps(x) for x in feats] if several else [self.forward(feats)]
        target, weights = self.make_targets(batch_data_samples, device=outputs[-1].device)
        if target.shape[1] != outputs[-1].shape[1]:
            raise InputError(
                f'the head makes {outputs[-1].shape[1]} heatmaps (out_channels), the dataset has {target.shape[1]} '
                'keypoints; set model.head.out_channels to the number of keypoints'
            )
        loss = sum(self.loss_module(output, target, weights) for output in outputs)
        if self._calls % self.acc_interval == 0 or self._accuracy is None:
            self._accuracy = self.accuracy(outputs[-1], target, weights)
        self._calls += 1
        return dict(loss_kpt=loss, acc_pose=self._accuracy)

    def make_targets(
        self, batch_data_samples: list[PoseDataSample], *, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Gather or make the target heatmaps of a batch, see ``collect_targets``.

        Args:
            batch_data_samples: B samples, as of ``loss``.
            device: where the targets are wanted.

        Returns:
            Heatmaps (B, K, H, W) and weights (B, K), float32.
        """
        return collect_targets(batch_data_samples, self.decoder, device=device)

    @torch.no_grad()
    def accuracy(self, output: torch.Tensor, target: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Share of keypoints whose peak lies near the target's, see ``heatmap_accuracy``.

        Args:
            output: heatmaps (B, K, H, W).
            target: heatmaps (B, K, H, W).
            weights: (B, K).

        Returns:
            Scalar on the device of ``output``.

        >>> maps = torch.zeros(1, 2, 8, 8).index_fill_(3, torch.tensor([3]), 1.0)
        >>> HeatmapHead(8, 2).accuracy(maps, maps, torch.tensor([[1.0, 0.0]]))
        tensor(1.)
        """
        step = 1 if self.decoder is None else self.decoder.maps_per_keypoint
        return heatmap_accuracy(output[:, ::step], target[:, ::step], weights)

    def check_features(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        """Compare the backbone's outputs with ``in_channels`` and with the size of the codec's heatmaps.

        Args:
            channels: channels of each of the backbone's outputs.
            strides: input pixels per pixel of each of them.

        Raises:
            InputError: no such output, another number of channels, or heatmaps of another size.

        >>> HeatmapHead(8, 17).check_features((32,), (4,))
        Traceback (most recent call last):
            ...
        mmpose_dark.utils.errors.InputError: HeatmapHead: in_channels=8, but the backbone gives (32,) channels; set ...
        """
        index = -1 if self.multi_output else self.input_index
        if not -len(channels) <= index < len(channels):
            raise InputError(f'HeatmapHead: input_index={index}, but the backbone gives {len(channels)} feature maps')
        if isinstance(self.in_channels, int):
            own, theirs = (self.in_channels,), (channels[index],)
        else:
            own, theirs = tuple(self.in_channels), tuple(channels)
        if own != theirs:
            raise InputError(
                f'HeatmapHead: in_channels={self.in_channels}, but the backbone gives {tuple(channels)} channels; set '
                'model.head.in_channels to these'
            )
        kept = isinstance(self.final_layer, nn.Identity) or keeps_size(self.final_layer)
        sizes = (getattr(self.decoder, name, None) for name in ('input_size', 'heatmap_size'))
        input_size, heatmap_size = sizes
        if not (kept and input_size and heatmap_size):
            return
        factor = 2 ** sum(isinstance(layer, nn.ConvTranspose2d) for layer in self.deconv_layers.children())
        made = tuple(math.ceil(size / strides[index]) * factor for size in input_size)
        if made != tuple(heatmap_size):
            raise InputError(
                f'the network makes heatmaps of {made} (width, height) out of images of {tuple(input_size)}, the codec '
                f'has heatmap_size={tuple(heatmap_size)}; set codec.heatmap_size={made}'
            )
