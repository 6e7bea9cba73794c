"""Export: one ONNX graph, or one torch.export archive, from images to heatmaps or keypoints."""

import importlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch

from ..checkpoint.calibration_file import calibration_record
from ..checkpoint.download import sha256_of
from ..config.tree import image_pipeline
from ..models import BasePoseEstimator
from ..utils.atomic_file import atomic_path
from ..utils.errors import InputError, MissingPackageError, StateError
from ..version import __version__
from .export_modules import CropsToHeatmaps, CropsToKeypoints, ImageToKeypoints
from .onnx_writing import OPSET, quiet_exporter, require_onnx, write_onnx
from .plain_network import PlainNetwork, example_images

__all__ = ['TARGETS', 'check_target', 'crop_settings', 'export_model']

Target: TypeAlias = Literal['heatmaps', 'keypoints', 'image', 'network']
TARGETS: tuple[Target, ...] = ('keypoints', 'heatmaps', 'image', 'network')
_SUFFIXES = ('.onnx', '.pt2')
_PX, _SCORE = 0.05, 1e-3
"""Largest differences from PyTorch that are taken: pixels of 99 % of the keypoints, and scores (5e-5 and 1e-6 seen)."""


def export_model(
    model: BasePoseEstimator,
    out: str | os.PathLike,
    *,
    to: Target = 'keypoints',
    flip_test: bool = False,
    opset: int = OPSET,
    source: str | os.PathLike | None = None,
    check: bool = True,
) -> dict[str, float]:
    """Export a model with everything between image and answer inside.

    ``'heatmaps'`` takes crops (B, h, w, 3) uint8 BGR and gives the network's outputs; ``'keypoints'`` gives keypoints
    (B, K, 2) in input pixels, scores (B, K) and, where the codec knows them, covariances (B, K, 2, 2); ``'image'``
    takes one image (H, W, 3) uint8 BGR of any size and boxes (N, 4) left top right bottom, and gives the same in image
    pixels. A calibrated model also gives probabilities (B, K), third, and its covariances are those of the errors.
    ``'network'`` takes images (B, 3, h, w) that are normalised already and gives the network's outputs: such a file
    takes the place of a checkpoint in ``test`` and ``predict``. Any number of crops or boxes goes. The file holds
    metadata: names of keypoints, skeleton, sigmas, codec, calibration.

    Args:
        model: of `init_model`, on the CPU.
        out: to write, ``.onnx`` or ``.pt2`` (an archive of ``torch.export``).
        to: what it gives.
        flip_test: average with the mirrored image, as ``test_cfg`` says how.
        opset: of ONNX.
        source: the checkpoint, whose hash is noted.
        check: run the file, and refuse it where its answers differ from PyTorch's.

    Returns:
        The largest differences from PyTorch by output; empty without ``check``.

    Raises:
        InputError: another target or ending, or a model that cannot be traced.
        StateError: the file gives something else than the model.
        MissingPackageError: what writes or runs ONNX is not installed.
        OutputError: it cannot be written.
    """
    out = check_target(out, to)
    if model.network_in_place is not None:
        raise InputError(
            'the network runs outside of torch, which then cannot trace it; of a network in .onnx only --to network '
            '--precision int8 can be made'
        )
    is_onnx, model = out.suffix == '.onnx', model.eval()
    before = dict(model.test_cfg)
    model.test_cfg['flip_test'], model.test_cfg['output_heatmaps'] = flip_test, False
    try:
        module, example, names, outputs, dynamic = _parts(model, to)
        program = _traced(module, example, dynamic, model)
        about = _about(model, to, source, opset=opset if is_onnx else None, inputs=names, outputs=outputs)
        with atomic_path(out, keep_suffix=True) as temporary:
            if is_onnx:
                write_onnx(program, Path(temporary), names, outputs, opset=opset, about=about)
            else:
                temporary.write_bytes(_archive(program, about))
            return _compare(module, example, outputs, Path(temporary)) if check else {}
    finally:
        model.test_cfg.clear()
        model.test_cfg.update(before)


