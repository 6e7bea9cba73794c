"""Export in int8: how much is lost, and how many layers stay in float for it."""

import argparse
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from ..checkpoint.reading import local_file
from ..config.tree import evaluators_of
from ..deploy.export import export_model
from ..deploy.onnx_network import OnnxNetwork
from ..deploy.onnx_session import is_onnx
from ..deploy.quantization import Feed, float_layers_to_try, network_layers, quantize_file, require_quantization
from ..utils.atomic_file import atomic_path
from ..utils.errors import InputError, StateError
from ..utils.progress import track
from .network_arguments import Network
from .quantization_crops import calibration_crops, check_calibration, crop_feeds
from .quantization_precision import OksEvaluator, average_precision, oks_evaluator
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['MOST_AP_LOST', 'MOST_PIXELS', 'check_int8', 'export_int8']

MOST_AP_LOST = 0.01
MOST_PIXELS = 2.0
"""Input pixels that nine of ten keypoints may move; AP of few people alone hides much."""
_SURE = 0.3  # of the highest score in a crop: keypoints that are compared


class _Job(NamedTuple):
    """What is quantised, and with what.

    Attributes:
        network: ONNX file of the network, in float32.
        whole: ONNX file of what ``args.to`` asks for, in float32; None where that is the network.
        crops: each (h, w, 3) uint8 BGR.
        evaluator: of AP; None where none is measured.
    """

    args: argparse.Namespace
    model: 'BasePoseEstimator'
    network: Path
    whole: Path | None
    crops: list[np.ndarray]
    evaluator: OksEvaluator | None


def check_int8(args: argparse.Namespace, network: Network) -> None:
    """Refuse before anything is loaded what cannot be quantised.

    Args:
        args: of ``mmpose-dark export``.
        network: config and weights.

    Raises:
        MissingPackageError: what quantises is not installed.
        MissingFileError: there are no such images or annotations.
        InputError: something else than a network is to be made of an ONNX file.
    """
    require_quantization()
    if is_onnx(network.checkpoint) and args.to != 'network':
        raise InputError(f'{network.checkpoint}: of an ONNX file int8 is made with --to network, not --to {args.to}')
    check_calibration(args)


def export_int8(args: argparse.Namespace, network: Network, model: 'BasePoseEstimator') -> int:
    """Quantise a network, leaving as many layers in float as it needs, and write what ``args.to`` asks for.

    Args:
        args: of ``mmpose-dark export``, which passed `check_int8`.
        network: config and weights.
        model: of `load_network`.

    Returns:
        The exit status: `SOME_UNUSABLE` where images could not be read.

    Raises:
        InputError: calibration images or annotations that cannot be used.
        StateError: with half of its layers in float it still loses more than is allowed.
    """
    crops, unreadable = calibration_crops(args, model.cfg, model.dataset_meta)
    _name(unreadable)
    evaluator = _evaluator(args, model)
    with TemporaryDirectory() as folder:
        files = _float_files(args, network, model, Path(folder))
        job, out = _Job(args, model, *files, crops, evaluator), Path(folder) / 'int8.onnx'
        before = None
        if evaluator is not None:
            before, missed = average_precision(args, model.cfg, job.network, evaluator)
            _name({path: reason for path, reason in missed.items() if path not in unreadable})
            unreadable |= missed
        kept, told = _quantised(job, out, before)
        with atomic_path(args.out, keep_suffix=True) as temporary:
            Path(temporary).write_bytes(out.read_bytes())
    print(f'{args.out}: written, int8 but for {len(kept)} layers in float; {told}')
    return SOME_UNUSABLE if unreadable else OK


def _name(unreadable: Mapping[str, str]) -> None:
    for path, reason in unreadable.items():
        print(f'left out: {path} cannot be read: {reason}', file=sys.stderr, flush=True)


def _evaluator(args: argparse.Namespace, model: 'BasePoseEstimator') -> OksEvaluator | None:
    """Return what measures AP, and say it where nothing does."""
    if not args.annotations:
        return None
    found = oks_evaluator(model.cfg, str(Path(args.annotations).absolute()))
    if found is None:
        names = ', '.join(str(e['type']) for e in evaluators_of(model.cfg, 'test') or evaluators_of(model.cfg, 'val'))
        print(f'no AP is given: the config tests with {names or "nothing"}, not by OKS; the keypoints alone decide')
    return found


def _float_files(
    args: argparse.Namespace, network: Network, model: 'BasePoseEstimator', folder: Path
) -> tuple[Path, Path | None]:
    """Write the network, and what is asked for if that is more, in float32."""
    if is_onnx(network.checkpoint):
        return local_file(network.checkpoint), None
    print('tracing and writing: some seconds, for large networks a minute', flush=True)
    options = dict(opset=args.opset, source=network.checkpoint, check=not args.no_check)
    alone, whole = folder / 'network.onnx', folder / 'whole.onnx'
    export_model(model, alone, to='network', **options)
    if args.to == 'network':
        return alone, None
    export_model(model, whole, to=args.to, flip_test=args.flip_test, **options)
    return alone, whole


