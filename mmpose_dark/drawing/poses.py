"""The people of an image: boxes, skeletons, keypoints, and how sure each keypoint is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from .boxes import draw_bboxes
from .canvas import as_canvas
from .ellipses import draw_covariances
from .keypoints import draw_people

__all__ = ['People', 'SkeletonLook', 'draw_poses', 'score_labels', 'skeleton_look']


class People(Protocol):
    """What ``draw_poses`` reads; `mmpose_dark.structures.Poses` has it.

    Attributes:
        keypoints: (N, K, 2) in image pixels.
        keypoint_scores: (N, K).
        keypoint_set: their definition, None where it is not known.
        boxes: (N, 4) left, top, right, bottom in image pixels; read if boxes are drawn.
        box_scores: (N,); read if boxes are drawn.
        covariances: (N, K, 2, 2) in square image pixels, or None; read if ellipses are drawn.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    keypoint_set: Mapping[str, object] | None
    boxes: np.ndarray
    box_scores: np.ndarray
    covariances: np.ndarray | None


class SkeletonLook(NamedTuple):
    """Links and colours of a keypoint set.

    Attributes:
        links: pairs of keypoint numbers.
        kpt_colors: (K, 3) red first, None for the colour of the drawing function.
        link_colors: (L, 3) red first, or None.
    """

    links: Sequence[Sequence[int]] = ()
    kpt_colors: np.ndarray | None = None
    link_colors: np.ndarray | None = None


def skeleton_look(keypoint_set: Mapping[str, object] | None, num_keypoints: int) -> SkeletonLook:
    """Return how a keypoint set is drawn; nothing but plain points where it is of another number of keypoints.

    Args:
        keypoint_set: as ``parse_pose_metainfo`` returns it; None where it is not known.
        num_keypoints: of the people to draw, which may be a chosen part of the set's.

    >>> skeleton_look(dict(num_keypoints=3, skeleton_links=[(0, 1)]), 3).links
    [(0, 1)]
    >>> skeleton_look(dict(num_keypoints=3, skeleton_links=[(0, 1)]), 2).links
    ()
    """
    if not keypoint_set or keypoint_set.get('num_keypoints', num_keypoints) != num_keypoints:
        return SkeletonLook()
    return SkeletonLook(
        keypoint_set.get('skeleton_links', ()),
        keypoint_set.get('keypoint_colors'),
        keypoint_set.get('skeleton_link_colors'),
    )


def score_labels(box_scores: np.ndarray | None) -> list[str] | None:
    """Return what to write on boxes: their scores (N,), or None where all are one, which means that they were given.

    >>> score_labels(np.array([0.926, 1.0])), score_labels(np.ones(2))
    (['0.93', '1.00'], None)
    """
    if box_scores is None:
        return None
    scores = np.asarray(box_scores).reshape(-1)
    return None if (scores == 1).all() else [f'{s:.2f}' for s in scores]


def draw_poses(
    image: np.ndarray,
    poses: People,
    *,
    kpt_thr: float = 0.3,
    draw_bbox: bool = False,
    draw_covariance: bool = False,
    deviations: float = 1.0,
    radius: float | None = None,
    line_width: float | None = None,
    alpha: float = 1.0,
    show_kpt_idx: bool = False,
) -> np.ndarray:
    """Draw the people of an image with the skeleton and colours of their keypoint set.

    Args:
        image: (H, W, 3) uint8 RGB; not modified.
        poses: its people, N with K keypoints each: `Poses`, or whatever has these attributes.
        kpt_thr: a keypoint is drawn when its score is above this.
        draw_bbox: draw the boxes, with their scores where these are not all one.
        draw_covariance: draw an ellipse around each keypoint, if the poses have covariances.
        deviations: its half axes in standard deviations; 1 holds 39 % of the probability, 2.45 holds 95 %.
        radius: of a keypoint in pixels; None fits it to each person's size.
        line_width: of a link in pixels; None fits it to each person's size.
        alpha: opacity, 0..1.
        show_kpt_idx: write each keypoint's number beside it.

    Returns:
        (H, W, 3) uint8 RGB, a new image.

    >>> from types import SimpleNamespace
    >>> people = SimpleNamespace(keypoints=np.array([[[4.0, 4.0]]]), keypoint_scores=np.ones((1, 1)), keypoint_set=None)
    >>> draw_poses(np.zeros((9, 9, 3), np.uint8), people)[4, 4].tolist()
    [255, 0, 0]
    """
    keypoints, scores = np.asarray(poses.keypoints), np.asarray(poses.keypoint_scores)
    look = skeleton_look(poses.keypoint_set, keypoints.shape[1])
    drawn = as_canvas(image)
    if draw_bbox:
        drawn = draw_bboxes(drawn, poses.boxes, alpha=alpha, labels=score_labels(poses.box_scores))
    if draw_covariance and poses.covariances is not None:
        drawn = draw_covariances(
            drawn, keypoints, poses.covariances, scores=scores, colors=look.kpt_colors, kpt_thr=kpt_thr,
            deviations=deviations,
        )  # fmt: skip
    return draw_people(
        drawn, keypoints, scores=scores, **look._asdict(), kpt_thr=kpt_thr, radius=radius, line_width=line_width,
        alpha=alpha, show_kpt_idx=show_kpt_idx,
    )  # fmt: skip
