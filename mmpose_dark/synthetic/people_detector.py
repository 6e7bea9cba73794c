"""A small detector of drawn people: what `make demo` finds the people of its video with.

A map of centres and of box sizes, after "Objects as Points" (Zhou et al., arXiv:1904.07850), by a network of 0.4
million parameters. It knows drawn people only. ``tools/misc/train_demo_detector.py`` made the weights that are shipped.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from ..checkpoint import load_state_dict_file
from ..config.lookup import shipped_folders
from ..evaluation.functional import nms
from ..inference.detectors import BaseDetector
from ..utils.errors import InputError, MissingFileError

__all__ = ['STRIDE', 'CentreNet', 'DrawnPeopleDetector', 'boxes_of_maps', 'fitted', 'shipped_detector']

STRIDE = 4
LONGEST = 256  # pixels of the longer side that the network sees
_MULTIPLE = 16
_WEIGHTS = 'people_detector-*.pth'
_TWICE = 0.65  # intersection over union from which on two boxes are of one person


class _Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features of the same shape (B, C, H, W)."""
        return torch.relu(x + self.layers(x))


def _down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class CentreNet(nn.Module):
    """From images (B, 3, H, W), BGR in -0.5..0.5, to maps (B, 3, H/4, W/4).

    The maps are the logit of a box's centre, and the logarithms of its width and height in cells of the map. H and W
    are multiples of 16.

    >>> CentreNet().eval()(torch.zeros(1, 3, 32, 48)).shape
    torch.Size([1, 3, 8, 12])
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_down(3, 16), _down(16, 32), _Block(32))
        self.middle = nn.Sequential(_down(32, 48), _Block(48))
        self.coarse = nn.Sequential(_down(48, 64), _Block(64), _Block(64, 2), _Block(64, 4))
        self.to_middle, self.to_fine = nn.Conv2d(64, 48, 1), nn.Conv2d(48, 32, 1)
        self.joined = _Block(48)
        self.head = nn.Sequential(nn.Conv2d(32, 48, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(48, 3, 1))
        nn.init.constant_(self.head[-1].bias, 0)
        with torch.no_grad():
            self.head[-1].bias[0] = -4.0  # centres are rare

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the maps (B, 3, H/4, W/4) of images (B, 3, H, W)."""
        fine = self.fine(images)
        middle = self.middle(fine)
        middle = self.joined(middle + _grown(self.to_middle(self.coarse(middle))))
        return self.head(torch.relu(fine + _grown(self.to_fine(middle))))


def _grown(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=False)


def fitted(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Return an image at the size that the network sees, and by how much it is smaller.

    Args:
        image: (H, W, 3) uint8 BGR.

    Returns:
        (h, w, 3) uint8, sides a multiple of 16, the image at top left and grey beside it; and the factor.

    >>> fitted(np.zeros((480, 640, 3), np.uint8))[0].shape
    (192, 256, 3)
    """
    height, width = image.shape[:2]
    factor = LONGEST / max(height, width)
    small = cv2.resize(
        image,
        (max(1, round(width * factor)), max(1, round(height * factor))),
        interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR,
    )
    h, w = (-(-side // _MULTIPLE) * _MULTIPLE for side in small.shape[:2])
    canvas = np.full((h, w, 3), 128, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return canvas, factor


def boxes_of_maps(maps: torch.Tensor, *, score_thr: float) -> np.ndarray:
    """Return the boxes that the maps of one image show.

    Args:
        maps: (3, h, w) of `CentreNet`.
        score_thr: of the centres.

    Returns:
        (N, 5) left, top, right, bottom in pixels of the network's input, and score; the highest first, no two of one
        person.

    >>> maps = torch.full((3, 8, 8), -9.0)
    >>> maps[:, 3, 4] = torch.tensor([9.0, 0.0, np.log(2.0)])
    >>> boxes_of_maps(maps, score_thr=0.5).round(2).tolist()
    [[16.0, 10.0, 20.0, 18.0, 1.0]]
    """
    heat = maps[0].sigmoid()
    highest = nn.functional.max_pool2d(heat[None, None], 3, 1, 1)[0, 0]
    rows, columns = torch.nonzero((heat == highest) & (heat >= score_thr), as_tuple=True)
    centres = (torch.stack([columns, rows], 1) + 0.5) * STRIDE
    halves = maps[1:, rows, columns].T.clamp(max=6).exp() * STRIDE / 2
    boxes = torch.cat([centres - halves, centres + halves], 1)
    found = torch.cat([boxes, heat[rows, columns, None]], 1).numpy()
    return found[nms(found, _TWICE)]


class DrawnPeopleDetector(BaseDetector):
    """Finds drawn people; of photographs it knows nothing.

    Args:
        checkpoint: file with the weights of a `CentreNet`.
        score_thr: boxes with lower scores are left out.

    Raises:
        CheckpointError: it cannot be read.
        InputError: it holds another network.
    """

    name = 'demo'
    batch_size = 8

    def __init__(self, checkpoint: str | Path, *, score_thr: float = 0.4) -> None:
        self.network, self.score_thr = CentreNet().eval(), score_thr
        weights = load_state_dict_file(checkpoint)
        weights = weights.get('state_dict', weights)
        try:
            self.network.load_state_dict(weights)
        except (RuntimeError, TypeError) as err:
            raise InputError(
                f'{checkpoint} holds no detector of drawn people: make one with tools/misc/train_demo_detector.py'
            ) from err

    @torch.no_grad()
    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return boxes (N, 5) with scores for each image (H, W, 3), see `BaseDetector`."""
        found: list[np.ndarray] = []
        small = [fitted(image) for image in images]
        for shape in dict.fromkeys(image.shape for image, _ in small):
            batch = np.stack([image for image, _ in small if image.shape == shape])
            maps = self.network(torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255 - 0.5)
            found.append(maps)
        rows = {shape: iter(maps) for shape, maps in zip(dict.fromkeys(i.shape for i, _ in small), found, strict=True)}
        return [
            _in_image(boxes_of_maps(next(rows[canvas.shape]), score_thr=self.score_thr), factor, image.shape[:2])
            for (canvas, factor), image in zip(small, images, strict=True)
        ]


def _in_image(boxes: np.ndarray, factor: float, hw: tuple[int, int]) -> np.ndarray:
    """Bring boxes (N, 5) back to the image, and cut them at its edges."""
    # Centres of pixels are whole numbers: an edge of the small image at 0 is one of the large image at -0.5.
    boxes[:, :4] = boxes[:, :4] / factor - 0.5
    boxes[:, 0:4:2] = boxes[:, 0:4:2].clip(0, hw[1] - 1)
    boxes[:, 1:4:2] = boxes[:, 1:4:2].clip(0, hw[0] - 1)
    return boxes[(boxes[:, 2] > boxes[:, 0] + 1) & (boxes[:, 3] > boxes[:, 1] + 1)]


def shipped_detector(*, score_thr: float = 0.4) -> DrawnPeopleDetector:
    """Return the detector whose weights came with the package.

    Args:
        score_thr: boxes with lower scores are left out.

    Raises:
        MissingFileError: the package was installed without them.

    >>> shipped_detector()([np.full((60, 80, 3), 128, np.uint8)])[0].shape
    (0, 5)
    """
    found = [path for folder in shipped_folders() for path in sorted((folder / 'demo').glob(_WEIGHTS))]
    if not found:
        raise MissingFileError(f'mmpose_dark has no demo/{_WEIGHTS} beside it: install it again')
    return DrawnPeopleDetector(found[0], score_thr=score_thr)
