"""What an engine of the OKS evaluation is given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ['MAX_DETECTIONS', 'OksProblem']

MAX_DETECTIONS = 20  # of an image, the best ones


@dataclass(frozen=True)
class OksProblem:
    """One evaluation, with all decisions about ignoring and areas made: what an engine is given.

    Attributes:
        num_images, num_categories: images are numbered from 1 to ``num_images``, categories likewise.
        gt_image, gt_category: (G,) from 1; sorted by image.
        gt_keypoints: (G, K, 3) x, y in pixels, label v.
        gt_bbox: (G, 4) left, top, width, height.
        gt_area: (G,) square pixels, as OKS divides by.
        gt_crowd: (G,) boolean.
        gt_ignore: (G,) boolean, without the crowd regions.
        dt_image, dt_category: (N,) from 1; sorted by image.
        dt_xy: (N, K, 2).
        dt_scores: (N,).
        dt_areas: (N,) square pixels, or None for the keypoints' extent.
        sigmas: (K,).
    """

    num_images: int
    num_categories: int
    gt_image: np.ndarray
    gt_category: np.ndarray
    gt_keypoints: np.ndarray
    gt_bbox: np.ndarray
    gt_area: np.ndarray
    gt_crowd: np.ndarray
    gt_ignore: np.ndarray
    dt_image: np.ndarray
    dt_category: np.ndarray
    dt_xy: np.ndarray
    dt_scores: np.ndarray
    dt_areas: np.ndarray | None
    sigmas: np.ndarray

    def blocks(self, chosen: np.ndarray | None = None) -> Iterator[tuple[list[dict], list[dict], list[dict]]]:
        """Images, ground truth and detections of a few hundred images at a time, which keeps the memory small.

        Args:
            chosen: (M,) image numbers, sorted; all by default.
        """
        if chosen is None:
            chosen = np.arange(1, self.num_images + 1)
        size = max(1, 100_000 // (MAX_DETECTIONS * len(self.sigmas)))
        for start in range(0, len(chosen), size):
            numbers = chosen[start : start + size]
            yield (
                [dict(id=i, width=1, height=1, file_name='') for i in numbers.tolist()],
                self.gt_list(_rows_of(self.gt_image, numbers)),
                self.dt_list(_rows_of(self.dt_image, numbers)),
            )

    def gt_list(self, rows: np.ndarray) -> list[dict]:
        """Return the ground truth of ``rows`` (M,) as COCO annotations."""
        visible = (self.gt_keypoints[rows, :, 2] > 0).sum(1)
        columns = zip(
            (rows + 1).tolist(),
            self.gt_image[rows].tolist(),
            self.gt_category[rows].tolist(),
            self.gt_keypoints[rows].reshape(len(visible), 3 * len(self.sigmas)).tolist(),
            self.gt_bbox[rows].tolist(),
            self.gt_area[rows].tolist(),
            self.gt_crowd[rows].astype(int).tolist(),
            np.where(self.gt_ignore[rows], 0, np.maximum(1, visible)).tolist(),
            strict=True,
        )
        return [
            dict(id=n, image_id=i, category_id=c, keypoints=k, bbox=b, area=a, iscrowd=w, num_keypoints=v)
            for n, i, c, k, b, a, w, v in columns
        ]

    def dt_list(self, rows: np.ndarray) -> list[dict]:
        """Return the detections of ``rows`` (M,) as COCO results, with a box of the given area where areas are given.

        Loaders take the area from the box, where there is one. The third number of a keypoint is not used.
        """
        xy = self.dt_xy[rows]
        flat = np.ones((*xy.shape[:2], 3))
        flat[..., :2] = xy
        columns = zip(
            self.dt_image[rows].tolist(),
            self.dt_category[rows].tolist(),
            flat.reshape(len(flat), 3 * len(self.sigmas)).tolist(),
            self.dt_scores[rows].tolist(),
            strict=True,
        )
        found = [dict(image_id=i, category_id=c, keypoints=k, score=s) for i, c, k, s in columns]
        if self.dt_areas is not None:
            for row, area in zip(found, self.dt_areas[rows].tolist(), strict=True):
                row['bbox'] = [0.0, 0.0, area, 1.0]
        return found

    def categories(self) -> list[dict]:
        """All categories as COCO categories."""
        return [dict(id=c, name=str(c)) for c in range(1, self.num_categories + 1)]


def _rows_of(images: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows, in order, whose image is among ``wanted``; both sorted."""
    start, stop = np.searchsorted(images, [wanted[0], wanted[-1] + 1])
    rows = np.arange(start, stop)
    return rows if wanted[-1] - wanted[0] + 1 == len(wanted) else rows[np.isin(images[rows], wanted)]
