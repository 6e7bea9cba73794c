"""Reading a checkpoint file without executing anything from it."""

import difflib
import os
import pathlib
import pickle
import pickletools
import re
import tarfile
import warnings
import zipfile
from collections.abc import Callable

import torch

from ..utils.addresses import addresses_of
from .archive import DamagedArchiveError, check_archive, check_stream
from .errors import CheckpointError
from .mirrors import download_first
from .parts import join_parts, refuse_folder, refuse_part
from .pickle_check import Bounded, CostlyPickleError
from .safe_classes import allow_safe_classes, is_safe_class, restore
from .safetensors_file import is_safetensors, read_safetensors
from .state_dict import MapLocation
from .urls import is_url

__all__ = ['load_state_dict_file', 'local_file']

_WHAT_IT_IS = (
    (rb'\s*(<!doctype|<html|<head|<\?xml)', 'a web page (a log-in or error page saved in its place)'),
    (rb'version https://git-lfs', 'a Git LFS pointer; fetch the file itself with `git lfs pull`'),
    (rb'\x1f\x8b', 'a gzip archive; unpack it first'),
    (rb'\x89HDF', 'an HDF5 file'),
)


def load_state_dict_file(
    path_or_url: str | os.PathLike, map_location: MapLocation = 'cpu', *, mmap: bool = False
) -> dict[str, object]:
    """Read a checkpoint as ``torch.load`` does, but executing nothing that is in it.

    Tensors, plain Python data and the harmless classes of `safe_classes` are read; a file that names
    anything else is refused. Safetensors files are read by their own library. A checkpoint in parts is joined.

    Args:
        path_or_url: a path, or a ``file://``, ``http(s)://``, ``hf://``, ``torchvision://`` or ``open-mmlab://``
            URL; what is not on this machine is downloaded into the cache first.
        map_location: where tensors go, as for ``torch.load``.
        mmap: leave tensors in the file until they are used, and share what is in memory with other processes. For
            values that are copied right away: the file must not be changed in place as long as they are there.

    Returns:
        The dictionary in the file as it is: keys ``state_dict``, ``meta``, ``optimizer`` ... or parameter names.

    Raises:
        CheckpointError: the file is missing, empty, cut off, damaged (by its own checksums), not a checkpoint, would
            run code when loaded, or asks for more memory than what is in it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save(dict(epoch=3), f'{folder}/a.pth')
    ...     load_state_dict_file(f'{folder}/a.pth')
    {'epoch': 3}
    """
    path = local_file(path_or_url)
    content = _read(path, map_location, mmap=mmap)
    refuse_part(content, path)
    return join_parts(content, path, lambda part: _read(part, map_location, mmap=mmap))


def _read(path: pathlib.Path, map_location: MapLocation, *, mmap: bool) -> dict[str, object]:
    head = _first_bytes(path)
    if is_safetensors(path, head) and _other_kind(head) is None:
        return dict(read_safetensors(path, map_location))
    _check_bytes(path, head)
    try:
        with allow_safe_classes(), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            in_place = mmap and head.startswith(b'PK')  # what torch wrote before 1.6 can only be read as a whole
            content = restore(torch.load(path, map_location=map_location, weights_only=True, mmap=in_place))
    except Exception as err:  # whatever a damaged or hostile file makes the reader raise
        raise CheckpointError(_why_unreadable(path, err)) from err
    if not isinstance(content, dict):
        raise CheckpointError(
            f'{path}: holds a {type(content).__name__}, not a dictionary of weights; '
            'save model.state_dict() with torch.save.'
        )
    return content


def local_file(path_or_url: str | os.PathLike) -> pathlib.Path:
    """Return the path of an existing file, downloading what a URL names into the cache.

    Raises:
        CheckpointError: no such file, or the download failed.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix='.pth') as file:
    ...     local_file(file.name) == pathlib.Path(file.name)
    True
    """
    if is_url(path_or_url):
        return download_first(addresses_of(str(path_or_url)))
    path = pathlib.Path(path_or_url).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        refuse_folder(path)
        inside = sorted(p.name for p in path.glob('*.pth'))
        raise CheckpointError(f'{path}: is a folder. Name the file: {", ".join(inside) or "it has no .pth files"}.')
    if not path.parent.is_dir():
        raise CheckpointError(f'{path}: no such checkpoint; the folder {path.parent.absolute()} does not exist.')
    others = [p.name for p in path.parent.iterdir() if p.is_file() and not p.name.startswith('.')]
    near = difflib.get_close_matches(path.name, others, n=3)
    raise CheckpointError(
        f'{path}: no such checkpoint in {path.parent.absolute()}'
        + (f'; did you mean {" or ".join(near)}?' if near else '.')
    )