def _archive(program: torch.export.ExportedProgram, about: dict) -> bytes:
    """Return the bytes of a .pt2 file; torch's own writer does not tell why a disk refuses."""
    # Blocks of autocast, which keep decoding in float32, cannot be saved before they are taken apart.
    program, written = program.run_decompositions(), io.BytesIO()
    torch.export.save(program, written, extra_files={'metadata.json': json.dumps(about)})
    return written.getvalue()


def check_target(out: str | os.PathLike, to: str) -> Path:
    """Refuse before any work what cannot be written, and return the path.

    Args:
        out: file to write.
        to: what to export.

    Raises:
        InputError: another target, or another ending than .onnx and .pt2.
        MissingPackageError: what writes ONNX is not installed.

    >>> check_target('net.txt', 'keypoints')
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.InputError: net.txt: the name must end in .onnx or .pt2, which says what is written
    """
    path = Path(out)
    if to not in TARGETS:
        raise InputError(f'--to {to}: one of {", ".join(TARGETS)} is needed')
    if path.suffix not in _SUFFIXES:
        raise InputError(f'{path}: the name must end in .onnx or .pt2, which says what is written')
    if path.suffix == '.onnx':
        require_onnx()
    return path


def _parts(
    model: BasePoseEstimator, to: Target
) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...], list[str], list[str], dict[str, dict[int, object]]]:
    """Return the module, an example of its inputs, names of inputs and outputs, and which axes may vary."""
    codec = model.output_head().decoder
    if codec is None:
        raise InputError('a model without a decoder cannot be exported: give model.head.decoder')
    width, height = codec.input_size
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 256, (2, height, width, 3), generator=generator, dtype=torch.uint8)
    batch = torch.export.Dim('batch', min=1)
    flips = (model.dataset_meta or {}).get('flip_indices')
    names = ['keypoints', 'scores', *_more_outputs(model, width, height)]
    if to == 'network':
        images = example_images(torch.empty(1, 3, height, width), 2)
        return PlainNetwork(model), (images,), ['inputs'], ['heatmaps'], dict(inputs={0: batch})
    if to == 'heatmaps':
        return CropsToHeatmaps(model), (crops,), ['crops'], ['heatmaps'], dict(crops={0: batch})
    if to == 'keypoints':
        return CropsToKeypoints(model, flips), (crops,), ['crops'], names, dict(crops={0: batch})
    padding, use_udp = crop_settings(model.cfg)
    module = ImageToKeypoints(model, flips, input_size=(width, height), padding=padding, use_udp=use_udp)
    image = torch.randint(0, 256, (2 * height, 3 * width, 3), generator=generator, dtype=torch.uint8)
    boxes = torch.tensor([[5.0, 7, 5 + width, 7 + 1.5 * height], [width, 20, 2.5 * width, 1.6 * height]])
    sides = {0: torch.export.Dim('height', min=2), 1: torch.export.Dim('width', min=2)}
    return module, (image, boxes), ['image', 'boxes'], names, dict(image=sides, boxes={0: batch})


@torch.no_grad()
def _more_outputs(model: BasePoseEstimator, width: int, height: int) -> list[str]:
    flips = (model.dataset_meta or {}).get('flip_indices')
    shaped = model.points(torch.zeros(1, 3, height, width), flip_indices=flips).covariances is not None
    if model.calibration is None:
        return ['covariances'] if shaped else []
    return ['probabilities', *(['covariances'] if shaped and model.calibration.covariance is not None else [])]


def crop_settings(cfg: Mapping) -> tuple[float, bool]:
    """Return by how much the test pipeline widens boxes, and whether it crops as UDP does.

    >>> steps = [dict(type='GetBBoxCenterScale', padding=1.1), dict(type='TopdownAffine', use_udp=True)]
    >>> crop_settings(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    (1.1, True)
    """
    padding, use_udp = 1.25, False
    for step in image_pipeline(cfg):
        if step['type'] == 'GetBBoxCenterScale':
            padding = float(step.get('padding', 1.25))
        if step['type'] == 'TopdownAffine':
            use_udp = bool(step.get('use_udp', False))
    return padding, use_udp


