"""One request for a file: only what is surely the rest of the same version is joined to what is there."""

import base64
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
import urllib.parse
import urllib.request
from email.message import Message
from typing import IO

from ..utils.progress import Report
from .errors import CheckpointError
from .timed_answers import TimedHTTPHandler, TimedHTTPSHandler
from .urls import shown

__all__ = [
    'LIMIT_VARIABLE',
    'InterruptedTransfer',
    'discard',
    'media_type',
    'open_without_links',
    'size_of',
    'transfer',
]

LIMIT_VARIABLE = 'MMPOSE_DARK_MAX_DOWNLOAD'
_LARGEST = 16 << 30  # bytes
_TIMEOUT = 30.0  # seconds without any byte
_SLOWEST, _PATIENCE = 2000, 60.0  # bytes a second on average, over so many seconds
_BLOCK = 1 << 20
_NO_LINK = getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_BINARY', 0)


class InterruptedTransfer(Exception):
    """The transfer broke off in a way that another try may mend."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows http(s) only, never from https to http, and hands no password on."""

    def redirect_request(
        self, request: urllib.request.Request, file: IO[bytes], code: int, reason: str, headers: Message, new_url: str
    ) -> urllib.request.Request | None:
        old, new = (urllib.parse.urlsplit(url).scheme.lower() for url in (request.full_url, new_url))
        if new not in ('http', 'https') or (old == 'https' and new == 'http'):
            raise CheckpointError(
                f'{shown(request.full_url)}: leads on to {shown(new_url)}, which is not followed ({old} -> {new}). '
                'Check the URL, or download the file by hand and pass its path.'
            )
        return super().redirect_request(request, file, code, reason, headers, new_url)


def transfer(source: str, part: pathlib.Path, report: Report, *, has_hash: bool, until: float) -> None:
    """Bring ``part`` to its full size, going on from what is there where the server allows it.

    Without a hash to check at the end, bytes are only joined where the server confirms (``ETag`` or
    ``Last-Modified``, and the length of the whole) that the file is still the one begun, and a file whose length
    the server does not tell is not taken.

    Args:
        source: URL.
        part: the file to fill.
        report: is called with the bytes that are there, and how many there will be.
        has_hash: the content is compared with a hash afterwards.
        until: moment (of ``time.monotonic``) at which to give up.

    Raises:
        InterruptedTransfer: another try may bring more.
        CheckpointError: no try will.
    """
    note = _Note(part, source)
    have = size_of(part)
    going_on = bool(have and (has_hash or (note.validator and note.total)))
    try:
        with _opener().open(_request(source, have if going_on else 0, note.validator), timeout=_TIMEOUT) as response:
            answer = _Answer(response, source)
            start = answer.start(have if going_on else 0)
            if start and not has_hash and (answer.validator, answer.total) != (note.validator, note.total):
                discard(part)
                raise InterruptedTransfer('the file on the server has changed; starting anew')
            answer.check(part.parent, start, has_hash=has_hash)
            note.write(answer.validator, answer.total)
            have = _copy(response, part, start, answer.total, report, until, source)
    except urllib.error.HTTPError as err:
        if _is_all(err, have, note, has_hash=has_hash, part=part):
            return
        raise InterruptedTransfer(f'the server answers {err.code} {err.reason}') from err
    except urllib.error.URLError as err:
        raise InterruptedTransfer(str(err.reason)) from err
    except (http.client.HTTPException, ConnectionError, TimeoutError) as err:
        raise InterruptedTransfer(f'{type(err).__name__} {err}'.strip()) from err
    if answer.total is not None and have != answer.total:
        raise InterruptedTransfer(f'the connection ended after {have:,} of {answer.total:,} bytes')
    if not have:
        raise CheckpointError(f'{shown(source)}: the server sent an empty file. Check the URL, or try again later.')


