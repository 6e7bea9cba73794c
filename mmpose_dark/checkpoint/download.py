"""Downloading checkpoints into a cache: resumed when interrupted, checked, never half there.

A file is collected in a hidden ``.NAME.part`` and gets its name when it is complete and its hash is
right. One process at a time downloads a file; the others wait for it.
"""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import time
import urllib.error
import urllib.request

from mmengine.logging import print_log

from ..utils.progress import Report, show_progress
from .errors import CheckpointError
from .file_lock import file_lock
from .urls import MIRROR_VARIABLE, expected_hash, file_name, local_path, mirrored, resolve

__all__ = ['CACHE_VARIABLE', 'cache_folder', 'download_checkpoint']

CACHE_VARIABLE = 'MMPOSE_DARK_CACHE'

_WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds before another try; used up only by tries that bring nothing
_TIMEOUT = 30.0
_BLOCK = 1 << 20


class _Interrupted(Exception):
    """The transfer broke off in a way that another try may mend."""


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
            or ``open-mmlab://``. ``MMPOSE_DARK_MIRROR`` may lead elsewhere.

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
    url = resolve(url)
    source = mirrored(url)
    name = file_name(url)
    digits = expected_hash(name)
    local = local_path(source)
    if local is not None:
        if not local.is_file():
            raise CheckpointError(f'{url}: no such file {local}.')
        if digits and not _sha256(local).startswith(digits):
            raise CheckpointError(f'{local}: is damaged: its SHA-256 is not {digits}..., the hash in its name.')
        return local
    folder = cache_folder()
    if not digits:  # names without a hash repeat between hosts
        folder = folder / hashlib.sha256(url.encode()).hexdigest()[:12]
    path = folder / name
    if path.is_file():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock(folder / f'.{name}.lock', lambda: _log(f'{name}: another process is downloading it; waiting.')):
            if not path.is_file():
                _fetch(source, path, digits)
    except OSError as err:
        raise CheckpointError(
            f'{url}: cannot write to the cache {folder} ({err.strerror or err}). '
            f'Free space there, or set {CACHE_VARIABLE} to another folder.'
        ) from err
    return path


def _fetch(source: str, path: pathlib.Path, digits: str | None) -> None:
    part = path.with_name(f'.{path.name}.part')
    _log(f'downloading {source} to {path}')
    while True:
        resumed = _size(part) > 0
        _collect(source, part, path.name, has_hash=digits is not None)
        found = _sha256(part)
        if not digits or found.startswith(digits):
            break
        size = _size(part)
        _discard(part)
        if not resumed:
            raise CheckpointError(
                f'{source}: damaged in transit or replaced on the host: the SHA-256 of the {size:,} bytes is '
                f'{found[:8]}..., the name says {digits}. The download was deleted; try again, try a mirror '
                f'({MIRROR_VARIABLE}), or, if you trust the host, fetch it by hand and pass the path.'
            )
        _log(f'{path.name}: the resumed download has another hash than its name says; starting anew.')
    os.replace(part, path)
    _discard(part)
    _log(f'{path.name}: complete' + (', its hash is right.' if digits else '.'))


def _collect(source: str, part: pathlib.Path, name: str, *, has_hash: bool) -> None:
    """Call `_transfer` until all is there; give up when tries in a row bring nothing."""
    waits = iter(_WAITS)
    with show_progress(name, unit='bytes', done=_size(part), write=_log) as report:
        while True:
            before = _size(part)
            try:
                _transfer(source, part, report, has_hash=has_hash)
                return
            except _Interrupted as err:
                if _size(part) > before:
                    waits = iter(_WAITS)
                wait = next(waits, None)
                if wait is None:
                    raise CheckpointError(_unreachable(source, part, str(err))) from err
                _log(f'{name}: {err}; trying again in {wait:g} s.')
                time.sleep(wait)