def _traced(
    module: torch.nn.Module, example: tuple[torch.Tensor, ...], dynamic: dict, model: BasePoseEstimator
) -> torch.export.ExportedProgram:
    try:
        with torch.no_grad(), quiet_exporter():
            return torch.export.export(module.eval(), example, dynamic_shapes=dynamic)
    except Exception as err:  # whatever a part of the user's makes the tracer raise
        codec = type(model.output_head().decoder).__name__
        line = next((text for text in str(err).splitlines() if text.strip()), type(err).__name__)
        raise InputError(
            f'{type(model).__name__} with {codec} cannot be traced by torch.export: {line}. Its codec and head must '
            'use tensors alone; --to heatmaps leaves the codec out'
        ) from err


def _about(
    model: BasePoseEstimator,
    to: Target,
    source: str | os.PathLike | None,
    *,
    opset: int | None,
    inputs: list[str],
    outputs: list[str],
) -> dict[str, object]:
    """Return the metadata."""
    meta, codec = model.dataset_meta or {}, model.output_head().decoder
    names = meta.get('keypoint_id2name', {})
    about: dict[str, object] = dict(
        program=f'mmpose_dark {__version__}, torch {torch.__version__}',
        target=to,
        inputs=inputs,
        outputs=outputs,
        colors='normalised as the config says' if to == 'network' else 'BGR, 0..255',
        unit='pixels of the image' if to == 'image' else 'pixels of the input',
        keypoint_names=[names[i] for i in range(len(names))],
        skeleton=[[int(a), int(b)] for a, b in meta.get('skeleton_links', ())],
        sigmas=np.asarray(meta.get('sigmas', ()), float).round(6).tolist(),
        flip_indices=[int(i) for i in meta.get('flip_indices', ())],
        codec=type(codec).__name__,
        input_size=list(codec.input_size),
        heatmap_size=list(codec.heatmap_size),
        flip_test=bool(model.test_cfg.get('flip_test', False)),
        calibration=_about_calibration(model, to),
    )
    if to == 'image':
        about['padding'], about['use_udp'] = crop_settings(model.cfg)
    if opset is not None:
        about['opset'] = opset
    if source is not None and Path(source).is_file():
        about['checkpoint_sha256'] = sha256_of(source)
    return about


def _about_calibration(model: BasePoseEstimator, to: Target) -> str | dict[str, object]:
    """Return whether and how the outputs are calibrated; of heatmaps nothing is applied, and the record says how."""
    if model.calibration is None:
        return 'none: covariances are the shape of each peak'
    return dict(calibration_record(model.calibration), applied=to != 'heatmaps')


@torch.no_grad()
def _compare(
    module: torch.nn.Module, example: tuple[torch.Tensor, ...], outputs: list[str], path: Path
) -> dict[str, float]:
    """Run the file beside the module.

    Raises:
        StateError: they differ by more than is allowed.
    """
    expected = module(*example)
    expected = (expected,) if isinstance(expected, torch.Tensor) else expected
    if path.suffix == '.pt2':
        found = torch.export.load(str(path)).module()(*example)
        found = [value.numpy() for value in ((found,) if isinstance(found, torch.Tensor) else found)]
    else:
        try:
            runtime = importlib.import_module('onnxruntime')
        except ImportError as err:
            raise MissingPackageError(
                'to compare the file with PyTorch, onnxruntime is needed: '
                "pip install 'mmpose_dark[export]', or --no-check"
            ) from err
        session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
        feed = {port.name: value.numpy() for port, value in zip(session.get_inputs(), example, strict=True)}
        found = session.run(None, feed)
    differences = {}
    for name, ours, theirs in zip(outputs, found, expected, strict=True):
        off = np.nan_to_num(np.abs(ours - theirs.numpy()))
        differences[name] = float(np.quantile(off, 0.99) if name == 'keypoints' else off.max())
    scale = float(expected[0].abs().max()) if outputs == ['heatmaps'] else 1.0
    allowed = dict(heatmaps=_SCORE * scale, keypoints=_PX, scores=_SCORE, probabilities=_SCORE)
    wrong = [name for name in differences if name in allowed and not differences[name] <= allowed[name]]
    if wrong:
        told = ', '.join(f'{name} by {differences[name]:.1e}' for name in wrong)
        raise StateError(f'the exported file differs from PyTorch: {told}; it was not written')
    return differences
