"""Drawings of what a network is fed: crop, keypoints and target heatmaps of one sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..drawing.keypoints import draw_people
from ..drawing.poses import skeleton_look
from ..utils.errors import InputError
from .heatmaps import heatmap_grid, overlay_heatmap
from .sheets import side_by_side

if TYPE_CHECKING:
    from ..codecs.base import BaseKeypointCodec

__all__ = ['NetworkInput', 'draw_input', 'draw_input_and_target', 'draw_target', 'draw_target_grid', 'unpack_sample']

_HEIGHT = 256  # crops are enlarged by whole numbers to at least this many pixels


@dataclass
class NetworkInput:
    """One sample as arrays.

    Attributes:
        crop: (h, w, 3) uint8, red first.
        keypoints: (N, K, 2) x, y in the crop's pixels.
        visible: (N, K), above 0 where labelled.
        heatmaps: (K, H, W) training target, None where the sample has no keypoints.
    """

    crop: np.ndarray
    keypoints: np.ndarray
    visible: np.ndarray
    heatmaps: np.ndarray | None


def unpack_sample(packed: Mapping[str, Any], codec: 'BaseKeypointCodec | None') -> NetworkInput:
    """Take a sample of a dataset apart.

    Args:
        packed: ``inputs`` (3, h, w) uint8 BGR tensor and ``data_samples``, as PackPoseInputs makes them.
        codec: encodes the target where the pipeline has not (``GenerateTarget``); None leaves it out.
    """
    crop = np.ascontiguousarray(packed['inputs'].numpy()[::-1].transpose(1, 2, 0))
    sample = packed['data_samples']
    people = sample.gt_instances
    keypoints = np.asarray(people.get('transformed_keypoints', np.zeros((0, 0, 2))))
    visible = np.asarray(people.get('keypoints_visible', np.ones(keypoints.shape[:2])))
    visible = visible[..., 0] if visible.ndim == 3 else visible
    heatmaps = None
    if 'gt_fields' in sample and 'heatmaps' in sample.gt_fields:
        heatmaps = sample.gt_fields.heatmaps.float().cpu().numpy()
    elif codec is not None and keypoints.size:
        heatmaps = np.asarray(codec.encode(keypoints, visible)['heatmaps'])
    return NetworkInput(crop, keypoints, visible, heatmaps)


def _factor(fed: NetworkInput) -> int:
    return max(1, -(-_HEIGHT // fed.crop.shape[0]))


def _enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge by a whole number: pixel x comes to lie at ``x * factor + (factor - 1) / 2``."""
    if factor == 1:
        return image
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def draw_input(fed: NetworkInput, dataset_meta: Mapping[str, Any]) -> np.ndarray:
    """Draw the labelled keypoints on the crop.

    Args:
        fed: of `unpack_sample`.
        dataset_meta: definition of the keypoints.

    Returns:
        (height, width, 3) uint8, red first; small crops are enlarged.
    """
    factor = _factor(fed)
    look = skeleton_look(dataset_meta, fed.keypoints.shape[1])
    points = fed.keypoints * factor + (factor - 1) / 2
    return draw_people(_enlarged(fed.crop, factor), points, scores=fed.visible, **look._asdict(), kpt_thr=0.0)


def draw_target(fed: NetworkInput) -> np.ndarray:
    """Lay the target heatmaps on the crop, the largest value over the keypoints.

    Returns:
        (height, width, 3) uint8, red first; the darkened crop alone where there is no target.

    >>> fed = NetworkInput(np.full((128, 96, 3), 100, np.uint8), np.zeros((0, 17, 2)), np.zeros((0, 17)), None)
    >>> draw_target(fed).shape, draw_target(fed)[0, 0].tolist()
    ((256, 192, 3), [60, 60, 60])
    """
    crop = (fed.crop * 0.6).astype(np.uint8)
    drawn = crop if fed.heatmaps is None else overlay_heatmap(crop, fed.heatmaps, vmax=1.0)
    return _enlarged(drawn, _factor(fed))


def draw_target_grid(fed: NetworkInput, dataset_meta: Mapping[str, Any]) -> np.ndarray:
    """Draw each keypoint's target on the crop, with a point where the labelled keypoint is.

    Returns:
        (height, width, 3) uint8, red first.

    Raises:
        InputError: the sample has no target.
    """
    if fed.heatmaps is None:
        raise InputError('the sample has no keypoints, so there is no target to draw')
    keypoints = np.where(fed.visible[0][:, None] > 0, fed.keypoints[0], np.nan)
    names = [dataset_meta['keypoint_id2name'][i] for i in range(len(fed.heatmaps))]
    height, width = fed.crop.shape[:2]
    cell = (width * _factor(fed), height * _factor(fed))
    columns = -(-len(names) // 2) if len(names) <= 20 else None
    return heatmap_grid(fed.heatmaps, image=fed.crop, names=names, keypoints=keypoints, columns=columns, cell_wh=cell)


def draw_input_and_target(fed: NetworkInput, dataset_meta: Mapping[str, Any]) -> np.ndarray:
    """Return `draw_input` and `draw_target` side by side: (height, width, 3) uint8, red first."""
    return side_by_side(draw_input(fed, dataset_meta), draw_target(fed), gap=2, background=32)
