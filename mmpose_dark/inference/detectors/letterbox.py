"""An image in a network's input of another shape: made smaller as a whole, with grey beside it."""

import cv2
import numpy as np

__all__ = ['PLACES', 'Letterbox']

PLACES = ('top left', 'centre')


class Letterbox:
    """Puts images into an input, and brings boxes back.

    Args:
        size: (width, height) of the input.
        centred: put the image into the middle, not at top left.
        pad: grey value beside the image.

    >>> box = Letterbox((8, 8))
    >>> canvas, place = box.put(np.zeros((8, 16, 3), np.uint8))
    >>> canvas[:, 0, 0].tolist(), box.take_back(np.array([[0.0, 0, 8, 4]]), place).tolist()
    ([0, 0, 0, 0, 114, 114, 114, 114], [[0.0, 0.0, 16.0, 8.0]])
    """

    def __init__(self, size: tuple[int, int], *, centred: bool = False, pad: int = 114) -> None:
        self.size, self.centred, self.pad = size, centred, pad

    def put(self, image: np.ndarray) -> tuple[np.ndarray, tuple[float, float, float]]:
        """Return the input (h, w, 3) with an image (H, W, 3) in it; its factor, and its left and top there."""
        (width, height), (rows, columns) = self.size, image.shape[:2]
        factor = min(width / columns, height / rows)
        wide, high = max(1, min(width, round(columns * factor))), max(1, min(height, round(rows * factor)))
        canvas = np.full((height, width, 3), self.pad, np.uint8)
        left, top = ((width - wide) // 2, (height - high) // 2) if self.centred else (0, 0)
        canvas[top : top + high, left : left + wide] = cv2.resize(image, (wide, high), interpolation=cv2.INTER_LINEAR)
        return canvas, (factor, float(left), float(top))

    def take_back(self, boxes: np.ndarray, place: tuple[float, float, float]) -> np.ndarray:
        """Return boxes (N, 4) of the input in pixels of the image."""
        factor, left, top = place
        return (boxes - (left, top, left, top)) / factor
