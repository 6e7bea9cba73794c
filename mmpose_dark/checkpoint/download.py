"""Downloading checkpoints into a cache: resumed when interrupted, checked, never half there.

A file is collected in a hidden ``.NAME.part`` and gets its name when it is complete and its hash is
right. One process at a time downloads a file; the others wait for it.
"""

import hashlib
import os
import pathlib
import time

from mmengine.logging import print_log

from ..utils.addresses import expected_hash
from ..utils.atomic_file import write_atomic
from ..utils.progress import show_progress
from .errors import CheckpointError
from .file_lock import file_lock
from .hub import ENDPOINT_VARIABLE, HubFile, Unreachable, ask_hub, parse_hub
from .transfer import InterruptedTransfer, discard, size_of, transfer
from .urls import MIRROR_VARIABLE, file_name, local_path, mirrored, resolve, shown

__all__ = ['CACHE_VARIABLE', 'cache_folder', 'download_checkpoint', 'download_into', 'sha256_of']

CACHE_VARIABLE = 'MMPOSE_DARK_CACHE'

_WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds before another try; used up only by tries that bring nothing
_ENOUGH = 100_000  # bytes that count as something
_LONGEST = 12 * 3600.0  # seconds for a file, with all its tries
_BLOCK = 1 << 20


def cache_folder() -> pathlib.Path:
    """Return the folder of downloaded checkpoints.

    ``$MMPOSE_DARK_CACHE``, or ``mmpose_dark/checkpoints`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.

    >>> os.environ[CACHE_VARIABLE] = '/data/checkpoints'
    >>> cache_folder().as_posix()
    '/data/checkpoints'
    >>> del os.environ[CACHE_VARIABLE]
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return pathlib.Path(chosen).expanduser()
    base = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return pathlib.Path(base).expanduser() / 'mmpose_dark' / 'checkpoints'


def download_checkpoint(url: str) -> pathlib.Path:
    """Return the local file behind a URL, fetching it where the cache does not have it.

    Args:
        url: ``https://``, ``http://``, ``file://`` (used where it lies, not copied), ``torchvision://``
            or ``open-mmlab://``, or ``hf://OWNER/NAME[@REVISION][/FILE]`` of a Hugging Face hub
            (``HF_ENDPOINT``). ``MMPOSE_DARK_MIRROR`` may lead elsewhere.

    Raises:
        CheckpointError: no such file, the host cannot be reached, the disk is full, or the content does
            not have the hash in its name (it is deleted then).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, 'a.pth')
    ...     path.touch()
    ...     download_checkpoint(path.as_uri()) == path
    True
    """
    on_hub = parse_hub(url)
    if on_hub is not None:
        return _from_hub(url, on_hub)
    url = resolve(url)
    source = mirrored(url)
    name = file_name(url)
    digits = expected_hash(name)
    local = local_path(source)
    if local is not None:
        if not local.is_file():
            raise CheckpointError(f'{shown(url)}: no such file {local}.')
        if digits and not sha256_of(local).startswith(digits):
            raise CheckpointError(f'{local}: is damaged: its SHA-256 is not {digits}..., the hash in its name.')
        return local
    folder = cache_folder()
    if not digits:  # names without a hash repeat between hosts
        folder = folder / hashlib.sha256(url.encode()).hexdigest()[:12]
    return _kept(source, folder / name, digits, 'the name says')


def _from_hub(url: str, wanted: HubFile) -> pathlib.Path:
    """Return a hub's file from the cache, where it lies under its commit, or fetch it."""
    local = local_path(mirrored(wanted.url()))
    if local is not None:
        return download_checkpoint(local.as_uri())
    folder = cache_folder() / 'hub' / wanted.repository.replace('/', '--')
    name = wanted.file.replace('/', '--')
    note = folder / 'revisions' / f'{wanted.revision}--{name}'  # which commit it was last
    if wanted.is_pinned and (folder / wanted.revision / name).is_file():
        return folder / wanted.revision / name
    try:
        answer = ask_hub(wanted)
    except Unreachable as err:
        commit = note.read_text(encoding='ascii', errors='replace') if note.is_file() else ''
        if commit and (folder / commit / name).is_file():
            _log(f'{url}: the hub cannot be reached ({err}); the copy of {commit} in the cache is used.')
            return folder / commit / name
        raise CheckpointError(
            f'{url}: the hub cannot be reached ({err}) and the cache has no copy. Set {ENDPOINT_VARIABLE} to a mirror '
            'of it, or download the file elsewhere and pass its path.'
        ) from err
    commit = answer.commit or (answer.sha256 or wanted.revision)[:40]  # some mirrors do not tell commits
    if answer.commit and not wanted.is_pinned:
        _log(f'{url}: revision {wanted.revision} is {commit} now; hf://{wanted.repository}@{commit} stays the same.')
    if answer.sha256 is None:
        _log(f'{url}: the hub gives no SHA-256 of it, so that its content cannot be compared.')
    source = mirrored(wanted.url(answer.commit or None))
    path = _kept(source, folder / commit / name, answer.sha256, 'the hub says')
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(note, commit)
    except OSError as err:
        raise CheckpointError(_no_room(url, folder, err)) from err
    return path