def _transfer(source: str, part: pathlib.Path, report: Report, *, has_hash: bool) -> None:
    """Bring ``part`` to its full size, going on from what is there where the server allows it.

    Without a hash to check at the end, bytes are only joined where the server confirms (``ETag``
    or ``Last-Modified``) that the file is still the one begun.
    """
    note = part.with_name(part.name + '.json')
    have, validator = _size(part), _read_note(note, source)
    headers = {'User-Agent': 'mmpose_dark', 'Accept-Encoding': 'identity'}
    if have and (validator or has_hash):
        headers['Range'] = f'bytes={have}-'
        if validator:
            headers['If-Range'] = validator
    try:
        with urllib.request.urlopen(urllib.request.Request(source, headers=headers), timeout=_TIMEOUT) as response:
            have, total = _start_and_total(response, have)
            if 'text/html' in response.headers.get('Content-Type', ''):
                raise CheckpointError(
                    f'{source}: the server sent a web page, not a file. Open the URL in a browser, '
                    'download by hand and pass the path.'
                )
            tag = response.headers.get('ETag', '')
            validator = response.headers.get('Last-Modified', '') if tag.startswith('W/') or not tag else tag
            _check_space(part.parent, (total or 0) - have)
            with open(part, 'r+b' if have else 'wb') as file:
                file.seek(have)
                file.truncate()
                note.write_text(json.dumps(dict(source=source, validator=validator)))
                while block := _read(response):
                    file.write(block)
                    have += len(block)
                    report(have, total)
                file.flush()
                os.fsync(file.fileno())
    except urllib.error.HTTPError as err:
        if err.code == 416:  # nothing follows what is there: it is all, or it is something else
            if err.headers.get('Content-Range') == f'bytes */{have}':
                return
            _discard(part)
        elif err.code < 500 and err.code not in (408, 429):
            raise CheckpointError(f'{source}: the server answers {err.code} {err.reason}. Check the URL.') from err
        raise _Interrupted(f'the server answers {err.code} {err.reason}') from err
    except urllib.error.URLError as err:
        raise _Interrupted(str(err.reason)) from err
    except (http.client.HTTPException, ConnectionError, TimeoutError) as err:
        raise _Interrupted(f'{type(err).__name__} {err}'.strip()) from err
    if total is not None and have < total:
        raise _Interrupted(f'the connection ended after {have:,} of {total:,} bytes')


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK)  # what has come, not waiting for a whole block
    except OSError as err:  # of the connection; writing has its own
        raise ConnectionError(str(err)) from err


def _start_and_total(response: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Return at which byte the answer starts and how long the whole file is."""
    if response.status == 206:
        found = re.match(r'bytes (\d+)-\d+/(\d+|\*)', response.headers.get('Content-Range', ''))
        if not found or int(found[1]) > have:
            raise CheckpointError(f'{response.url}: the server answered another part than asked for; try again later.')
        return int(found[1]), None if found[2] == '*' else int(found[2])
    length = response.headers.get('Content-Length')
    return 0, int(length) if length else None


def _check_space(folder: pathlib.Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CheckpointError(
            f'{folder}: {needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free. Free space there, or set '
            f'{CACHE_VARIABLE} to another folder.'
        )


def _unreachable(source: str, part: pathlib.Path, reason: str) -> str:
    kept = f' The {_size(part):,} bytes received are kept and the next try goes on from them.' if _size(part) else ''
    return (
        f'{source}: cannot be downloaded: {reason}.{kept} If the host is down, set a mirror, '
        f'{MIRROR_VARIABLE}=https://download.openmmlab.com=https://my.mirror (or a folder in place of the second '
        'URL), or download the file elsewhere and pass its path.'
    )


def _read_note(note: pathlib.Path, source: str) -> str:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        content = json.loads(note.read_text())
        return content['validator'] if content.get('source') == source else ''
    return ''


def _size(path: pathlib.Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _discard(part: pathlib.Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + '.json').unlink(missing_ok=True)


def _sha256(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _log(text: str) -> None:
    print_log(text, logger='current')
