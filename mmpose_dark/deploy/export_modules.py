"""What is exported: modules from images to heatmaps or keypoints, with everything in between inside."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..models import BasePoseEstimator
from ..models.outputs import Outputs
from ..structures.calibration import calibrated
from ..structures.crop import covariances_to_image, crop_to_image
from ..utils.errors import InputError

__all__ = ['CropsToHeatmaps', 'CropsToKeypoints', 'ImageToKeypoints']


class CropsToHeatmaps(nn.Module):
    """From crops (B, h, w, 3) uint8 BGR to the network's outputs, normalisation inside.

    Args:
        model: of `init_model`.

    Raises:
        InputError: the model's preprocessor pads or augments.
    """

    def __init__(self, model: BasePoseEstimator) -> None:
        super().__init__()
        self.model = model
        prepare = model.data_preprocessor
        if prepare.pad_size_divisor != 1 or prepare.batch_augments:
            raise InputError('a preprocessor that pads or augments cannot be exported; crops have their size already')
        self.swaps = prepare.swaps_channels
        self.register_buffer('mean', prepare.mean.reshape(1, -1, 1, 1).clone())
        self.register_buffer('std', prepare.std.reshape(1, -1, 1, 1).clone())

    def normalised(self, crops: Tensor) -> Tensor:
        """Return (B, 3, h, w) float32 of crops (B, h, w, 3)."""
        inputs = crops.permute(0, 3, 1, 2)
        if self.swaps:
            inputs = inputs.flip(1)
        return (inputs.to(torch.float32) - self.mean) / self.std

    def forward(self, crops: Tensor) -> Outputs:
        """Return the outputs, (B, K, H', W') or several tensors, of crops (B, h, w, 3)."""
        return self.model.outputs(self.normalised(crops))


class CropsToKeypoints(CropsToHeatmaps):
    """From crops (B, h, w, 3) uint8 BGR to keypoints in input pixels, decoding inside.

    Args:
        model: of `init_model`; its ``test_cfg.flip_test`` is followed.
        flip_indices: for the flip test.
    """

    def __init__(self, model: BasePoseEstimator, flip_indices: Sequence[int] | None) -> None:
        super().__init__(model)
        self.flip_indices = None if flip_indices is None else [int(i) for i in flip_indices]

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Return keypoints (B, K, 2), scores (B, K), and what else there is.

        That is, of a calibrated model probabilities (B, K), and where the codec knows them covariances (B, K, 2, 2).
        """
        found = self.model.points(self.normalised(crops), flip_indices=self.flip_indices)
        covariances, probabilities = found.covariances, None
        if self.model.calibration is not None:
            probabilities, covariances = calibrated(found.scores, covariances, self.model.calibration)
        parts = (found.keypoints, found.scores, probabilities, covariances)
        return tuple(part for part in parts if part is not None)


class ImageToKeypoints(CropsToKeypoints):
    """From one image (H, W, 3) uint8 BGR of any size and boxes (N, 4) to keypoints in image pixels, the warp inside.

    Args:
        model: of `init_model`.
        flip_indices: for the flip test.
        input_size: (width, height) of the network's input.
        padding: by which a box is widened.
        use_udp: whether the crop goes from pixel centre to pixel centre.
    """

    def __init__(
        self,
        model: BasePoseEstimator,
        flip_indices: Sequence[int] | None,
        *,
        input_size: tuple[int, int],
        padding: float,
        use_udp: bool,
    ) -> None:
        super().__init__(model, flip_indices)
        self.input_size, self.padding, self.use_udp = input_size, padding, use_udp

    def forward(self, image: Tensor, boxes: Tensor) -> tuple[Tensor, ...]:
        """Return the same as `CropsToKeypoints` in pixels of the image (H, W, 3)."""
        center, scale = self._places(boxes)
        crops = self._cut(image, center, scale)
        keypoints, scores, *rest = super().forward(crops)
        size = torch.tensor(self.input_size, dtype=torch.float32)
        place = dict(input_size=size, input_scale=scale[:, None])
        keypoints = crop_to_image(keypoints, input_center=center[:, None], **place)
        # Probabilities (N, K) do not depend on the place.
        rest = (part if part.ndim == 2 else covariances_to_image(part, **place) for part in rest)
        return (keypoints, scores, *rest)

    def _places(self, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Return centres and sizes (N, 2) of what the network sees."""
        center = (boxes[:, :2] + boxes[:, 2:]) * 0.5
        sides = (boxes[:, 2:] - boxes[:, :2]) * self.padding
        aspect = self.input_size[0] / self.input_size[1]
        width = torch.maximum(sides[:, 0], sides[:, 1] * aspect)
        return center, torch.stack([width, width / aspect], 1)

    def _cut(self, image: Tensor, center: Tensor, scale: Tensor) -> Tensor:
        """Return the crops (N, h, w, 3) uint8, sampled between pixels, zeros outside the image (H, W, 3)."""
        width, height = self.input_size
        columns, rows = torch.arange(width, dtype=torch.float32), torch.arange(height, dtype=torch.float32)
        if self.use_udp:
            along = columns / (width - 1) - 0.5, rows / (height - 1) - 0.5
        else:
            along = columns / width - 0.5, rows / height - 0.5
        x = center[:, 0, None] + scale[:, 0, None] * along[0]  # (N, w)
        y = center[:, 1, None] + scale[:, 1, None] * along[1]  # (N, h)
        # One grid for all people, one below the other: the image is not copied for each.
        high, wide = image.shape[0], image.shape[1]
        x, y = (2 * x + 1) / wide - 1, (2 * y + 1) / high - 1
        grid = torch.stack([x[:, None, :].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], -1)
        pixels = image.permute(2, 0, 1)[None].to(torch.float32)
        found = nn.functional.grid_sample(
            pixels, grid.reshape(1, -1, width, 2), mode='bilinear', padding_mode='zeros', align_corners=False
        )
        crops = found[0].permute(1, 2, 0).reshape(-1, height, width, 3)
        return (crops + 0.5).floor().clamp(0, 255).to(torch.uint8)