def _kept(source: str, path: pathlib.Path, digits: str | None, who: str) -> pathlib.Path:
    """Return a file of the cache, after it was fetched where it is missing; one process at a time does that."""
    folder, name = path.parent, path.name
    if path.is_file():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock(folder / f'.{name}.lock', lambda: _log(f'{name}: another process is downloading it; waiting.')):
            if not path.is_file():
                _fetch(source, path, digits, who)
    except OSError as err:
        raise CheckpointError(_no_room(shown(source), folder, err)) from err
    return path


def _no_room(what: str, folder: pathlib.Path, err: OSError) -> str:
    return (
        f'{what}: cannot write to the cache {folder} ({err.strerror or err}). '
        f'Free space there, or set {CACHE_VARIABLE} to another folder.'
    )


def download_into(folder: pathlib.Path, url: str) -> pathlib.Path:
    """Fetch a file of any kind into a folder that nobody else uses, and return its path.

    Args:
        folder: to put it in.
        url: ``https://`` or ``http://``. ``MMPOSE_DARK_MIRROR`` may lead elsewhere.

    Raises:
        CheckpointError: no such file, the host cannot be reached, or there is no room for it.
    """
    source = mirrored(resolve(url))
    path = folder / file_name(url)
    try:
        _fetch(source, path, None, '')
    except OSError as err:
        raise CheckpointError(
            f'{shown(url)}: cannot be kept in {folder} ({err.strerror or err}). Free space there, or name another '
            'place by the variable TMPDIR.'
        ) from err
    return path


def _fetch(source: str, path: pathlib.Path, digits: str | None, who: str) -> None:
    part = path.with_name(f'.{path.name}.part')
    _log(f'downloading {shown(source)} to {path}')
    while True:
        resumed = size_of(part) > 0
        _collect(source, part, path.name, has_hash=digits is not None)
        found = sha256_of(part)
        if not digits or found.startswith(digits):
            break
        size = size_of(part)
        discard(part)
        if not resumed:
            raise CheckpointError(
                f'{shown(source)}: damaged in transit or replaced on the host: the SHA-256 of the {size:,} bytes is '
                f'{found[:8]}..., {who} {digits[:8]}. The download was deleted; try again, try a mirror '
                f'({MIRROR_VARIABLE}), or, if you trust the host, fetch it by hand and pass the path.'
            )
        _log(f'{path.name}: the resumed download has another hash than its name says; starting anew.')
    os.replace(part, path)
    discard(part)
    _log(f'{path.name}: complete' + (', its hash is right.' if digits else '.'))


def _collect(source: str, part: pathlib.Path, name: str, *, has_hash: bool) -> None:
    """Call `transfer` until all is there; give up when tries in a row bring nothing."""
    waits, until = iter(_WAITS), time.monotonic() + _LONGEST
    with show_progress(name, unit='bytes', done=size_of(part), write=_log) as report:
        while True:
            before = size_of(part)
            try:
                transfer(source, part, report, has_hash=has_hash, until=until)
                return
            except InterruptedTransfer as err:
                if size_of(part) >= before + _ENOUGH:
                    waits = iter(_WAITS)
                wait = next(waits, None)
                if wait is None:
                    raise CheckpointError(_unreachable(source, part, str(err))) from err
                _log(f'{name}: {err}; trying again in {wait:g} s.')
                time.sleep(wait)


def _unreachable(source: str, part: pathlib.Path, reason: str) -> str:
    kept = (
        f' The {size_of(part):,} bytes received are kept and the next try goes on from them.' if size_of(part) else ''
    )
    return (
        f'{shown(source)}: cannot be downloaded: {reason}.{kept} If the host is down, set a mirror, '
        f'{MIRROR_VARIABLE}=https://download.openmmlab.com=https://my.mirror (or a folder in place of the second '
        'URL), or download the file elsewhere and pass its path.'
    )


def sha256_of(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _log(text: str) -> None:
    print_log(text, logger='current')
