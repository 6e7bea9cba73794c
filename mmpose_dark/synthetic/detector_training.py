"""How the weights of the detector of drawn people are made: drawn videos of other seeds, a focal loss, some minutes."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset

from ..checkpoint import save_checkpoint
from ..evaluation.functional.box_iou import box_iou
from ..utils.output_paths import check_outputs
from ..utils.progress import show_progress
from .people_detector import STRIDE, CentreNet, boxes_of_maps, fitted
from .video import DrawnVideo
from .video_settings import CAMERAS, PLOTS, VideoSettings

__all__ = ['train_detector']

FIRST_SEED = 1_000_000  # the demo's videos have smaller ones
SIZES = ((320, 240), (320, 180), (240, 320))
FRAMES = 200


class DrawnFrames(Dataset):
    """Frames of many drawn videos, each with the maps that the network should give.

    Args:
        count: how many.
        first: number of the first one.
    """

    def __init__(self, count: int, first: int = 0) -> None:
        self.count, self.first = count, first

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return an image (3, 256, 256) uint8, and boxes (16, 4) xyxy of it, NaN where there are fewer."""
        rng = np.random.default_rng((FIRST_SEED, self.first + index))
        width, height = SIZES[rng.integers(len(SIZES))]
        settings = VideoSettings(
            frames=FRAMES, width=width, height=height, people=int(rng.integers(1, 7)), plot=str(rng.choice(PLOTS)),
            camera=str(rng.choice(CAMERAS)), occluders=int(rng.integers(0, 3)),
        )  # fmt: skip
        video, frame = DrawnVideo(settings, FIRST_SEED + self.first + index), int(rng.integers(FRAMES))
        truth = video.truth(frame)
        image, factor = fitted(video.image(frame))
        boxes = (truth.boxes[truth.share_in_sight > 0.15] + 0.5) * factor
        canvas, padded = np.full((256, 256, 3), 128, np.uint8), np.full((16, 4), np.nan, np.float32)
        canvas[: image.shape[0], : image.shape[1]] = image
        padded[: len(boxes)] = boxes[:16]
        return canvas.transpose(2, 0, 1).copy(), padded


def drawn(count: int, first: int, workers: int) -> TensorDataset:
    """Draw frames once, to be seen in every epoch."""
    parts = []
    with show_progress('drawing', count, 'frames') as report:
        for part in DataLoader(DrawnFrames(count, first), 16, num_workers=workers):
            parts.append(part)
            report(16 * len(parts), count)
    return TensorDataset(*(torch.cat(column) for column in zip(*parts, strict=True)))


def mirrored(images: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirror each image (B, 3, H, W) with its boxes (B, N, 4) with probability 0.5."""
    chosen = torch.rand(len(images)) < 0.5
    images, boxes, wide = images.clone(), boxes.clone(), images.shape[3]
    images[chosen] = images[chosen].flip(3)
    boxes[chosen] = torch.stack(
        [wide - boxes[chosen][..., 2], boxes[chosen][..., 1], wide - boxes[chosen][..., 0], boxes[chosen][..., 3]], -1
    )
    return images, boxes


def targets(boxes: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return centre maps (B, side, side), log sizes (B, 2, side, side) and their weights (B, side, side)."""
    cells = boxes / STRIDE
    centres, sizes = (cells[..., :2] + cells[..., 2:]) / 2 - 0.5, (cells[..., 2:] - cells[..., :2]).clamp(min=0.5)
    grid = torch.arange(side, dtype=torch.float32)
    sigma = (sizes.prod(-1).sqrt() / 8).clamp(min=0.8)
    centre = centres.round().clamp(0, side - 1)
    far = (grid[None, None, None] - centre[..., 0, None, None]) ** 2 + (
        grid[None, None, :, None] - centre[..., 1, None, None]
    ) ** 2
    bumps = torch.nan_to_num(torch.exp(-far / (2 * sigma[..., None, None] ** 2)))
    heat, owner = bumps.max(1)
    logs = torch.nan_to_num(sizes.log()).permute(0, 2, 1)  # (B, 2, N)
    wanted = torch.gather(logs, 2, owner.flatten(1)[:, None].expand(-1, 2, -1)).unflatten(2, (side, side))
    return heat, wanted, (heat > 0.6).float()


def loss_of(maps: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Return the focal loss of the centres, and the smooth distance of the log sizes."""
    heat, sizes, weights = targets(boxes, maps.shape[-1])
    logit = maps[:, 0]
    p = logit.sigmoid()
    found = (heat == 1).float()
    centre = -(
        found * (1 - p) ** 2 * functional.logsigmoid(logit)
        + (1 - found) * (1 - heat) ** 4 * p**2 * functional.logsigmoid(-logit)
    )
    size = functional.smooth_l1_loss(maps[:, 1:], sizes, reduction='none').sum(1) * weights
    return centre.sum() / found.sum().clamp(min=1) + size.sum() / weights.sum().clamp(min=1)


def recall_and_false(network: CentreNet, frames: DataLoader) -> tuple[float, float]:
    """Return the share of people found with an intersection over union of 0.5, and the false boxes an image."""
    found = total = false = images = 0
    network.eval()
    with torch.no_grad():
        for batch, boxes in frames:
            for maps, truth in zip(network(batch.float() / 255 - 0.5), boxes, strict=True):
                wanted = truth[~truth[:, 0].isnan()].numpy()
                got = boxes_of_maps(maps, score_thr=0.4)[:, :4]
                iou = box_iou(wanted, got)
                found += int((iou.max(1, initial=0) >= 0.5).sum())
                false += int((iou.max(0, initial=0) < 0.5).sum())
                total, images = total + len(wanted), images + 1
    return found / max(total, 1), false / max(images, 1)


def train_detector(
    out: Path, *, frames: int, held_out: int, epochs: int, batch_size: int, lr: float, workers: int
) -> None:
    """Train, and save the weights with their recall on frames that were not trained on.

    Args:
        out: file to write.
        frames: to train on.
        held_out: frames to test on.
        epochs: over all frames.
        batch_size: frames a step.
        lr: highest learning rate.
        workers: processes that draw.

    Raises:
        OutputError: the file cannot be written, which is tried first.
    """
    check_outputs([out])
    torch.manual_seed(0)
    network = CentreNet()
    loader = DataLoader(drawn(frames, 0, workers), batch_size, shuffle=True, drop_last=True)
    others = DataLoader(drawn(held_out, frames, workers), 16)
    steps = len(loader) * epochs
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / 50) * 0.5 * (1 + math.cos(math.pi * s / steps))
    )
    with show_progress('training', steps, 'iterations') as report:
        for done, loss in enumerate(_steps(network, loader, optimizer, schedule, epochs), 1):
            report(done, note=f'loss {loss:.3f}')
    recall, false = recall_and_false(network, others)
    print(f'{held_out} other frames: recall {recall:.3f} at 0.5, {false:.2f} boxes of nobody an image')
    save_checkpoint(dict(state_dict=network.state_dict(), meta=dict(recall=recall, false_boxes=false)), str(out))


def _steps(
    network: CentreNet,
    loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epochs: int,
) -> Iterator[float]:
    for _ in range(epochs):
        network.train()
        for images, boxes in loader:
            images, boxes = mirrored(images, boxes)
            loss = loss_of(network(images.float() / 255 - 0.5), boxes)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            yield float(loss)
