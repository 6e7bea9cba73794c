"""Export in int8: the crops that give the ranges, how much is lost, and how many layers stay in float for it."""

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..checkpoint.reading import local_file
from ..config.tree import dataset_of
from ..datasets import BaseCocoStyleDataset
from ..deploy.export import export_model
from ..deploy.onnx_network import OnnxNetwork
from ..deploy.onnx_session import is_onnx
from ..deploy.quantization import Feed, float_layers_to_try, network_layers, quantize_file, require_quantization
from ..inference.crops import CropStage, ReadStage, build_test_pipeline
from ..inference.sources.image_files import find_images
from ..registry import DATASETS
from ..utils.atomic_file import atomic_path
from ..utils.errors import InputError, MissingFileError, StateError
from ..utils.progress import track
from .network_arguments import Network
from .status import OK

if TYPE_CHECKING:
    from mmengine.config import Config

    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['MOST_AP_LOST', 'MOST_PIXELS', 'export_int8']

MOST_AP_LOST = 0.01
MOST_PIXELS = 2.0
"""Input pixels that nine of ten keypoints may move; AP of few people alone hides much."""
_PADDING = 1.25


def export_int8(args: argparse.Namespace, network: Network, model: 'BasePoseEstimator') -> int:
    """Quantise a network, leaving as many layers in float as it needs, and write what ``args.to`` asks for.

    Args:
        args: of ``mmpose-dark export``.
        network: config and weights.
        model: of `load_network`.

    Raises:
        InputError: calibration images or annotations that cannot be used.
        StateError: with half of its layers in float it still loses more than is allowed.
    """
    require_quantization()
    given_onnx = is_onnx(network.checkpoint)
    if given_onnx and args.to != 'network':
        raise InputError(f'{network.checkpoint}: of an ONNX file int8 is made with --to network, not --to {args.to}')
    crops = list(track(_crops(args, model.cfg, model.dataset_meta), unit='people', description='reading'))
    if not crops:
        raise InputError(f'{args.annotations or args.calibration_images}: there is no person to calibrate with')
    with TemporaryDirectory() as folder:
        float32, int8 = Path(folder) / 'float32.onnx', Path(folder) / 'int8.onnx'
        if given_onnx:
            float32 = local_file(network.checkpoint)
        else:
            print('tracing and writing: some seconds, for large networks a minute', flush=True)
            export_model(model, float32, to='network', opset=args.opset, source=network.checkpoint, check=False)
        kept, told = _quantised(args, model, crops, float32, int8)
        if args.to != 'network':
            whole = Path(folder) / 'whole.onnx'
            export_model(
                model, whole, to=args.to, flip_test=args.flip_test, opset=args.opset, source=network.checkpoint,
                check=not args.no_check,
            )  # fmt: skip
            quantize_file(whole, int8, _feeds(args.to, model, crops), keep_float=kept)
        with atomic_path(args.out, keep_suffix=True) as temporary:
            Path(temporary).write_bytes(int8.read_bytes())
    print(f'{args.out}: written, int8 but for {len(kept)} layers in float; {told}')
    return OK


def _quantised(
    args: argparse.Namespace, model: 'BasePoseEstimator', crops: list[np.ndarray], float32: Path, int8: Path
) -> tuple[list[str], str]:
    """Keep more layers in float until what is lost is allowed; return these layers, and what is lost."""
    layers = network_layers(float32)
    before = _average_precision(args, model.cfg, float32) if args.annotations else None
    name = OnnxNetwork(float32, backend='onnxruntime').session.input.name
    for kept in float_layers_to_try(layers):
        quantize_file(float32, int8, _feeds('network', model, crops, name), keep_float=kept)
        off, moved = _differences(model, crops, float32, int8)
        told = f'heatmaps differ by {off:.2f} of the largest, 90 % of the keypoints by up to {moved:.2f} input pixels'
        allowed = moved <= MOST_PIXELS
        if before is not None and (allowed or args.allow_loss):
            after = _average_precision(args, model.cfg, int8)
            told += f'; AP {after:.4f}, float {before:.4f}'
            allowed = allowed and before - after <= MOST_AP_LOST
        print(f'{len(kept)} of {len(layers)} layers in float: {told}', flush=True)
        if allowed or args.allow_loss:
            return kept, told
    bound = f'{MOST_PIXELS} pixels' + (f' or {MOST_AP_LOST} of AP' if before is not None else '')
    raise StateError(
        f'int8 loses more than {bound} even with {len(kept)} of {len(layers)} layers in float; nothing was written. '
        'More and other calibration images may help; --allow-loss writes it all the same'
    )


