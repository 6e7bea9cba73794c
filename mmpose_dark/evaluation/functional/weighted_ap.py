"""AP and AR of images that count more or less than once, without matching anybody again.

People are matched within their image, so a match does not depend on how often the image counts. With weights that are
whole numbers the values are those of a dataset in which each image stands so often. That is exact where no two
detections of an image have the same score, since copies of a detection then stand next to each other.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .oks_matching import OksMatches
from .oks_summary import summarize_oks

__all__ = ['ApTable', 'ap_table', 'weighted_ap', 'weighted_precision']

RECALLS = np.linspace(0, 1, 101)
_EPS = np.spacing(1)  # the COCO API's, below the line of the precision


class _Curve(NamedTuple):
    """What precision and recall at one threshold are made of.

    Attributes:
        right: (R,) places, by falling score, of the detections that are right.
        skipped: (J,) places of those that do not count.
        before: (R,) how many of ``skipped`` come before each of ``right``.
    """

    right: np.ndarray
    skipped: np.ndarray
    before: np.ndarray


def _curve(right: np.ndarray, wrong: np.ndarray) -> _Curve:
    places, skipped = np.flatnonzero(right), np.flatnonzero(~(right | wrong))
    return _Curve(places, skipped, np.searchsorted(skipped, places))


@dataclass(frozen=True)
class ApTable:
    """Detections of one category by falling score, and how many people are looked for in each image.

    A ranges of area, T thresholds of OKS, N detections, I images.

    Attributes:
        image: (N,) number of the image, from 0.
        right: (A, T, N) boolean: found somebody who counts.
        wrong: (A, T, N) boolean: found nobody, and counts.
        wanted: (A, I) people to find.
    """

    image: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    wanted: np.ndarray

    @cached_property
    def curves(self) -> list[list[_Curve]]:
        """The same as places in the order of scores, of each area and threshold."""
        return [
            [_curve(*pair) for pair in zip(*area, strict=True)] for area in zip(self.right, self.wrong, strict=True)
        ]


def ap_table(matches: OksMatches, category: int = 1) -> ApTable:
    """Return what AP is computed from.

    Args:
        matches: of detections and labelled people.
        category: number of the category, from 1.
    """
    problem = matches.problem
    rows = np.flatnonzero(problem.dt_category == category)
    rows = rows[np.argsort(-problem.dt_scores[rows], kind='stable')]
    found, ignored = matches.gt[:, :, rows] >= 0, matches.dt_ignored[:, :, rows]
    mine = problem.gt_category == category
    images = problem.gt_image[mine] - 1
    wanted = np.stack(
        [np.bincount(images[~left_out[mine]], minlength=problem.num_images) for left_out in matches.gt_ignored]
    )
    return ApTable(problem.dt_image[rows] - 1, found & ~ignored, ~found & ~ignored, wanted)


def weighted_precision(
    table: ApTable, weights: np.ndarray, *, per_detection: bool = False, areas: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return precision at 101 recalls, and the recall that is reached.

    Args:
        table: of one category.
        weights: (I,) how often each image counts.
        per_detection: ``weights`` (N,) are of the detections, and every image has weight 1.
        areas: only so many of the A ranges, from the first; all by default.

    Returns:
        Precision (T, R, A) and recall (T, A), -1 where nobody is looked for.
    """
    of_detections = np.asarray(weights if per_detection else weights[table.image], np.float64)
    wanted = table.wanted.sum(1) if per_detection else table.wanted @ weights
    counted = np.cumsum(of_detections)
    areas, thresholds = areas or len(table.right), table.right.shape[1]
    precision = np.full((thresholds, len(RECALLS), areas), -1.0)
    recall = np.full((thresholds, areas), -1.0)
    for a in np.flatnonzero(wanted[:areas]):
        for t, curve in enumerate(table.curves[a]):
            precision[t, :, a], recall[t, a] = _read_off(curve, of_detections, counted, wanted[a])
    return precision, recall


def _read_off(curve: _Curve, weights: np.ndarray, counted: np.ndarray, wanted: float) -> tuple[np.ndarray, float]:
    """Precision at each recall, the best there or above it, and the recall that is reached.

    Only detections that are right are looked at: the others lower the precision and reach no recall.

    Args:
        curve: of one area and threshold.
        weights: (N,) of the detections, by falling score.
        counted: (N,) their running sum.
        wanted: people to find.

    Returns:
        (R,) and a number.
    """
    precision = np.zeros(len(RECALLS))
    if not len(curve.right):
        return precision, 0.0
    right, total = np.cumsum(weights[curve.right]), counted[curve.right]
    if len(curve.skipped):
        total = total - np.r_[0.0, np.cumsum(weights[curve.skipped])][curve.before]
    place = np.searchsorted(right / wanted, RECALLS, side='left')
    reached = place < len(right)
    if reached.any():
        starts, part = np.unique(place[reached], return_inverse=True)
        best = np.maximum.reduceat(right / (total + _EPS), starts)
        precision[reached] = np.maximum.accumulate(best[::-1])[::-1][part]
    return precision, float(right[-1] / wanted)


def weighted_ap(tables: list[ApTable], weights: np.ndarray) -> dict[str, float]:
    """Return the ten values of `evaluate_oks` where each image counts as often as its weight says.

    Args:
        tables: one a category.
        weights: (I,) from 0.
    """
    found = [weighted_precision(table, weights) for table in tables]
    precision = np.stack([precision for precision, _ in found], 2)
    return summarize_oks(precision, np.stack([recall for _, recall in found], 1))
