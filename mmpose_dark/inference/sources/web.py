"""URLs as sources: files are fetched, streams are read as they come."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...checkpoint.download import download_into
from ...checkpoint.transfer import InterruptedTransfer, media_type
from ...checkpoint.urls import local_path, shown
from ...utils.errors import InputError
from .image_files import IMAGE_SUFFIXES
from .live import LiveSource
from .still_images import Stills
from .temporary import source_of_file, temporary_folder
from .video_file import VIDEO_SUFFIXES, VideoFile

__all__ = ['open_url', 'path_of_url']

STREAMS = ('rtsp', 'rtsps', 'rtmp', 'rtmps', 'rtp', 'udp', 'srt')
"""Schemes of streams."""
_LIVE_SUFFIXES = ('.m3u8', '.mjpg', '.mjpeg', '.sdp', '.mpd')
_LIVE_KINDS = re.compile(r'multipart/|.*(mpegurl|dash\+xml|mp2t)$')
_FILE_KINDS = re.compile(r'(image|video)/|application/(octet-stream|mp4|ogg)$')


def path_of_url(url: str) -> Path | None:
    """Return the path in a ``file://`` URL, None for others.

    Raises:
        InputError: it is no URL.

    >>> path_of_url('file:///data/a%20b.mp4').as_posix(), path_of_url('http://host/a.mp4')
    ('/data/a b.mp4', None)
    """
    try:
        urlsplit(url)
        return local_path(url)
    except ValueError as err:  # an IPv6 address that is none
        raise InputError(f'{shown(url)}: is no URL ({err})') from err


def open_url(url: str, *, fps: float | None = None) -> LiveSource | VideoFile | Stills:
    """Return the source behind a URL.

    A file is fetched whole, into a temporary folder that goes with the source, so that it can be read again; what is
    behind a URL without the ending of an image, video or stream, the server is asked.

    Args:
        url: of http(s), or of a stream.
        fps: frames a second of a video without times.

    Raises:
        InputError: a scheme that is not read, or a server that sends something else; a stream that is not there.
        CheckpointError: it cannot be fetched.
    """
    parts = urlsplit(url)
    scheme, path = parts.scheme.lower(), Path(unquote(parts.path))
    name, suffix = shown(url), path.suffix.casefold()
    stem = re.sub(r'[^\w.-]+', '_', path.stem).strip('._') or re.sub(r'[^\w.-]+', '_', parts.hostname or '') or 'stream'
    if scheme in STREAMS:
        return LiveSource(url, name=name, stem=stem)
    if scheme not in ('http', 'https'):
        raise InputError(f'{name}: cannot be read: URLs begin with http, https, file, {", ".join(STREAMS)}')
    if suffix in _LIVE_SUFFIXES or (suffix not in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES) and _is_live(url)):
        return LiveSource(url, name=name, stem=stem)
    folder = temporary_folder()
    try:
        file = download_into(Path(folder.name), url)
    except BaseException:
        folder.cleanup()
        raise
    return source_of_file(file, folder, name=name, stem=stem, fps=fps)


def _is_live(url: str) -> bool:
    """Ask the server whether what it sends is a stream; a file otherwise."""
    try:
        kind, length = media_type(url)
    except InterruptedTransfer as err:
        raise InputError(f'{shown(url)}: no answer ({err}); is the server on?') from err
    if _LIVE_KINDS.match(kind) or not kind:
        return True
    if not _FILE_KINDS.match(kind):
        raise InputError(f'{shown(url)}: the server sends {kind}; an image, a video or a stream is needed')
    return length is None and kind.startswith('video/')
