"""From a picture and boxes to keypoints in one call."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope

from ..config.tree import image_pipeline
from ..datasets.collate import pose_collate
from ..datasets.compose import Compose
from ..datasets.pose_dataset import SHARED_METAINFO
from ..datasets.transforms.load_image import LoadImage
from ..structures import PoseDataSample
from .boxes import check_boxes

__all__ = ['build_test_pipeline', 'inference_topdown', 'load_image', 'make_crops', 'predict_crops']


def inference_topdown(
    model: torch.nn.Module,
    img: np.ndarray | str | Path,
    bboxes: Any = None,
    bbox_format: str = 'xyxy',
) -> list[PoseDataSample]:
    """Find the keypoints of the people in a picture, all in one batch.

    Args:
        model: of `init_model`.
        img: a file, or (H, W, 3) BGR uint8 (grey, BGRA and 16 bits are converted); not modified.
        bboxes: (N, 4) pixels, one a person, or (N, 5) with the score last; None takes the whole picture.
        bbox_format: ``'xyxy'`` or ``'xywh'``.

    Returns:
        N samples in the boxes' order, with ``pred_instances``: ``keypoints`` (1, K, 2) in pixels of
        the picture, ``keypoint_scores`` (1, K), ``bboxes`` (1, 4) xyxy, ``bbox_scores`` (1,). An
        empty list of boxes gives an empty list (mmpose 1.x takes the whole picture then).

    Raises:
        BoxError: a box that is not finite, has no area, or lies outside the picture.
        ImageReadError: the picture cannot be read.
    """
    pipeline = build_test_pipeline(model.cfg)
    results = load_image(pipeline, img)
    crops = make_crops(pipeline, results, bboxes=bboxes, bbox_format=bbox_format, dataset_meta=model.dataset_meta)
    return predict_crops(model, crops)


def build_test_pipeline(cfg: Any) -> Compose:
    """Build the pipeline that the config tests with.

    Raises:
        ConfigError: there is none.
    """
    with DefaultScope.overwrite_default_scope('mmpose_dark'):
        return Compose(image_pipeline(cfg))


def load_image(pipeline: Compose, img: np.ndarray | str | Path) -> dict[str, Any]:
    """Read a picture as the pipeline does (EXIF orientation, backend).

    Returns:
        ``img`` (H, W, 3) BGR uint8 and ``img_path``, '' for an array.

    Raises:
        ImageReadError: the picture cannot be read.
    """
    first = pipeline.transforms[0] if pipeline.transforms else None
    loader: Callable = first if isinstance(first, LoadImage) else LoadImage()
    given = dict(img=img, img_path='') if isinstance(img, np.ndarray) else dict(img_path=str(img))
    loaded = loader(given)
    return dict(img=loaded['img'], img_path=loaded['img_path'])


def make_crops(
    pipeline: Compose, results: dict[str, Any], *, bboxes: Any, bbox_format: str, dataset_meta: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Run the pipeline on each box of a loaded picture.

    Args:
        pipeline: of `build_test_pipeline`.
        results: of `load_image`; not modified.
        bboxes: see `inference_topdown`.
        bbox_format: ``'xyxy'`` or ``'xywh'``.
        dataset_meta: definition of the keypoints.

    Returns:
        For each box ``inputs`` (3, h, w) and ``data_samples``.

    Raises:
        BoxError: see `check_boxes`.
    """
    height, width = results['img'].shape[:2]
    if bboxes is None:
        boxes, scores = np.array([[0, 0, width, height]], np.float32), np.ones(1, np.float32)
    else:
        boxes, scores = check_boxes(bboxes, bbox_format, image_hw=(height, width))
    shared = {k: dataset_meta[k] for k in SHARED_METAINFO if k in dataset_meta} if dataset_meta else {}
    return [
        pipeline({**results, 'bbox': box[None], 'bbox_score': score[None], 'id': i, 'img_id': 0, **shared})
        for i, (box, score) in enumerate(zip(boxes, scores, strict=True))
    ]


@torch.no_grad()
def predict_crops(model: torch.nn.Module, crops: list[dict[str, Any]]) -> list[PoseDataSample]:
    """Run the network on one batch of crops, which may be of several pictures; no crop gives no sample."""
    return model.test_step(pose_collate(crops)) if crops else []