def _crops(args: argparse.Namespace, cfg: 'Config', meta: dict | None) -> Iterator[np.ndarray]:
    """Yield crops (h, w, 3) uint8 BGR of the test pipeline, evenly over all there are."""
    if args.annotations:
        settings = _dataset(args, cfg)
        dataset = DATASETS.build(settings)
        for i in _even(len(dataset), args.calibration_count):
            yield _channels_last(dataset[i]['inputs'])
        return
    pipeline = build_test_pipeline(cfg)
    read, cut = ReadStage(pipeline), CropStage(pipeline, meta)
    paths = find_images(args.calibration_images)
    for path in (paths[i] for i in _even(len(paths), args.calibration_count)):
        image = read(path)
        box = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
        yield from (_channels_last(crop.inputs) for crop in cut(image, str(path), box, np.ones(1, np.float32)))


def _even(total: int, count: int) -> list[int]:
    """Return at most ``count`` of the numbers below ``total``, evenly."""
    return np.unique(np.linspace(0, total - 1, min(total, max(1, count))).round().astype(int)).tolist() if total else []


def _channels_last(inputs: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(inputs.permute(1, 2, 0).numpy())


def _dataset(args: argparse.Namespace, cfg: 'Config') -> dict:
    """Return the config's test dataset with the user's annotations and images in it.

    Raises:
        MissingFileError: there are no such annotations.
        InputError: the config tests on a dataset of another kind.
    """
    if not Path(args.annotations).is_file():
        raise MissingFileError(f'--annotations {args.annotations}: there is no such file')
    settings = copy.deepcopy(dict(dataset_of(cfg, 'test') or dataset_of(cfg, 'val') or {}))
    kind = DATASETS.get(settings.get('type', ''))
    if kind is None or not issubclass(kind, BaseCocoStyleDataset):
        raise InputError(
            f'--annotations: the config tests on {settings.get("type")}, and only those in the style of COCO can be '
            'read; give --calibration-images with crops alone'
        )
    places = dict(ann_file=str(Path(args.annotations).absolute()), data_root='', bbox_file=None)
    return (
        settings | places | dict(data_prefix=dict(img=f'{Path(args.calibration_images).absolute()}/'), test_mode=True)
    )


def _average_precision(args: argparse.Namespace, cfg: 'Config', network: Path) -> float:
    """Return the AP that the config's test finds for a network in an ONNX file."""
    from ..engine import PoseRunner

    cfg = copy.deepcopy(cfg)
    with TemporaryDirectory() as folder:
        cfg.work_dir, cfg.load_from, cfg.resume, cfg.log_level = folder, str(network), False, 'WARNING'
        for part in ('train', 'val'):
            for key in ('cfg', 'dataloader', 'evaluator'):
                cfg[f'{part}_{key}'] = None
        cfg.optim_wrapper = cfg.param_scheduler = None
        cfg.default_hooks = {**(cfg.get('default_hooks') or {}), 'checkpoint': None}
        cfg.test_cfg = {'backend': 'onnxruntime'}
        cfg.device = 'cpu'
        loader = dict(batch_size=16, num_workers=0, persistent_workers=False, dataset=_dataset(args, cfg))
        cfg.test_dataloader = {**loader, 'sampler': dict(type='DefaultSampler', shuffle=False)}
        cfg.test_evaluator = dict(type='CocoMetric', ann_file=str(Path(args.annotations).absolute()))
        metrics = PoseRunner.from_cfg(cfg).test()
    return float(metrics['coco/AP'])


def _feeds(to: str, model: 'BasePoseEstimator', crops: list[np.ndarray], name: str = 'inputs') -> Iterator[Feed]:
    """Yield the inputs of what is exported, one crop (h, w, 3) a time."""
    for crop in crops:
        if to == 'network':
            yield {name: _normalised(model, crop)}
        elif to == 'image':
            # A box that the crop, with its margin, is cut out around as it is.
            size = np.array(crop.shape[1::-1], np.float32)
            middle, half = size / 2, size / (2 * _PADDING)
            yield dict(image=crop, boxes=np.concatenate([middle - half, middle + half])[None].astype(np.float32))
        else:
            yield dict(crops=crop[None])


def _normalised(model: 'BasePoseEstimator', crop: np.ndarray) -> np.ndarray:
    return model.data_preprocessor(dict(inputs=[torch.from_numpy(crop).permute(2, 0, 1)]))['inputs'].numpy()


def _differences(model: 'BasePoseEstimator', crops: list[np.ndarray], float32: Path, int8: Path) -> tuple[float, float]:
    """Return the largest difference of a heatmap's value, over the largest, and how far 90 % of the keypoints move."""
    networks = [OnnxNetwork(path, backend='onnxruntime') for path in (float32, int8)]
    codec = model.output_head().decoder
    off, top, moved = 0.0, 1e-12, []
    for crop in crops:
        images = torch.from_numpy(_normalised(model, crop))
        plain, rounded = (network(images) for network in networks)
        off, top = max(off, float((plain - rounded).abs().max())), max(top, float(plain.abs().max()))
        points, others = codec.points(plain), codec.points(rounded)
        moved.append((points.keypoints - others.keypoints).norm(dim=-1)[points.scores > 0.3 * points.scores.max()])
    return off / top, float(torch.cat(moved).quantile(0.9))
