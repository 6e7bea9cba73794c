"""A traced program written as an ONNX file."""

import contextlib
import importlib.util
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch

from ..utils.errors import InputError, MissingPackageError

__all__ = ['OPSET', 'quiet_exporter', 'require_onnx', 'write_onnx']

OPSET = 18
"""Of the files that are written, if nothing else is asked for."""
_LARGEST_FILE = 1 << 31  # bytes: what one message of ONNX's format holds


def require_onnx() -> None:
    """Refuse before any work what cannot be written.

    Raises:
        MissingPackageError: a package that writes ONNX is not installed.
    """
    for package in ('onnx', 'onnxscript'):
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(f"to write ONNX, {package} is needed: pip install 'mmpose_dark[export]'")


def write_onnx(
    program: torch.export.ExportedProgram,
    path: Path,
    names: Sequence[str],
    outputs: Sequence[str],
    *,
    opset: int = OPSET,
    about: Mapping[str, object] | None = None,
    beside: bool = False,
) -> None:
    """Write a program.

    Args:
        program: of `torch.export.export`.
        path: of the file.
        names: of the inputs.
        outputs: their names.
        opset: of ONNX.
        about: metadata to keep in the file; what is no text is kept as JSON.
        beside: weights that are too large for one file go into a second one.

    Raises:
        InputError: the weights are too large for one file.
    """
    size = sum(tensor.nbytes for tensor in program.state_dict.values())
    is_large = size > 0.9 * _LARGEST_FILE
    if is_large and not beside:
        raise InputError(
            f'weights of {size / 1e9:.1f} GB do not fit into one ONNX file (2 GB); write a .pt2 archive, or export a '
            'smaller network'
        )
    with quiet_exporter():
        written = torch.onnx.export(
            program, dynamo=True, input_names=list(names), output_names=list(outputs), opset_version=opset,
            verbose=False,
        )  # fmt: skip
    for key, value in (about or {}).items():
        written.model.metadata_props[key] = value if isinstance(value, str) else json.dumps(value)
    written.save(str(path), external_data=is_large)


@contextlib.contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep from the terminal what the exporter says of itself."""
    log = logging.getLogger('torch.onnx')
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        log.setLevel(level)
