"""An ONNX file that runs: in OpenVINO or ONNX Runtime, on the CPU, with batches where the file allows them."""

import importlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..checkpoint.reading import local_file
from ..utils.errors import InputError, MissingPackageError
from .least_time import least_seconds
from .signal_stack import signal_stack_kept

__all__ = ['ONNX_BACKENDS', 'OnnxFileError', 'OnnxSession', 'Port', 'is_onnx']

ONNX_BACKENDS = {'openvino': 'openvino', 'openvino-bf16': 'openvino', 'onnxruntime': 'onnxruntime'}
"""What runs ONNX files -> the package that it is of; the first that is installed is taken by default."""

_IR_VERSION = b'\x08'  # how a file of ONNX begins: its first field, the version of the format
_TRIED = 4  # images of a network that takes any number, to find the faster back end
_ALIKE = 1e-3  # of the largest output: a batch gives what its images give alone; 2e-6 was seen


class OnnxFileError(InputError):
    """An ONNX file that cannot be run, or is another network than what is needed."""


class Port(NamedTuple):
    """An input or output of a network.

    Attributes:
        name: in the file.
        shape: of the axes; None where any size goes.
    """

    name: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f'{self.name} ({", ".join("?" if size is None else str(size) for size in self.shape)})'


class _Runner(Protocol):
    inputs: Sequence[Port]
    outputs: Sequence[Port]

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """Run a batch (B, ...) through the network."""


def is_onnx(path_or_url: object) -> bool:
    """Tell whether this is the name of an ONNX file.

    >>> is_onnx('a/net.onnx'), is_onnx('net.pth'), is_onnx(None)
    (True, False, False)
    """
    if not isinstance(path_or_url, str | os.PathLike):
        return False
    return os.fspath(path_or_url).split('?')[0].casefold().endswith('.onnx')


class OnnxSession:
    """Runs an ONNX file with one input on the CPU.

    A file whose batch is fixed is opened up where that changes nothing (tried with two images), and otherwise run
    again and again.

    Args:
        path_or_url: of the file; a URL is downloaded into the cache.
        backend: ``'openvino'`` or ``'onnxruntime'``, both in float32, ``'openvino-bf16'``, or ``'auto'``: the faster of
            the first two, tried with a few images, or the one that is installed.
        threads: of the processor; 0 leaves it to the library.

    Attributes:
        path: of the file.
        backend: that runs it.
        input: its input, usually (B, 3, H, W).
        outputs: its outputs.
        fixed_batch: images that each run takes; None for any number.

    Raises:
        OnnxFileError: the file cannot be run; several inputs, or one of several types.
        CheckpointError: there is no such file.
        MissingPackageError: nothing that runs it is installed.
    """

    def __init__(self, path_or_url: str | os.PathLike, *, backend: str = 'auto', threads: int = 0) -> None:
        self.path = local_file(path_or_url)
        names = _installed(backend, self.path)
        _check_file(self.path)
        self.backend, self._run = _fastest({name: _open(self.path, name, threads) for name in names})
        if len(self._run.inputs) != 1:
            raise OnnxFileError(
                f'{self.path}: networks of one input can be run, and it has {", ".join(map(str, self._run.inputs))}'
            )
        self.input, self.outputs = self._run.inputs[0], tuple(self._run.outputs)
        self.fixed_batch = self.input.shape[0] if self.input.shape else None

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """Run a batch.

        Args:
            array: (B, ...) float32 of the input's shape.

        Returns:
            The outputs, each (B, ...) float32.

        Raises:
            OnnxFileError: the network refuses it.
        """
        if self.fixed_batch is None:
            return self._run(np.ascontiguousarray(array))
        size, count = self.fixed_batch, len(array)
        parts = []
        for start in range(0, count, size):
            part = array[start : start + size]
            if len(part) < size:
                part = np.concatenate([part, np.zeros((size - len(part), *array.shape[1:]), array.dtype)])
            parts.append(self._run(np.ascontiguousarray(part)))
        return [np.concatenate(column)[:count] for column in zip(*parts, strict=True)]


def _installed(backend: str, path: Path) -> list[str]:
    """Return the back ends to try."""
    if backend != 'auto' and backend not in ONNX_BACKENDS:
        raise InputError(f'{backend!r} does not run ONNX files; use auto, {", ".join(ONNX_BACKENDS)}')
    wanted = ['openvino', 'onnxruntime'] if backend == 'auto' else [backend]
    names = [name for name in wanted if importlib.util.find_spec(ONNX_BACKENDS[name]) is not None]
    if names:
        return names
    packages = ' or '.join(ONNX_BACKENDS[name] for name in wanted)
    raise MissingPackageError(
        f'{path}: to run an ONNX file, {packages} is needed: pip install onnxruntime, or with all that predict uses: '
        "pip install 'mmpose_dark[predict]'"
    )


