"""From feature maps to one heatmap for each keypoint (Simple Baselines, Xiao et al., ECCV 2018; HRNet)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData, PixelData
from torch import nn

from mmpose_dark.registry import KEYPOINT_CODECS, MODELS

from ...utils.errors import InputError, StateError
from .head_layers import conv_layers, deconv_layers, final_conv, translate_extra
from .heatmap_ops import FLIP_MODES, flip_heatmaps, heatmap_accuracy
from .targets import collect_targets

__all__ = ['HeatmapHead']

DEFAULT_FINAL_LAYER = MappingProxyType(dict(kernel_size=1))
DEFAULT_LOSS = MappingProxyType(dict(type='KeypointMSELoss', use_target_weight=True))


@MODELS.register_module()
class HeatmapHead(BaseModule):
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
        self.decoder = KEYPOINT_CODECS.build(decoder) if isinstance(decoder, dict) else decoder
        self._calls = 0
        self._accuracy: torch.Tensor | None = None

    @property
    def default_init_cfg(self) -> list[dict]:
        """The initialisation of the reference: small normal weights, so that training starts at zero heatmaps."""
        return [
            dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.001),
            dict(type='Constant', layer='BatchNorm2d', val=1),
        ]

    def forward(self, feats: Sequence[torch.Tensor] | torch.Tensor) -> torch.Tensor:
        """Compute heatmaps.

        Args:
            feats: the backbone's feature maps, each (B, C, H, W).

        Returns:
            (B, K, H', W').
        """
        x = feats if isinstance(feats, torch.Tensor) else feats[-1 if self.multi_output else self.input_index]
        return self._heatmaps(x)

    def _heatmaps(self, x: torch.Tensor) -> torch.Tensor:
        return self.final_layer(self.conv_layers(self.deconv_layers(x)))

    def loss(
        self, feats: Sequence[torch.Tensor] | torch.Tensor, batch_data_samples: list, train_cfg: dict | None = None
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
        target, weights = collect_targets(batch_data_samples, self.decoder, device=outputs[-1].device)
        if target.shape[1] != outputs[-1].shape[1]:
            raise InputError(
                f'the head makes {outputs[-1].shape[1]} heatmaps (out_channels), the data set has {target.shape[1]} '
                'keypoints; set model.head.out_channels to the number of keypoints'
            )
        loss = sum(self.loss_module(output, target, weights) for output in outputs)
        if self._calls % self.acc_interval == 0 or self._accuracy is None:
            with torch.no_grad():
                self._accuracy = heatmap_accuracy(outputs[-1], target, weights)
        self._calls += 1
        return dict(loss_kpt=loss, acc_pose=self._accuracy)

    def predict(
        self, feats: Any, batch_data_samples: list, test_cfg: dict | None = None
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """Find the keypoints.

        Args:
            feats: the backbone's feature maps; with ``flip_test`` a list of two, those of the mirrored images second.
            batch_data_samples: B samples; the first one's ``flip_indices`` is read with ``flip_test``.
            test_cfg: ``flip_test``, ``flip_mode``, ``shift_heatmap`` and ``output_heatmaps``.

        Returns:
            For each image ``keypoints`` (1, K, 2) in input pixels and ``keypoint_scores`` (1, K), NumPy float32. With
            ``output_heatmaps`` also the ``heatmaps`` (K, H, W), on the device.
        """
        flip_test = (test_cfg or {}).get('flip_test', False)
        heatmaps = [self.forward(f) for f in feats] if flip_test else [self.forward(feats)]
        return self.predict_from_heatmaps(heatmaps, batch_data_samples, test_cfg=test_cfg)

    def predict_from_heatmaps(
        self, heatmaps: Sequence[torch.Tensor], batch_data_samples: list, *, test_cfg: dict | None = None
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """Find the keypoints in heatmaps that are there already.

        Args:
            heatmaps: (B, K, H, W); with ``flip_test`` two of them, that of the mirrored images second.
            batch_data_samples: as of ``predict``.
            test_cfg: as of ``predict``.

        Returns:
            As ``predict``.

        Raises:
            ValueError: an unknown ``flip_mode``.
        """
        test_cfg = test_cfg or {}
        mean = heatmaps[0].float()  # in half precision the mean of two would lose bits
        if test_cfg.get('flip_test', False):
            mode = test_cfg.get('flip_mode', 'heatmap')
            if mode not in FLIP_MODES:
                raise InputError(f'test_cfg.flip_mode {mode!r} is not one of {", ".join(map(repr, FLIP_MODES))}')
            flip_indices = batch_data_samples[0].metainfo['flip_indices']
            shift = test_cfg.get('shift_heatmap', False)
            mean = (mean + flip_heatmaps(heatmaps[1].float(), flip_indices, shift_heatmap=shift)) * 0.5
        preds = self.decode(mean)
        if test_cfg.get('output_heatmaps', False):
            return preds, [PixelData(heatmaps=h) for h in mean.detach()]
        return preds

    def decode(self, heatmaps: torch.Tensor) -> list[InstanceData]:
        """Turn heatmaps into keypoints with the codec: on their device, in float32, with one copy to the host.

        Args:
            heatmaps: (B, K, H, W).

        Returns:
            For each image ``keypoints`` (1, K, 2) in input pixels and ``keypoint_scores`` (1, K), NumPy float32.

        Raises:
            RuntimeError: the head has no decoder.
        """
        if self.decoder is None:
            raise StateError(
                'the head has no decoder, so heatmaps cannot become keypoints; give it one in the config: '
                'model.head.decoder=codec'
            )
        with torch.autocast(heatmaps.device.type, enabled=False):  # the codec computes in float32 in any case
            keypoints, scores = self.decoder.batch_decode(heatmaps.detach().float())
        found = torch.cat([keypoints, scores[..., None]], dim=-1).float().cpu().numpy()
        found = np.ascontiguousarray(np.moveaxis(found, -1, 0))  # (3, B, K): what is cut out below is contiguous
        keypoints, scores = np.stack([found[0], found[1]], axis=-1)[:, None], found[2][:, None]
        return [InstanceData(keypoints=k, keypoint_scores=s) for k, s in zip(keypoints, scores, strict=True)]
