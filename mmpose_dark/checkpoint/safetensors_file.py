"""Reading ``.safetensors`` files, by their own library, after their header was compared with the file.

Such a file is eight bytes with the length of a header, the header (JSON: for each tensor its type, its shape and where
it stands), and the numbers. Nothing in it can run.
"""

import json
import math
import pathlib
import struct

from .errors import CheckpointError
from .state_dict import MapLocation, StateDict

__all__ = ['is_safetensors', 'read_safetensors']

_LARGEST_HEADER = 1 << 24  # bytes; a network of a thousand tensors needs some 100,000
_BYTES = {
    **dict.fromkeys(('F64', 'I64', 'U64'), 8),
    **dict.fromkeys(('F32', 'I32', 'U32'), 4),
    **dict.fromkeys(('F16', 'BF16', 'I16', 'U16'), 2),
    **dict.fromkeys(('F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'BOOL'), 1),
}


def is_safetensors(path: pathlib.Path, head: bytes) -> bool:
    r"""Say whether a file is, or is called, one of safetensors.

    Args:
        path: of the file.
        head: its first bytes, 9 at least.

    >>> is_safetensors(pathlib.Path('a.bin'), b'\x10\0\0\0\0\0\0\0{"a"')
    True
    >>> is_safetensors(pathlib.Path('a.pth'), b'PK\3\4 a checkpoint')
    False
    """
    return path.suffix == '.safetensors' or (head[4:8] == bytes(4) and head[8:9] == b'{')


def read_safetensors(path: pathlib.Path, map_location: MapLocation = 'cpu') -> StateDict:
    """Read all tensors of a file.

    Args:
        path: of the file.
        map_location: the device they are read to; those of other kinds of ``torch.load`` stand for the CPU.

    Returns:
        Tensors of any shape by name.

    Raises:
        CheckpointError: the library is not installed; or the file is cut off, has a header that is none, or one that
            promises other than what is in it.
    """
    _check(path)
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as err:
        raise CheckpointError(
            f'{path}: is a safetensors file, which the package safetensors reads: pip install safetensors'
        ) from err
    device = str(map_location) if isinstance(map_location, str) or hasattr(map_location, 'type') else 'cpu'
    try:
        return load_file(path, device=device)
    except (SafetensorError, OSError, ValueError, KeyError) as err:
        raise CheckpointError(f'{path}: cannot be read as a safetensors file ({err}). Fetch it again.') from err


def _check(path: pathlib.Path) -> None:
    """Compare what the header promises with the bytes that are there."""
    size = path.stat().st_size
    with open(path, 'rb') as file:
        start = file.read(8)
        length = struct.unpack('<Q', start)[0] if len(start) == 8 else 0
        if len(start) < 8 or length > _LARGEST_HEADER:
            raise CheckpointError(
                f'{path}: is no safetensors file: its first bytes announce a header of {length:,} bytes, at most '
                f'{_LARGEST_HEADER:,} are read; the file has {size:,}.'
            )
        if length > size - 8:
            raise CheckpointError(_cut_off(path, f'its header has {length:,} bytes', size))
        content = file.read(length)
    try:
        header = json.loads(content)
        if not isinstance(header, dict):
            raise ValueError('not a dictionary')
    except (ValueError, RecursionError) as err:
        raise CheckpointError(
            f'{path}: is no safetensors file, or a damaged one: its header cannot be read ({err}). Fetch it again.'
        ) from err
    ends = [_end(path, name, entry) for name, entry in header.items() if name != '__metadata__']
    needed = 8 + length + max(ends, default=0)
    if needed > size:
        raise CheckpointError(_cut_off(path, f'its tensors need {needed:,} bytes', size))


def _end(path: pathlib.Path, name: str, entry: object) -> int:
    """Return where a tensor ends, counted from the header's end, after its size was checked."""
    try:
        kind, shape, (begin, end) = entry['dtype'], entry['shape'], entry['data_offsets']
        if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
            raise ValueError('numbers that are none')
        size = math.prod(shape) * _BYTES[kind]
    except (KeyError, TypeError, ValueError) as err:
        raise CheckpointError(
            f'{path}: is a damaged safetensors file: the entry of tensor {name!r} is not a type, a shape and two '
            f'offsets ({type(err).__name__}: {err}). Fetch it again.'
        ) from err
    if end - begin != size:
        raise CheckpointError(
            f'{path}: is a damaged safetensors file: tensor {name!r} has shape {tuple(shape)} of {kind}, {size:,} '
            f'bytes, and {end - begin:,} are its own. Fetch it again.'
        )
    return end


def _cut_off(path: pathlib.Path, what: str, size: int) -> str:
    return f'{path}: is cut off or damaged: {what}, the file has {size:,}. Fetch it again.'