def _quantised(job: _Job, out: Path, before: float | None) -> tuple[list[str], str]:
    """Keep more layers in float until what is lost is allowed, and write the file.

    Args:
        job: what to quantise.
        out: file to write.
        before: AP in float; None where none is measured.

    Returns:
        The layers in float, and what is lost.
    """
    args, layers = job.args, network_layers(job.network)
    alone = out.with_name('int8_network.onnx')
    for kept in float_layers_to_try(layers):
        quantize_file(job.network, alone, _network_feeds(job), keep_float=kept)
        off, distances = _network_loss(job, alone)
        told = f'heatmaps differ by {off:.2f} of the largest, {_told(distances)}'
        allowed = _is_near(distances)
        if before is not None and (allowed or args.allow_loss):
            after, _ = average_precision(args, job.model.cfg, alone, job.evaluator)
            told += f'; AP {after:.4f}, float {before:.4f}'
            allowed = allowed and before - after <= MOST_AP_LOST
        if allowed or args.allow_loss:
            near, more = _write_whole(job, alone, out, kept)
            told, allowed = told + more, allowed and near
        print(f'{len(kept)} of {len(layers)} layers in float: {told}', flush=True)
        if allowed or args.allow_loss:
            return kept, told
    bound = f'{MOST_PIXELS} pixels' + (f' or {MOST_AP_LOST} of AP' if before is not None else '')
    raise StateError(
        f'int8 loses more than {bound} even with {len(kept)} of {len(layers)} layers in float; nothing was written. '
        'More and other calibration images may help; --allow-loss writes it all the same'
    )


def _write_whole(job: _Job, alone: Path, out: Path, kept: Sequence[str]) -> tuple[bool, str]:
    """Write what is asked for; return whether its keypoints stay where they are, and how far they move."""
    if job.whole is None:
        alone.replace(out)
        return True, ''
    quantize_file(job.whole, out, _whole_feeds(job, 'calibrating'), keep_float=kept)
    distances = _whole_loss(job, out)
    return _is_near(distances), f'; in the whole file, --to {job.args.to}, {_told(distances)}'


def _is_near(distances: torch.Tensor) -> bool:
    return bool(distances.quantile(0.9) <= MOST_PIXELS)  # not where some are NaN


def _told(distances: torch.Tensor) -> str:
    return (
        f'90 % of {len(distances)} keypoints by up to {distances.quantile(0.9):.2f} input pixels, the farthest by '
        f'{distances.max():.2f}'
    )


def _network_feeds(job: _Job) -> Iterator[Feed]:
    """Yield the network's inputs, one crop a time, or as many times as a fixed batch has places."""
    session = OnnxNetwork(job.network, backend='onnxruntime').session
    for crop in track(job.crops, unit='people', description='calibrating'):
        yield {session.input.name: _normalised(job.model, crop).repeat(session.fixed_batch or 1, 0)}


def _whole_feeds(job: _Job, doing: str) -> Iterator[Feed]:
    crops = track(job.crops, unit='people', description=doing)
    return crop_feeds(job.args.to, job.model.cfg, crops)


def _normalised(model: 'BasePoseEstimator', crop: np.ndarray) -> np.ndarray:
    return model.data_preprocessor(dict(inputs=[torch.from_numpy(crop).permute(2, 0, 1)]))['inputs'].numpy()


def _network_loss(job: _Job, int8: Path) -> tuple[float, torch.Tensor]:
    """Return the largest difference of a heatmap's value, over the largest, and how far each keypoint moves, (M,)."""
    networks = [OnnxNetwork(path, backend='onnxruntime') for path in (job.network, int8)]
    codec = job.model.output_head().decoder
    off, top, moved = 0.0, 1e-12, []
    for crop in track(job.crops, unit='people', description='comparing'):
        images = torch.from_numpy(_normalised(job.model, crop))
        plain, rounded = (network(images) for network in networks)
        off, top = max(off, float((plain - rounded).abs().max())), max(top, float(plain.abs().max()))
        points, others = codec.points(plain), codec.points(rounded)
        moved.append(_distances(points.keypoints, others.keypoints, points.scores))
    return off / top, _joined(moved, job)


def _whole_loss(job: _Job, int8: Path) -> torch.Tensor:
    """Return how far each keypoint moves, (M,), in what is exported from beginning to end."""
    runtime = importlib.import_module('onnxruntime')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    sessions = [
        runtime.InferenceSession(str(path), options, providers=['CPUExecutionProvider']) for path in (job.whole, int8)
    ]
    codec = job.model.output_head().decoder
    moved = []
    for feed in _whole_feeds(job, 'comparing'):
        found = []
        for session in sessions:
            if job.args.to == 'heatmaps':
                found.append(codec.points(torch.from_numpy(session.run(['heatmaps'], feed)[0]))[:2])
            else:
                found.append([torch.from_numpy(value) for value in session.run(['keypoints', 'scores'], feed)])
        (points, scores), (others, _) = found
        moved.append(_distances(points, others, scores))
    return _joined(moved, job)


def _distances(points: torch.Tensor, others: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return how far keypoints (1, K, 2) move, those alone that are found for sure: (M,)."""
    return (points - others).norm(dim=-1)[scores > _SURE * scores.max()]


def _joined(moved: list[torch.Tensor], job: _Job) -> torch.Tensor:
    distances = torch.cat(moved)
    if not len(distances):
        raise InputError(
            f'{job.args.calibration_images}: the float network finds no keypoint in {len(moved)} crops of it, so int8 '
            'cannot be compared: give images of people, and weights that find them'
        )
    return distances
