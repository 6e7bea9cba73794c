"""URLs of checkpoints: short forms, mirrors, the hash in a name, hosts that need a person."""

import functools
import importlib.resources
import json
import os
import pathlib
import re
import urllib.parse
import urllib.request

from .errors import CheckpointError

__all__ = ['MIRROR_VARIABLE', 'file_name', 'is_url', 'local_path', 'mirrored', 'resolve', 'shown']

MIRROR_VARIABLE = 'MMPOSE_DARK_MIRROR'

_TORCHVISION = {
    f'resnet{depth}': f'https://download.pytorch.org/models/resnet{depth}-{digits}.pth'
    for depth, digits in ((18, 'f37072fd'), (34, 'b627a593'), (50, '0676ba61'), (101, '63fe2227'), (152, '394f9c45'))
}
# These answer a program with a log-in or warning page instead of the file.
_BY_HAND = re.compile(r'(^|\.)(drive\.google\.com|docs\.google\.com|1drv\.ms|onedrive\.live\.com|sharepoint\.com)$')
_BY_HAND_TOO = re.compile(r'(^|\.)(pan\.baidu\.com|mega\.nz)$')


def is_url(path_or_url: str | os.PathLike) -> bool:
    """Say whether a checkpoint is named by a URL rather than a path.

    >>> is_url('https://host/a.pth'), is_url('work_dirs/a.pth'), is_url('C:/a.pth')
    (True, False, False)
    """
    return isinstance(path_or_url, str) and re.match(r'[A-Za-z][A-Za-z0-9+.-]+://', path_or_url) is not None


def shown(path_or_url: str | os.PathLike) -> str:
    """Return a path or URL for messages, without a password, and without what stands behind ``?``.

    >>> shown('https://me:secret@host/a.pth?token=abc'), shown('work_dirs/a.pth')
    ('https://***@host/a.pth?***', 'work_dirs/a.pth')
    """
    text = str(path_or_url)
    if not is_url(text):
        return text
    scheme, _, rest = text.partition('://')
    host, slash, behind = rest.partition('/')
    if '@' in host:
        host = '***@' + host.rpartition('@')[2]
    behind, question, _ = behind.partition('?')
    return f'{scheme}://{host}{slash}{behind}' + ('?***' if question else '')


def resolve(url: str) -> str:
    """Return the ``https://``, ``http://`` or ``file://`` URL behind a short form.

    ``torchvision://resnet50`` stands for the ImageNet weights (version 1) of torchvision, without
    torchvision being needed; ``open-mmlab://NAME`` for the entries of mmengine's own table.

    Raises:
        CheckpointError: unknown short form or scheme, or a host that only lets people download.

    >>> resolve('torchvision://resnet50')
    'https://download.pytorch.org/models/resnet50-0676ba61.pth'
    """
    scheme, _, name = url.partition('://')
    table = {'torchvision': lambda: _TORCHVISION, 'open-mmlab': _openmmlab, 'openmmlab': _openmmlab}.get(scheme.lower())
    if table is not None:
        known = table()
        if name not in known:
            raise CheckpointError(
                f'{shown(url)}: unknown name. Known: {", ".join(sorted(known))}. A full URL works too.'
            )
        return known[name]
    if scheme.lower() not in ('http', 'https', 'file'):
        raise CheckpointError(
            f'{shown(url)}: cannot fetch {scheme}:// URLs. Use a path, file://, https://, http://, hf://, '
            'torchvision:// or open-mmlab://.'
        )
    try:
        host = urllib.parse.urlsplit(url).hostname or ''
    except ValueError as err:  # an IPv6 address that is none
        raise CheckpointError(f'{shown(url)}: is no URL ({err}).') from err
    if _BY_HAND.search(host) or _BY_HAND_TOO.search(host):
        raise CheckpointError(
            f'{shown(url)}: {host} gives files to people only. Download it in a browser and pass the path of the file.'
        )
    return url


@functools.lru_cache(maxsize=1)
def _openmmlab() -> dict[str, str]:
    table = importlib.resources.files('mmengine.hub') / 'openmmlab.json'
    entries = json.loads(table.read_text(encoding='utf-8'))
    return {k: v for k, v in entries.items() if v.startswith('http')}


def mirrored(url: str) -> str:
    """Apply the mirrors of the environment variable ``MMPOSE_DARK_MIRROR``.

    It holds one or more replacements ``PREFIX=REPLACEMENT`` separated by ``;``, such as
    ``https://download.openmmlab.com=https://my.mirror/openmmlab``; the replacement may be a folder. The
    first prefix that fits is used.

    Raises:
        CheckpointError: the variable is malformed.

    >>> os.environ[MIRROR_VARIABLE] = 'https://host=https://my.mirror/x'
    >>> mirrored('https://host/a.pth'), mirrored('https://other/a.pth')
    ('https://my.mirror/x/a.pth', 'https://other/a.pth')
    >>> del os.environ[MIRROR_VARIABLE]
    """
    for pair in filter(None, (p.strip() for p in os.environ.get(MIRROR_VARIABLE, '').split(';'))):
        prefix, sign, replacement = (part.strip() for part in pair.partition('='))
        if not sign or not is_url(prefix) or not replacement:
            raise CheckpointError(
                f'{MIRROR_VARIABLE}: {pair!r} is not PREFIX=REPLACEMENT, such as '
                'https://download.openmmlab.com=https://my.mirror'
            )
        prefix = prefix.rstrip('/')
        if url == prefix or url.startswith(prefix + '/'):
            result = replacement.rstrip('/') + url[len(prefix) :]
            return result if is_url(result) else pathlib.Path(result).expanduser().absolute().as_uri()
    return url


def local_path(url: str) -> pathlib.Path | None:
    """Return the path in a ``file://`` URL, ``None`` for others.

    >>> local_path('file:///data/a%20b.pth').as_posix()
    '/data/a b.pth'
    """
    parts = urllib.parse.urlsplit(url)
    return pathlib.Path(urllib.request.url2pathname(parts.path)) if parts.scheme == 'file' else None


def file_name(url: str) -> str:
    """Return the file name in a URL.

    >>> file_name('https://host/a/res50-43379d20_20200709.pth?download=1')
    'res50-43379d20_20200709.pth'
    """
    name = urllib.parse.unquote(urllib.parse.urlsplit(url).path).replace('\\', '/').rsplit('/', 1)[-1]
    return re.sub(r'[^\w.+-]', '_', name).lstrip('.') or 'checkpoint.pth'
