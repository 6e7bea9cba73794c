"""Labelled people beside what a network finds of them: what a calibration is fitted to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.registry import DefaultScope

from ..config.tree import dataset_of
from ..config.validate import validate_config
from ..engine import PoseRunner
from ..engine.batch import raise_worker_error
from ..models.heads.packing import to_host
from ..structures.crop import crops_of, image_to_crop
from ..utils.errors import InputError
from .network import known_keypoint_set

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator
    from ..structures import PoseDataSample

__all__ = ['Observations', 'observe']

Track = Callable[[Iterable, int, str], Iterable]


@dataclass(frozen=True)
class Observations:
    """People with truth and prediction.

    Attributes:
        images: (N,) numbers of the images, equal for people of one image.
        scores: (N, K) heights.
        errors: (N, K, 2) found minus true, pixels of the network's input.
        distances: (N, K) pixels of the image.
        covariances: (N, K, 2, 2) shapes of the peaks, square pixels of the input; None where the codec knows none.
        visibility: (N, K) 0 not labelled, 1 labelled and hidden, 2 in sight.
        areas: (N,) of the people, square pixels of the image.
        box_areas: (N,) of the boxes, square pixels of the image.
        sigmas: (K,) of the keypoints; None where the definition has none.
        has_hidden: whether the labels say which keypoints are hidden.
        unreadable: paths of images that could not be read.
    """

    images: np.ndarray
    scores: np.ndarray
    errors: np.ndarray
    distances: np.ndarray
    covariances: np.ndarray | None
    visibility: np.ndarray
    areas: np.ndarray
    box_areas: np.ndarray
    sigmas: np.ndarray | None
    has_hidden: bool
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: np.ndarray) -> 'Observations':
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        whole = ('sigmas', 'has_hidden', 'unreadable')
        return Observations(**{k: v if k in whole or v is None else v[index] for k, v in values.items()})

    @property
    def usable(self) -> np.ndarray:
        """(N, K) keypoints that are labelled and found."""
        return (self.visibility > 0) & np.isfinite(self.scores) & np.isfinite(self.errors).all(-1)


@torch.no_grad()
def observe(model: 'BasePoseEstimator', phase: str = 'val', *, track: Track | None = None) -> Observations:
    """Run a network over the labelled people of its config.

    Args:
        model: of `init_model`.
        phase: ``'val'`` or ``'test'``: whose data loader is read; boxes are the annotated ones, whatever
            its ``bbox_file`` says.
        track: shows progress: takes the batches, their number and their name.

    Raises:
        ConfigError: a mistake in the data loader's config.
        InputError: the config has no such data, or nobody is labelled.
    """
    dataset = dataset_of(model.cfg, phase)
    if not dataset:
        raise InputError(f'the config has no {phase}_dataloader: name another --phase, or a config with labelled data')
    # Detected boxes have no labels.
    dataset = dict(dataset, bbox_file=None) if dataset.get('bbox_file') else dataset
    loader = dict(model.cfg[f'{phase}_dataloader'], dataset=dataset, persistent_workers=False)
    validate_config({'default_scope': 'mmpose_dark', 'model': model.cfg.model, f'{phase}_dataloader': loader})
    with DefaultScope.overwrite_default_scope('mmpose_dark'):
        loader = PoseRunner.build_dataloader(loader, seed=0)
    parts, unreadable = [], {}
    for batch in (track or (lambda items, *_: items))(loader, len(loader), 'batches'):
        raise_worker_error(batch)
        unreadable |= {str(sample.path): None for sample in batch.get('bad_samples') or ()}
        if len(batch['inputs']):
            parts.append(_observed(model, batch))
    if not parts:
        raise InputError(f'none of the images of {phase}_dataloader could be read')
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if parts[0][name] is not None}
    _, joined['images'] = np.unique(joined.pop('image_names'), return_inverse=True)
    definition = known_keypoint_set(model) or {}
    sigmas = definition.get('sigmas')
    return Observations(
        **joined | dict(covariances=joined.get('covariances'), has_hidden=bool(joined['has_hidden'].all())),
        sigmas=None if sigmas is None or not len(sigmas) else np.asarray(sigmas, float),
        unreadable=tuple(unreadable),
    )


def _observed(model: 'BasePoseEstimator', batch: Mapping) -> dict[str, np.ndarray | None]:
    samples = batch['data_samples']
    inputs = model.data_preprocessor(dict(inputs=batch['inputs']))['inputs']
    points = model.points(inputs, flip_indices=(model.dataset_meta or {}).get('flip_indices'))
    keypoints, scores, covariances = to_host(points)
    places = crops_of([sample.metainfo for sample in samples])
    truth = np.concatenate([_labels(sample)[0] for sample in samples])
    if truth.shape != keypoints.shape:
        raise InputError(
            f'the data has {truth.shape[1]} keypoints a person, the network gives {keypoints.shape[1]}: calibrate with '
            "the data of the network's own keypoints"
        )
    errors = keypoints - image_to_crop(truth, **places)
    boxes = np.concatenate([sample.gt_instances.bboxes for sample in samples])
    box_areas = (boxes[:, 2:] - boxes[:, :2]).prod(1).astype(float)
    raw = [sample.get('raw_ann_info') or {} for sample in samples]
    areas = [float(r.get('area') or a) for r, a in zip(raw, box_areas, strict=True)]
    return dict(
        image_names=np.array([str(sample.get('img_id', sample.get('img_path'))) for sample in samples]),
        scores=scores,
        errors=errors,
        distances=np.linalg.norm(errors * places['input_scale'] / places['input_size'], axis=-1),
        covariances=covariances,
        visibility=np.concatenate([_labels(sample)[1] for sample in samples]),
        areas=np.array(areas),
        box_areas=box_areas,
        has_hidden=np.array(['keypoints' in r for r in raw]),
    )


def _labels(sample: 'PoseDataSample') -> tuple[np.ndarray, np.ndarray]:
    """Return the true keypoints (1, K, 2) in image pixels, and 0, 1 or 2 for each (1, K)."""
    labels = sample.get('gt_instances') or {}
    if 'keypoints' not in labels:
        raise InputError('the dataset has no labelled keypoints: a calibration is fitted to labels')
    known = np.asarray(labels.keypoints_visible).reshape(1, -1) > 0
    raw = (sample.get('raw_ann_info') or {}).get('keypoints')
    visibility = 2.0 * known
    if isinstance(raw, list) and len(raw) == 3 * known.shape[1]:
        visibility = np.clip(np.asarray(raw, float)[None, 2::3], 0, 2) * known
    return np.asarray(labels.keypoints, float), visibility
