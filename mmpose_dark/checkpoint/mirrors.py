"""A file that lies at several addresses: the first that serves the right one."""

import pathlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from mmengine.logging import print_log

from .download import download_checkpoint, sha256_of
from .errors import CheckpointError
from .urls import shown

__all__ = ['download_first']

_silent: dict[str, str] = {}  # host -> what it said last; asked again only where no other serves


def download_first(urls: Sequence[str], *, sha256: str | None = None) -> pathlib.Path:
    """Return the local file behind the first URL that serves it, fetching it where the cache does not have it.

    A host that did not answer is asked last for the rest of the session.

    Args:
        urls: of the same file, in the order to try.
        sha256: of the file; None where nobody published it.

    Raises:
        CheckpointError: none serves it, or only with another content; the message says what each host said.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, 'net.onnx')
    ...     path.write_bytes(b'net')
    ...     download_first([path.as_uri()]) == path
    3
    True
    """
    if len(urls) == 1 and sha256 is None:
        return download_checkpoint(urls[0])
    told: list[str] = []
    ordered = sorted(urls, key=lambda url: _host(url) in _silent)  # the others keep their order
    for url in ordered:
        try:
            path = download_checkpoint(url)
        except CheckpointError as err:
            _silent[_host(url)] = str(err)
            told.append(str(err))
            continue
        _silent.pop(_host(url), None)
        found = None if sha256 is None else sha256_of(path)
        if found == sha256:
            if len(urls) > 1:
                print_log(f'{path.name}: of {_host(url) or "this machine"}', logger='current')
            return path
        if urlsplit(url).scheme != 'file':
            path.unlink(missing_ok=True)
        told.append(f'{shown(url)}: its SHA-256 is {found[:8]}..., {sha256[:8]}... is published: not used.')
    raise CheckpointError('no address serves the file. ' + ' '.join(told))


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition('@')[2]
