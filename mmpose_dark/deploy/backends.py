"""The table of back ends: what may run a network in place of torch. It imports none of them.

A new back end is a new file in this room and a line here.
"""

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ['BACKENDS', 'Backend', 'backend_function']


@dataclass(frozen=True)
class Backend:
    """Where a back end is.

    Attributes:
        module: file of this room.
        function: there; from a model and an example (1, 3, H, W) of its input to another implementation of its network.
        options: keyword arguments of the function.
    """

    module: str
    function: str
    options: Mapping[str, object] = field(default_factory=dict)


_TABLE: dict[str, Backend | None] = {
    'torch': None,
    'openvino': Backend('openvino', 'openvino_network'),
    'onnxruntime': Backend('onnxruntime', 'onnxruntime_network'),
    'auto': Backend('fastest', 'fastest_network'),
    'openvino-bf16': Backend('openvino', 'openvino_network', dict(bfloat16=True)),
}
BACKENDS = tuple(_TABLE)


def backend_function(name: str) -> Callable | None:
    """Return the function that converts a network for the back end ``name``, None for torch itself.

    >>> backend_function('torch') is None
    True
    """
    backend = _TABLE[name]
    if backend is None:
        return None
    module = importlib.import_module(f'{__package__}.{backend.module}')
    return functools.partial(getattr(module, backend.function), **backend.options)