def media_type(source: str) -> tuple[str, int | None]:
    """Ask a server what kind of content a URL has, without fetching it.

    Args:
        source: URL.

    Returns:
        The kind, as ``'image/jpeg'``, '' where the server does not say; and the number of bytes, None where it does not
        say or there is no end.

    Raises:
        InterruptedTransfer: another try may bring an answer.
        CheckpointError: no try will.
    """
    try:
        with _opener().open(_request(source, 0, ''), timeout=_TIMEOUT) as response:
            kind = response.headers.get_content_type() if 'Content-Type' in response.headers else ''
            return kind, _Answer(response, source).length
    except urllib.error.HTTPError as err:
        if err.code >= 500 or err.code in (408, 429):
            raise InterruptedTransfer(f'the server answers {err.code} {err.reason}') from err
        raise CheckpointError(f'{shown(source)}: the server answers {err.code} {err.reason}. Check the URL.') from err
    except urllib.error.URLError as err:
        raise InterruptedTransfer(str(err.reason)) from err
    except (http.client.HTTPException, ConnectionError, TimeoutError) as err:
        raise InterruptedTransfer(f'{type(err).__name__} {err}'.strip()) from err


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_SafeRedirects, TimedHTTPHandler, TimedHTTPSHandler)


def _request(source: str, have: int, validator: str) -> urllib.request.Request:
    parts = urllib.parse.urlsplit(source)
    user, at, host = parts.netloc.rpartition('@')
    try:
        request = urllib.request.Request(urllib.parse.urlunsplit(parts._replace(netloc=host)))
    except ValueError as err:
        raise CheckpointError(f'{shown(source)}: is no URL.') from err
    request.add_header('User-Agent', 'mmpose_dark')
    request.add_header('Accept-Encoding', 'identity')
    if at:  # stays behind where the server leads elsewhere
        word = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
        request.add_unredirected_header('Authorization', f'Basic {word}')
    if have:
        request.add_header('Range', f'bytes={have}-')
        if validator:
            request.add_header('If-Range', validator)
    return request


class _Answer:
    """What the server says of the file."""

    def __init__(self, response: http.client.HTTPResponse, source: str) -> None:
        self.response, self.source = response, source
        headers = response.headers
        tag, date = headers.get('ETag', ''), headers.get('Last-Modified', '')
        self.validator = date if tag.startswith('W/') or not tag else tag
        length = headers.get('Content-Length', '')
        self.length = int(length) if re.fullmatch(r'\d{1,18}', length) else None
        self.total: int | None = self.length

    def start(self, asked: int) -> int:
        """Return at which byte the content starts, 0 or ``asked``."""
        if self.response.status != 206:
            return 0
        found = re.fullmatch(
            r'bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)', self.response.headers.get('Content-Range', '')
        )
        self.total = None if not found or found[3] == '*' else int(found[3])
        if not asked or not found or int(found[1]) != asked or (self.total and int(found[2]) + 1 != self.total):
            raise CheckpointError(
                f'{shown(self.source)}: the server answered another part than asked for; try again later.'
            )
        return asked

    def check(self, folder: pathlib.Path, start: int, *, has_hash: bool) -> None:
        """Refuse what cannot be a checkpoint, or is too much."""
        name, headers = shown(self.source), self.response.headers
        if 'text/html' in headers.get('Content-Type', ''):
            raise CheckpointError(
                f'{name}: the server sent a web page, not a file. Open the URL in a browser, download by hand and pass '
                'the path.'
            )
        if headers.get('Content-Encoding', 'identity').lower() not in ('identity', ''):
            raise CheckpointError(f'{name}: the server packs the file ({headers["Content-Encoding"]}), unasked.')
        is_framed = self.total is not None or 'chunked' in headers.get('Transfer-Encoding', '').lower()
        if not is_framed and not has_hash:
            raise CheckpointError(
                f'{name}: the server does not say how long the file is, and its name holds no hash: whether all of it '
                'came could not be told. Download it by hand, look at it, and pass its path.'
            )
        if (self.total or 0) > _largest():
            raise CheckpointError(_too_large(self.source, f'has {self.total:,} bytes'))
        free, needed = shutil.disk_usage(folder).free, (self.total or 0) - start
        if free < needed:
            raise CheckpointError(
                f'{folder}: {needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free. Free space there, or set '
                'MMPOSE_DARK_CACHE to another folder.'
            )


