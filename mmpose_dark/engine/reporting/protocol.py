"""All that decides the metrics of a test, read from what was built and not from what was written."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.dist import get_world_size

from ...checkpoint.description import describe_checkpoint
from ...checkpoint.download import sha256_of
from ...checkpoint.urls import shown
from ...config.defaults import with_defaults
from ...config.tree import evaluators_of, image_pipeline
from ...deploy.fastest import remembered_backend
from ...deploy.onnx_network import OnnxNetwork
from ...registry import METRICS, TRANSFORMS
from ...utils.machine import processor_name
from ...utils.pose_registry import accepted_arguments
from ...utils.precision import amp_dtype
from ...version import __version__
from ..runner_protocol import RunnerLike
from ..state import to_plain

if TYPE_CHECKING:
    from torch.utils.data import Dataset

__all__ = ['protocol_of']

_PACKAGES = ('torch', 'mmengine', 'mmcv-lite', 'mmcv', 'numpy', 'opencv-python', 'hotcoco', 'xtcocotools',
             'onnxruntime', 'openvino')  # fmt: skip
_FILES = ('ann_file', 'bbox_file', 'headbox_file')
_TEST_DEFAULTS = dict(flip_test=False, shift_heatmap=False, flip_batch=False, output_keypoint_indices=None)


def protocol_of(runner: RunnerLike) -> dict[str, Any]:
    """Return the protocol of a test, in types that JSON has.

    Args:
        runner: with its test loop and weights.

    Returns:
        ``data`` (one entry a dataset: files with SHA-256 and counts, source of boxes), ``input`` (size, padding,
        transforms), ``codec``, ``test_cfg`` (flip and shift), ``evaluators`` (NMS, score mode, sigmas, engine ...),
        ``weights``, ``run`` (batch, precision, backend, seed ...), ``versions``, ``machine``. Settings that the config
        does not write stand with their defaults.
    """
    cfg, loop = runner.cfg, runner.test_loop
    sigmas = _rounded(loop.dataloader.dataset.metainfo.get('sigmas'))
    return to_plain(
        dict(
            config=cfg.filename and os.path.abspath(cfg.filename),
            data=[_data(dataset) for dataset in _leaves(loop.dataloader.dataset)],
            input=_input(runner),
            codec=_kept_arguments(runner.bare_model.output_head().decoder),
            test_cfg={**_TEST_DEFAULTS, **runner.bare_model.test_cfg},
            evaluators=[_evaluator(settings, sigmas) for settings in evaluators_of(cfg, 'test')],
            weights=_weights(cfg.get('load_from')),
            run=_run(runner),
            versions={'mmpose_dark': __version__, 'python': platform.python_version(), **_versions()},
            machine=_machine(runner.device),
        )
    )


def _rounded(sigmas: object) -> list[float] | None:
    """Sigmas without the tail that float32 gives them."""
    return None if sigmas is None else np.asarray(sigmas, np.float64).round(6).tolist()


def _leaves(dataset: 'Dataset') -> Iterator['Dataset']:
    """Yield the datasets that read files, of those that join or repeat others."""
    inner = getattr(dataset, 'datasets', None) or ([dataset.dataset] if hasattr(dataset, 'dataset') else [])
    for part in inner:
        yield from _leaves(part)
    if not inner:
        yield dataset


def _data(dataset: 'Dataset') -> dict[str, Any]:
    """Files of a dataset with hash and counts, and where its boxes come from."""
    found: dict[str, Any] = dict(
        type=type(dataset).__name__,
        definition=dataset.metainfo.get('dataset_name'),
        keypoints=list((dataset.metainfo.get('keypoint_id2name') or {}).values()),
        samples=len(dataset),
        images=len({place[1] for place in dataset.sample_places()}) if hasattr(dataset, 'sample_places') else None,
        boxes='detections' if getattr(dataset, 'bbox_file', None) else 'ground truth',
        filter_cfg=getattr(dataset, 'filter_cfg', {}),
        sigmas=_rounded(dataset.metainfo.get('sigmas')),
        files={},
    )
    for name in _FILES:
        value = getattr(dataset, name, None)
        paths = [value] if isinstance(value, str) else value or []
        for path in paths:
            found['files'][f'{name} {path}' if len(paths) > 1 else name] = _file(path)
    return found


def _file(path: str) -> dict[str, Any]:
    if not os.path.isfile(path):
        return dict(path=shown(path), sha256=None)
    return dict(path=os.path.abspath(path), sha256=sha256_of(path), bytes=os.path.getsize(path))


def _input(runner: RunnerLike) -> dict[str, Any]:
    transforms = [with_defaults(transform, TRANSFORMS) for transform in image_pipeline(runner.cfg)]
    boxes = next((t for t in transforms if t['type'] == 'GetBBoxCenterScale'), {})
    crop = next((t for t in transforms if t['type'] == 'TopdownAffine'), {})
    return dict(
        size=crop.get('input_size'), padding=boxes.get('padding'), use_udp=crop.get('use_udp'), transforms=transforms
    )


def _kept_arguments(part: object) -> dict[str, Any]:
    """Type of an object and its constructor's arguments, as it keeps them."""
    names = accepted_arguments(type(part)).accepted
    return dict(type=type(part).__name__, **{name: getattr(part, name) for name in names if hasattr(part, name)})


def _evaluator(settings: Mapping, sigmas: object) -> dict[str, Any]:
    found = with_defaults(settings, METRICS)
    return {**found, 'sigmas': sigmas} if 'nms_mode' in found else found


def _weights(source: str | None) -> dict[str, Any]:
    return dict(source=None) if source is None else describe_checkpoint(source)


def _run(runner: RunnerLike) -> dict[str, Any]:
    cfg, loop = runner.cfg, runner.test_loop
    half = amp_dtype(loop.amp, runner.device) if loop.amp else None
    loader = loop.dataloader
    return dict(
        batch_size=loader.batch_size,
        processes=get_world_size(),
        precision=str(half or torch.float32).removeprefix('torch.'),
        backend=_backend(runner),
        compile=loop.acceleration.compile,
        fuse_conv_bn=loop.acceleration.fuse_conv_bn,
        channels_last=bool(cfg.get('channels_last')),
        seed=runner.seed,
        deterministic=bool((cfg.get('randomness') or {}).get('deterministic')),
    )


def _backend(runner: RunnerLike) -> str:
    """Name of what runs the network; where the fastest was asked for, that too."""
    asked, model = runner.test_loop.acceleration.backend, runner.bare_model
    standing = model.network_in_place
    if isinstance(standing, OnnxNetwork):
        return f'{standing.session.backend} (ONNX file)'
    if asked != 'auto':
        return asked
    width, height = model.output_head().require_decoder().input_size
    chosen = remembered_backend(model, torch.zeros(1, 3, height, width, device=runner.device))
    return f'auto: {chosen or "not remembered"}'


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    found['torch'] = torch.__version__  # says more than its metadata: which build
    return found


def _machine(device: torch.device) -> dict[str, Any]:
    return dict(
        system=f'{platform.system()} {platform.machine()}',
        processor=processor_name(),
        cores=os.cpu_count(),
        threads=torch.get_num_threads(),
        device=device.type,
        gpu=torch.cuda.get_device_name(device) if device.type == 'cuda' else None,
    )
