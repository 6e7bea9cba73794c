"""A network that is ready to be used: config, weights, device, definition of its keypoints."""

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ..checkpoint import load_checkpoint
from ..checkpoint.calibration_file import find_calibration
from ..config.lookup import find_config
from ..config.options import set_options
from ..config.reading import ConfigError, as_pose_config, load_config
from ..config.tree import dataset_of, image_pipeline, keypoint_definition
from ..config.validate import validate_config
from ..deploy.acceleration import Acceleration, accelerate
from ..deploy.onnx_network import use_onnx_file
from ..deploy.onnx_session import is_onnx
from ..keypoint_sets.definitions import parse_pose_metainfo
from ..registry import MODELS
from ..utils.device import resolve_device
from ..utils.errors import InputTypeError

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['dataset_meta_from_config', 'init_model']

_ARRAYS = dict(
    keypoint_colors=np.uint8, skeleton_link_colors=np.uint8, dataset_keypoint_weights=np.float32, sigmas=np.float32
)


def init_model(
    config: str | Path | Config | dict,
    checkpoint: str | Path | None = None,
    device: str | torch.device = 'cpu',
    cfg_options: dict[str, object] | None = None,
    *,
    acceleration: Mapping[str, str | bool | None] | None = None,
    calibration: str | Path | None = None,
) -> 'BasePoseEstimator':
    """Build a model and load its weights.

    Args:
        config: a file, the name of a config of the zoo (see `find_config`), or a config; not modified.
        checkpoint: file or URL, of any family that `load_checkpoint` knows, or a heatmap network in ``.onnx``, which
            runs on the CPU in place of the config's; None leaves the weights random.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``, or ``'auto'`` for the first there is.
        cfg_options: values to set in the config, by dotted name.
        acceleration: ways to make the network faster, the arguments of `Acceleration`: ``dict(backend='openvino')``,
            ``dict(amp='auto', channels_last=True)`` ...
        calibration: file of `mmpose-dark calibrate`; ``'auto'``: the one beside the checkpoint or inside it, if there
            is one; None: raw scores and shapes of peaks.

    Returns:
        The model in eval mode, with ``cfg`` (the resolved config) and ``dataset_meta`` (names,
        colours, skeleton ...; None where neither checkpoint nor config says it).

    Raises:
        ConfigError: the config is not found, or has a mistake in the model or the test pipeline.
        InputTypeError: a config, checkpoint or options of another type.
        CheckpointError: the weights cannot be read, or are of another network.
        ValueError: a device that is not there, or ways of acceleration that do not go together.
        ImportError: a backend that is not installed.
    """
    if checkpoint is not None and not isinstance(checkpoint, str | os.PathLike):
        raise InputTypeError(f'checkpoint must be a file or a URL, got {type(checkpoint).__name__}')
    cfg = _read(config, cfg_options)
    target = resolve_device(str(device))
    faster = Acceleration(**(acceleration or {}))
    _for_inference_(cfg.model)
    validate_config(_used_here(cfg))
    with DefaultScope.overwrite_default_scope('mmpose_dark'):
        model = MODELS.build(cfg.model)
    meta, inside = dataset_meta_from_config(cfg), {}
    if is_onnx(checkpoint):
        use_onnx_file(model, checkpoint)
    elif checkpoint is not None:
        inside = load_checkpoint(model, checkpoint).get('meta') or {}
        meta = _merged_meta(inside.get('dataset_meta'), meta)
    model.cfg = cfg
    model.dataset_meta = meta
    model.calibration = find_calibration(calibration, checkpoint, inside, num_keypoints=_number(model))
    model.to(target).eval()
    accelerate(model, faster)
    return model


def _number(model: 'BasePoseEstimator') -> int | None:
    """Return how many keypoints the model gives; None where nothing says it."""
    chosen = model.test_cfg.get('output_keypoint_indices')
    known = (model.dataset_meta or {}).get('num_keypoints') if chosen is None else len(chosen)
    return None if known is None else int(known)


def _read(config: str | Path | Config | dict, cfg_options: dict[str, object] | None) -> Config:
    """Return a config of our own, with the options in it."""
    if cfg_options is not None and not isinstance(cfg_options, Mapping):
        raise InputTypeError(f'cfg_options must be a dict of dotted names, got {type(cfg_options).__name__}')
    if isinstance(config, str | os.PathLike):
        cfg = load_config(find_config(config), cfg_options)
    elif isinstance(config, Config | dict):
        cfg = as_pose_config(copy.deepcopy(config))
        if cfg_options:
            set_options(cfg, cfg_options)
    else:
        raise InputTypeError(f'config must be a path, a name or a Config, got {type(config).__name__}')
    if cfg.get('model') is None:
        raise ConfigError(f'config {cfg.filename or "(no file)"} has no `model`')
    return cfg


def _used_here(cfg: Config) -> dict[str, object]:
    """Return the parts of a config that inference reads: model and test pipeline, whatever the rest says."""
    parts = {key: cfg[key] for key in ('default_scope', 'model') if key in cfg}
    for phase in ('test', 'val'):
        if dataset_of(cfg, phase):
            dataset = dict(type='CocoDataset', pipeline=image_pipeline(cfg))
            return parts | {f'{phase}_dataloader': dict(dataset=dataset, sampler=None)}
    return parts


def _for_inference_(model: dict) -> None:
    """Take out what only training needs: ImageNet weights, and a loss that is not here."""
    model['init_cfg'] = None
    if isinstance(model.get('backbone'), dict):
        model['backbone']['init_cfg'] = None
    head = model.get('head')
    loss = head.get('loss') if isinstance(head, dict) else None
    if isinstance(loss, dict) and isinstance(loss.get('type'), str) and MODELS.get(loss['type']) is None:
        del head['loss']


def dataset_meta_from_config(cfg: Config | Mapping[str, object]) -> dict[str, object] | None:
    """Return the keypoints' definition of the dataset that a config tests on (or validates or trains on).

    Returns:
        As `parse_pose_metainfo`; None if the config names no dataset.

    >>> meta = dataset_meta_from_config(dict(test_dataloader=dict(dataset=dict(type='CocoDataset'))))
    >>> meta['dataset_name'], meta['num_keypoints']
    ('coco', 17)
    """
    definition = keypoint_definition(cfg)
    return parse_pose_metainfo(definition) if definition else None


def _merged_meta(saved: object, configured: dict[str, object] | None) -> dict[str, object] | None:
    """Take what the checkpoint says of its keypoints, the rest from the config's definition."""
    if not isinstance(saved, dict) or not saved.get('keypoint_id2name'):
        return configured
    saved = {k: np.asarray(v, _ARRAYS[k]) if k in _ARRAYS and v is not None else v for k, v in saved.items()}
    saved['keypoint_id2name'] = {int(k): v for k, v in saved['keypoint_id2name'].items()}
    saved.setdefault('num_keypoints', len(saved['keypoint_id2name']))
    if configured is None or configured['num_keypoints'] != saved['num_keypoints']:
        return saved
    return {**configured, **saved}