def _first_bytes(path: pathlib.Path) -> bytes:
    try:
        with open(path, 'rb') as file:
            head = file.read(64)
    except OSError as err:
        raise CheckpointError(f'{path}: cannot be read: {err.strerror}.') from err
    if not head:
        raise CheckpointError(f'{path}: is empty (0 bytes). Fetch or write it again.')
    return head


def _check_bytes(path: pathlib.Path, head: bytes) -> None:
    """Refuse what is no checkpoint, and the formats that PyTorch before 2.6 runs code from in spite of weights_only."""
    if head.startswith(b'PK'):
        if not _is_zip(path):
            raise CheckpointError(_cut_off(path))
        if any(member.endswith('/constants.pkl') for member in _members(path)):
            raise CheckpointError(
                f'{path}: is a TorchScript archive, not a checkpoint. Save model.state_dict() instead.'
            )
        _check_cost(path, check_archive)
        return
    if head.startswith(b'\x80') and not tarfile.is_tarfile(path):
        _check_cost(path, check_stream)
        return
    what = _other_kind(head)
    raise CheckpointError(
        f'{path}: is not a PyTorch checkpoint but '
        + (what or f'something that starts with {head[:16]!r}')
        + '. Expected a file written by torch.save.'
    )


def _other_kind(head: bytes) -> str | None:
    return next((text for pattern, text in _WHAT_IT_IS if re.match(pattern, head, re.I | re.S)), None)


def _check_cost(path: pathlib.Path, check: Callable[[pathlib.Path], None]) -> None:
    try:
        check(path)
    except CostlyPickleError as err:
        raise CheckpointError(
            f'{path}: not read: it is cut off, damaged or made to do harm, as it claims {err}. Fetch it again.'
        ) from err
    except DamagedArchiveError as err:
        raise CheckpointError(f'{_cut_off(path)} ({err})') from err


def _is_zip(path: pathlib.Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def _members(path: pathlib.Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as err:
        raise CheckpointError(_cut_off(path)) from err


def _cut_off(path: pathlib.Path) -> str:
    return (
        f'{path}: the file is cut off or damaged ({path.stat().st_size:,} bytes). '
        'Delete it and download or copy it again, or use an earlier checkpoint.'
    )


def _why_unreadable(path: pathlib.Path, err: Exception) -> str:
    refused = [name for name in _names_in(path) if not is_safe_class(name)]
    in_message = re.search(r'GLOBAL ([\w.]+)', str(err))
    if not refused and isinstance(err, pickle.UnpicklingError) and in_message:
        refused = [in_message[1]]
    if refused:
        return (
            f'{path}: refused. Loading it would call {", ".join(refused)}, which can run code; only weights and '
            'plain data are read. Ask its author for a file of weights only (torch.save(model.state_dict(), ...)). '
            'A class that you know to be harmless can be allowed with torch.serialization.add_safe_globals.'
        )
    if isinstance(err, (EOFError, OSError)) or re.search(r'EOF|central directory|corrupt|truncat', str(err)):
        return _cut_off(path)
    reason = re.search(r'WeightsUnpickler error: (.*)', str(err)) or re.match('(.*)', str(err))
    return f'{path}: cannot be read as a checkpoint ({type(err).__name__}: {reason[1]}).'


def _names_in(path: pathlib.Path) -> list[str]:
    """List the classes and functions that the pickles in a file name, without loading any."""
    names: dict[str, None] = {}
    try:
        if _is_zip(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    if member.endswith('.pkl'):
                        _collect_names(Bounded(archive.open(member), path.stat().st_size), names)
        else:
            with open(path, 'rb') as file:
                for _ in range(5):  # magic number, protocol, system, content, storage keys
                    _collect_names(Bounded(file, path.stat().st_size), names)
    except (ValueError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        pass  # the end of what can be parsed; the names found so far are what is wanted
    return list(names)


def _collect_names(file: Bounded, names: dict[str, None]) -> None:
    strings: list[str] = []
    renamed = {'__builtin__': 'builtins', 'copy_reg': 'copyreg'}
    for opcode, argument, _ in pickletools.genops(file):
        if 'UNICODE' in opcode.name:
            strings.append(argument)
        module, name = None, None
        if opcode.name in ('GLOBAL', 'INST'):
            module, _, name = argument.partition(' ')
        elif opcode.name == 'STACK_GLOBAL' and len(strings) >= 2:
            module, name = strings[-2:]
        if module:
            names[f'{renamed.get(module, module)}.{name}'] = None
