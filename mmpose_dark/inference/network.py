"""The network stage: from the crops of a batch, of one or several images, to keypoints in image pixels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from ..models.heads.packing import to_host
from ..structures.calibration import calibrated
from ..structures.crop import covariances_to_image, crop_to_image, crops_of
from ..structures.poses import Poses
from ..utils.errors import InputError
from .crops import Crop

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['PersonKeypoints', 'find_keypoints', 'join_people', 'known_keypoint_set']


class PersonKeypoints(NamedTuple):
    """What the network finds of one person.

    Attributes:
        keypoints: (K, 2) float32 x, y in image pixels.
        scores: (K,) float32.
        covariances: (K, 2, 2) float32 in square image pixels, of errors where the model is calibrated; None where
            the codec does not know them.
        heatmaps: (K, H, W) on the network's device, with ``test_cfg.output_heatmaps`` only, else None.
        probabilities: (K,) float32 of lying within the calibration's bound; None where the model has none.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    covariances: np.ndarray | None
    heatmaps: torch.Tensor | None
    probabilities: np.ndarray | None = None


@torch.no_grad()
def find_keypoints(model: 'BasePoseEstimator', crops: Sequence[Crop]) -> list[PersonKeypoints]:
    """Run the network on one batch of crops, with one copy to the host; no crop gives nothing.

    Args:
        model: of `init_model`.
        crops: of one or several images.

    Returns:
        One entry a crop, in their order.

    Raises:
        InputError: the network gives another number of keypoints than its definition has.
    """
    if not crops:
        return []
    inputs = model.data_preprocessor(dict(inputs=[crop.inputs for crop in crops]))['inputs']
    flip_indices = (model.dataset_meta or {}).get('flip_indices')
    points = model.points(inputs, flip_indices=flip_indices)
    keypoints, scores, covariances = to_host(points)
    probabilities = None
    if model.calibration is not None:
        probabilities, covariances = calibrated(scores, covariances, model.calibration)
    _check_number(keypoints.shape[1], known_keypoint_set(model))
    places = crops_of([crop.sample.metainfo for crop in crops])
    keypoints = crop_to_image(keypoints, **places)
    if covariances is not None:
        covariances = covariances_to_image(
            covariances, input_size=places['input_size'], input_scale=places['input_scale']
        )
    return [
        PersonKeypoints(
            keypoints[i],
            scores[i],
            None if covariances is None else covariances[i],
            None if points.heatmaps is None else points.heatmaps[i],
            None if probabilities is None else probabilities[i],
        )
        for i in range(len(crops))
    ]


def join_people(
    people: Sequence[PersonKeypoints], model: 'BasePoseEstimator', *, boxes: np.ndarray, box_scores: np.ndarray
) -> Poses:
    """Put the people of one image together.

    Args:
        people: N, of `find_keypoints`.
        model: that found them.
        boxes: (N, 4) left, top, right, bottom in image pixels.
        box_scores: (N,).
    """
    definition = known_keypoint_set(model)
    if not people:
        return Poses.empty(_number_of_keypoints(model, definition), definition)
    calibrated_all = all(person.probabilities is not None for person in people)
    with_covariances = all(person.covariances is not None for person in people)
    return Poses(
        np.stack([person.keypoints for person in people]),
        np.stack([person.scores for person in people]),
        boxes,
        box_scores,
        covariances=np.stack([person.covariances for person in people]) if with_covariances else None,
        probabilities=np.stack([person.probabilities for person in people]) if calibrated_all else None,
        keypoint_set=definition,
    )


def known_keypoint_set(model: 'BasePoseEstimator') -> Mapping[str, object] | None:
    """Return the definition of the keypoints that the model gives, None if it is not known.

    With ``test_cfg.output_keypoint_indices`` these are the dataset's, unless there is another number of them, or they
    are the dataset's own keypoints in another order.
    """
    chosen = model.test_cfg.get('output_keypoint_indices')
    if chosen is None or model.dataset_meta is None:
        return model.dataset_meta
    reordered = sorted(chosen) == list(range(len(chosen))) != list(chosen)
    return model.dataset_meta if len(chosen) == model.dataset_meta['num_keypoints'] and not reordered else None


def _number_of_keypoints(model: 'BasePoseEstimator', definition: Mapping[str, object] | None) -> int:
    if definition is not None:
        return int(definition['num_keypoints'])
    return len(model.test_cfg.get('output_keypoint_indices') or ())


def _check_number(found: int, definition: Mapping[str, object] | None) -> None:
    if definition is not None and definition['num_keypoints'] != found:
        raise InputError(
            f'the model finds {found} keypoints, its dataset {definition.get("dataset_name")!r} has '
            f'{definition["num_keypoints"]}; set model.head.out_channels to the number of keypoints of the dataset'
        )