def _copy(
    response: http.client.HTTPResponse,
    part: pathlib.Path,
    have: int,
    total: int | None,
    report: Report,
    until: float,
    source: str,
) -> int:
    largest, began, before = _largest(), time.monotonic(), have
    with open_without_links(part) as file:
        file.seek(have)
        file.truncate()
        while block := _read(response):
            file.write(block)
            have += len(block)
            report(have, total)
            if have > largest:
                discard(part)
                raise CheckpointError(_too_large(source, 'does not end'))
            now = time.monotonic()
            if now > until:
                raise CheckpointError(f'{shown(source)}: took too long; {have:,} bytes are kept. Try a mirror.')
            if now - began > _PATIENCE:
                if have - before < _SLOWEST * (now - began):
                    raise InterruptedTransfer(f'{have - before:,} bytes in {now - began:.0f} s')
                began, before = now, have
        file.flush()
        os.fsync(file.fileno())
    return have


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK)  # what has come, not waiting for a whole block
    except OSError as err:  # of the connection; writing has its own
        raise ConnectionError(str(err)) from err


def _is_all(err: urllib.error.HTTPError, have: int, note: '_Note', *, has_hash: bool, part: pathlib.Path) -> bool:
    """Say whether an error means that all is there; raise where trying again is no use."""
    if err.code == 416:  # nothing follows what is there: it is all, or it is something else
        if err.headers.get('Content-Range') == f'bytes */{have}' and (has_hash or note.total == have):
            return True
        discard(part)
    elif 300 <= err.code < 400:  # its reason may hold a URL with a password
        raise CheckpointError(f'{shown(note.source)}: leads on to what is not followed ({err.code}). Check the URL.')
    elif err.code < 500 and err.code not in (408, 429):
        raise CheckpointError(
            f'{shown(note.source)}: the server answers {err.code} {err.reason}. Check the URL.'
        ) from err
    return False


class _Note:
    """What is known of a part: where it is from, which version, how long in the end."""

    def __init__(self, part: pathlib.Path, source: str) -> None:
        self.path, self.source = part.with_name(part.name + '.json'), source
        self.key = hashlib.sha256(source.encode()).hexdigest()  # the URL itself may hold a password
        self.validator, self.total = '', None
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            with open_without_links(self.path) as file:
                content = json.loads(file.read(10_000))
            if content.get('key') == self.key:
                self.validator, self.total = str(content.get('validator') or ''), content.get('total')

    def write(self, validator: str, total: int | None) -> None:
        with open_without_links(self.path) as file:
            file.truncate()
            file.write(json.dumps(dict(key=self.key, validator=validator, total=total)).encode())


def open_without_links(path: pathlib.Path) -> IO[bytes]:
    """Open a file for reading and writing, made where it is missing; a link in its place is removed, not followed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, open_without_links(pathlib.Path(folder, 'a')) as file:
    ...     file.write(b'new')
    3
    """
    if path.is_symlink():
        path.unlink()
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666), 'r+b')


def size_of(path: pathlib.Path) -> int:
    """Return the bytes of a file, 0 where there is none (or only a link).

    >>> size_of(pathlib.Path('/nowhere/a.part'))
    0
    """
    return path.stat().st_size if path.is_file() and not path.is_symlink() else 0


def discard(part: pathlib.Path) -> None:
    """Remove a part and what is known of it."""
    part.unlink(missing_ok=True)
    part.with_name(part.name + '.json').unlink(missing_ok=True)


def _largest() -> int:
    chosen = os.environ.get(LIMIT_VARIABLE, '')
    return int(chosen) if chosen.isdigit() else _LARGEST


def _too_large(source: str, what: str) -> str:
    return f'{shown(source)}: {what}; {_largest():,} is the most that is fetched ({LIMIT_VARIABLE}, in bytes).'