def _fastest(runners: 'dict[str, _Runner]') -> 'tuple[str, _Runner]':
    """Return the back end that takes the least time for some images of zeros."""
    if len(runners) == 1:
        return next(iter(runners.items()))
    times = {}
    for name, run in runners.items():
        shape = run.inputs[0].shape if len(run.inputs) == 1 else ()
        if len(shape) != 4 or None in shape[1:]:
            return name, run  # it takes any size: nothing to try with
        images = np.zeros((shape[0] or _TRIED, *shape[1:]), np.float32)
        times[name] = least_seconds(partial(run, images)) / len(images)
    best = min(times, key=times.get)
    return best, runners[best]


def _check_file(path: Path) -> None:
    """Refuse what is no ONNX file before a library is asked, which might try it as something else."""
    with open(path, 'rb') as file:
        begin = file.read(16)
    if not begin.startswith(_IR_VERSION):
        what = 'it is empty' if not begin else f'it begins with {begin!r}'
        raise OnnxFileError(f'{path}: is no ONNX file ({what}); export one, or download it again')


def _open(path: Path, backend: str, threads: int) -> _Runner:
    try:
        if backend == 'onnxruntime':
            return _OnnxRuntime(path, threads)
        return _OpenVino(path, threads, bfloat16=backend == 'openvino-bf16')
    except Exception as err:  # whatever a damaged file makes the library raise
        raise OnnxFileError(
            f'{path}: cannot be run by {backend}: {_first_line(err)}. It may be cut off, need a file that lies beside '
            'it (external data), or be of a newer opset than this version knows'
        ) from err


def _first_line(err: Exception) -> str:
    lines = [line.strip() for line in str(err).splitlines() if line.strip() and not line.startswith('Exception from')]
    return (lines[0] if lines else type(err).__name__).rstrip('.')


class _OnnxRuntime:
    def __init__(self, path: Path, threads: int) -> None:
        runtime = importlib.import_module('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        # Between two runs its threads sleep: turning, they take the cores from the decoder and the other network.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self._session = runtime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
        self.inputs, self.outputs = (
            [Port(port.name, tuple(s if isinstance(s, int) and s > 0 else None for s in port.shape)) for port in ports]
            for ports in (self._session.get_inputs(), self._session.get_outputs())
        )

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """Run a batch (B, ...) through the network."""
        return self._session.run(None, {self.inputs[0].name: array})


class _OpenVino:
    def __init__(self, path: Path, threads: int, *, bfloat16: bool) -> None:
        openvino = importlib.import_module('openvino')
        core = openvino.Core()
        settings = dict(PERFORMANCE_HINT='LATENCY', INFERENCE_PRECISION_HINT='bf16' if bfloat16 else 'f32')
        if threads:
            settings['INFERENCE_NUM_THREADS'] = threads

        def compiled(*, any_batch: bool) -> Callable:
            model = core.read_model(path)
            if any_batch:
                model.reshape({0: openvino.PartialShape([-1, *list(model.inputs[0].partial_shape)[1:]])})
            with signal_stack_kept():
                return core.compile_model(model, 'CPU', settings)

        self._compiled = compiled(any_batch=False)
        self.inputs, self.outputs = (
            [Port(_name_of(port, i), _sizes(port.partial_shape)) for i, port in enumerate(ports)]
            for ports in (self._compiled.inputs, self._compiled.outputs)
        )
        if len(self.inputs) == 1 and self.inputs[0].shape[:1] == (1,) and None not in self.inputs[0].shape:
            opened = _opened(lambda: compiled(any_batch=True), self, _ALIKE * (100 if bfloat16 else 1))
            if opened is not None:
                self._compiled = opened
                self.inputs = [Port(self.inputs[0].name, (None, *self.inputs[0].shape[1:]))]
                self.outputs = [Port(port.name, (None, *port.shape[1:])) for port in self.outputs]

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """Run a batch (B, ...) through the network."""
        return _run_openvino(self._compiled, array)


def _run_openvino(compiled: Callable, array: np.ndarray) -> list[np.ndarray]:
    found = compiled(array, share_inputs=True)
    return [np.array(found[i]) for i in range(len(found))]


def _opened(make: Callable[[], Callable], alone: _Runner, tolerance: float) -> Callable | None:
    """Return the network for any batch; None where it refuses, or gives something else than one image after another."""
    images = np.random.default_rng(0).standard_normal((2, *alone.inputs[0].shape[1:])).astype(np.float32)
    try:
        network = make()
        together = _run_openvino(network, images)
    except RuntimeError:  # OpenVINO's; shapes inside do not allow it
        return None
    single = [np.concatenate(parts) for parts in zip(alone(images[:1]), alone(images[1:]), strict=True)]
    same = all(
        a.shape == b.shape and np.abs(a - b).max(initial=0) <= tolerance * max(np.abs(b).max(initial=0), 1e-12)
        for a, b in zip(together, single, strict=True)
    )
    return network if same else None


def _name_of(port: object, index: int) -> str:
    names = sorted(port.get_names())
    return names[0] if names else f'#{index}'


def _sizes(shape: Sequence[object]) -> tuple[int | None, ...]:
    return tuple(None if size.is_dynamic else size.get_length() for size in shape)
