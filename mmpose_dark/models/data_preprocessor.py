"""From a list of images to one normalised batch on the network's device."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch.nn import functional

from mmpose_dark.registry import MODELS

from ..utils.errors import InputError

__all__ = ['PoseDataPreprocessor']


@MODELS.register_module()
class PoseDataPreprocessor(BaseDataPreprocessor):
    """Move images to the device as they are (uint8, a quarter of the bytes), then normalise them there.

    Args:
        mean: mean of each channel, in the order after the swap of channels, 0..255.
        std: standard deviation of each channel, likewise. Both or neither.
        pad_size_divisor: pad at the right and at the bottom to a multiple of this.
        pad_value: value of the padding, after normalisation.
        bgr_to_rgb: swap the channels from BGR to RGB.
        rgb_to_bgr: swap the channels from RGB to BGR (the same swap; only one of the two can be set).
        non_blocking: do not wait for copies from pinned memory.
        batch_augments: configs or callables ``f(inputs, data_samples) -> inputs, data_samples``, used in training.

    Raises:
        ValueError: arguments that are not as described.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        pad_size_divisor: int = 1,
        pad_value: float = 0,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        non_blocking: bool = False,
        batch_augments: list[Any] | None = None,
    ) -> None:
        super().__init__(non_blocking)
        if bgr_to_rgb and rgb_to_bgr:
            raise InputError('PoseDataPreprocessor: bgr_to_rgb and rgb_to_bgr are the same swap; set one of them')
        if (mean is None) != (std is None):
            raise InputError(f'PoseDataPreprocessor: give both mean and std or neither, not mean={mean}, std={std}')
        if pad_size_divisor < 1:
            raise InputError(f'PoseDataPreprocessor: pad_size_divisor must be positive, not {pad_size_divisor}')
        if mean is not None:
            if len(mean) != len(std) or len(mean) not in (1, 3):
                raise InputError(
                    f'PoseDataPreprocessor: mean and std need 1 or 3 values each, not {len(mean)} and {len(std)}'
                )
            if not all(0 < s < float('inf') for s in std):
                raise InputError(f'PoseDataPreprocessor: std must be positive, not {tuple(std)}')
        self.swaps_channels = bgr_to_rgb or rgb_to_bgr
        self.normalises = mean is not None
        self.pad_size_divisor, self.pad_value = pad_size_divisor, pad_value
        for name, values in (('mean', mean or (0.0,)), ('std', std or (1.0,))):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.batch_augments = [MODELS.build(a) if isinstance(a, dict) else a for a in batch_augments or ()]

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make a batch.

        Args:
            data: ``inputs``: list of B images (3, H, W) or a tensor (B, 3, H, W), uint8 or float, 0..255;
                ``data_samples``: list of B samples or None. Anything else, as ``bad_samples``, is left out.
            training: apply ``batch_augments``.

        Returns:
            ``inputs`` (B, 3, H, W) float32, normalised, on the device; ``data_samples`` as they came.

        Raises:
            ValueError: no image, images of different sizes, or of another shape than (3, H, W).

        >>> preprocessor = PoseDataPreprocessor(mean=[100.0], std=[50.0], bgr_to_rgb=True)
        >>> image = torch.tensor([0, 100, 200], dtype=torch.uint8).reshape(3, 1, 1)  # blue, green, red
        >>> preprocessor(dict(inputs=[image]))['inputs'].flatten().tolist()
        [2.0, 0.0, -2.0]
        """
        inputs = self._stack(data['inputs']).to(self.mean.device, non_blocking=self._non_blocking)
        data_samples = data.get('data_samples')
        if self.swaps_channels:
            inputs = inputs.flip(1)
        inputs = inputs.float()
        if self.normalises:
            inputs = (inputs - self.mean).div_(self.std)
        if self.pad_size_divisor > 1:
            height, width = inputs.shape[-2:]
            padding = (0, -width % self.pad_size_divisor, 0, -height % self.pad_size_divisor)
            inputs = functional.pad(inputs, padding, value=self.pad_value)
        if training:
            for augment in self.batch_augments:
                inputs, data_samples = augment(inputs, data_samples)
        return dict(inputs=inputs, data_samples=data_samples)

    def _stack(self, inputs: Sequence[torch.Tensor] | torch.Tensor) -> torch.Tensor:
        """Join the images of a batch, after looking at their shapes."""
        if len(inputs) == 0:
            raise InputError('the batch has no image; batches in which all images are bad must be skipped')
        if not isinstance(inputs, torch.Tensor):
            shapes = {tuple(image.shape) for image in inputs}
            if len(shapes) > 1:
                raise InputError(
                    f'images of different sizes in one batch: {sorted(shapes)}; the pipeline needs TopdownAffine'
                )
            inputs = torch.stack(tuple(inputs))
        if inputs.ndim != 4 or inputs.shape[1] != 3:
            raise InputError(
                f'expected images (3, H, W), that is a batch (B, 3, H, W), got {tuple(inputs.shape)}; '
                'PackPoseInputs puts the channels first'
            )
        return inputs
