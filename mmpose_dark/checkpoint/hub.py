"""Files on a Hugging Face hub: what ``hf://OWNER/NAME`` names, and what the hub says of it before it is fetched."""

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CheckpointError
from .timed_answers import TimedHTTPHandler, TimedHTTPSHandler
from .urls import mirrored

__all__ = ['ENDPOINT_VARIABLE', 'OFFLINE_VARIABLE', 'HubAnswer', 'HubFile', 'Unreachable', 'ask_hub', 'parse_hub']

ENDPOINT_VARIABLE = 'HF_ENDPOINT'
OFFLINE_VARIABLE = 'HF_HUB_OFFLINE'

_ENDPOINT = 'https://huggingface.co'
_DEFAULT_FILE = 'model.safetensors'
_TIMEOUT = 30.0  # seconds
_WAITS = (1.0, 3.0)  # seconds before another try
_STEPS = 4  # within one host, where a repository was renamed
_FORM = re.compile(r'hf://([\w.-]+/[\w.-]+)(?:@([^/@\s]+))?(?:/([^@\s]+))?')
_NO_MORE = (301, 302, 303, 307, 308)


class Unreachable(Exception):
    """The hub gave no answer; a copy in the cache may serve."""


@dataclass(frozen=True)
class HubFile:
    """A file of a repository on the hub.

    Attributes:
        repository: ``OWNER/NAME``.
        revision: a branch, a tag or a commit.
        file: its path in the repository.
    """

    repository: str
    revision: str
    file: str

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a full commit hash, behind which nothing changes.

        >>> HubFile('owner/name', 'main', 'model.safetensors').is_pinned
        False
        """
        return re.fullmatch(r'[0-9a-f]{40}', self.revision) is not None

    @property
    def page(self) -> str:
        """URL of the repository, for people."""
        return f'{endpoint()}/{self.repository}'

    def url(self, revision: str | None = None) -> str:
        """Return the URL of the file.

        Args:
            revision: another than its own.

        >>> HubFile('owner/name', 'main', 'model.safetensors').url()
        'https://huggingface.co/owner/name/resolve/main/model.safetensors'
        """
        chosen = urllib.parse.quote(urllib.parse.unquote(revision or self.revision), safe='')
        return f'{self.page}/resolve/{chosen}/{urllib.parse.quote(self.file)}'


@dataclass(frozen=True)
class HubAnswer:
    """What the hub says of a file.

    Attributes:
        commit: that the revision is now; empty where the hub does not say.
        sha256: of the content, None where the hub does not say (small files, some mirrors).
    """

    commit: str
    sha256: str | None


def endpoint() -> str:
    """Return the hub's address: ``$HF_ENDPOINT``, or that of Hugging Face.

    >>> os.environ[ENDPOINT_VARIABLE] = 'https://my.mirror/'
    >>> endpoint()
    'https://my.mirror'
    >>> del os.environ[ENDPOINT_VARIABLE]
    """
    return (os.environ.get(ENDPOINT_VARIABLE) or _ENDPOINT).rstrip('/')


def parse_hub(url: str) -> HubFile | None:
    """Take a URL of the form ``hf://OWNER/NAME[@REVISION][/FILE]`` apart, None for URLs of other kinds.

    Without a revision it is ``main``, without a file ``model.safetensors``.

    Raises:
        CheckpointError: it begins with ``hf://`` and goes on otherwise.

    >>> parse_hub('hf://owner/name@v1.0/weights/a.pth')
    HubFile(repository='owner/name', revision='v1.0', file='weights/a.pth')
    >>> parse_hub('https://host/a.pth') is None
    True
    """
    if not url.lower().startswith('hf://'):
        return None
    found = _FORM.fullmatch('hf://' + url[5:])
    file = found[3] if found and found[3] else _DEFAULT_FILE
    parts = (*file.split('/'), *found[1].split('/'), found[2] or 'main') if found else ('',)
    if any(part in ('', '.', '..') for part in parts):
        raise CheckpointError(
            f'{url}: is not of the form hf://OWNER/NAME[@REVISION][/FILE], as hf://usyd-community/vitpose-base-simple'
        )
    return HubFile(found[1], found[2] or 'main', file)


def ask_hub(wanted: HubFile) -> HubAnswer:
    """Ask the hub for the commit and the hash of a file.

    Args:
        wanted: the file.

    Raises:
        Unreachable: it cannot be reached, or ``HF_HUB_OFFLINE`` is set.
        CheckpointError: there is no such repository, revision or file, or it is not for everybody.
    """
    if os.environ.get(OFFLINE_VARIABLE, '').lower() in ('1', 'true', 'yes', 'on'):
        raise Unreachable(f'{OFFLINE_VARIABLE} is set')
    waits = iter(_WAITS)
    while True:
        try:
            status, headers = _head(mirrored(wanted.url()))
            if status < 500 and status not in (408, 429):
                break
            reason = f'it answers {status}'
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as err:
            reason = str(getattr(err, 'reason', None) or err) or type(err).__name__
        wait = next(waits, None)
        if wait is None:
            raise Unreachable(reason)
        time.sleep(wait)
    if status >= 400:
        raise CheckpointError(_refusal(wanted, status, headers.get('X-Error-Code', '')))
    tags = (headers.get(name, '').removeprefix('W/').strip('"') for name in ('X-Linked-Etag', 'ETag'))
    digits = next((tag for tag in tags if re.fullmatch(r'[0-9a-f]{64}', tag)), None)
    commit = headers.get('X-Repo-Commit', '')
    return HubAnswer(commit if re.fullmatch(r'[0-9a-f]{40}', commit) else '', digits)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the hub's own answer has the hash, and leads on to where the content is."""

    def redirect_request(self, *_: object) -> None:
        return None


def _head(url: str) -> tuple[int, Mapping[str, str]]:
    """Ask for the headers of a URL; followed is only what stays on the host."""
    opener = urllib.request.build_opener(_Stay, TimedHTTPHandler, TimedHTTPSHandler)
    for _ in range(_STEPS):
        request = urllib.request.Request(url, method='HEAD', headers={'User-Agent': 'mmpose_dark'})
        try:
            with opener.open(request, timeout=_TIMEOUT) as response:
                return response.status, response.headers
        except urllib.error.HTTPError as err:
            new = urllib.parse.urljoin(url, err.headers.get('Location', ''))
            is_near = urllib.parse.urlsplit(new).netloc == urllib.parse.urlsplit(url).netloc
            if err.code not in _NO_MORE or not is_near or 'X-Linked-Etag' in err.headers:
                return err.code, err.headers
            url = new
    raise OSError('it leads from one URL to the next without end')


def _refusal(wanted: HubFile, status: int, code: str) -> str:
    name = f'hf://{wanted.repository}'
    if code == 'GatedRepo' or status == 403:
        return (
            f'{name}: its owner gives the files only to people who have accepted the terms ({status}). Do that in a '
            f'browser at {wanted.page}, download {wanted.file} there and pass its path.'
        )
    if code == 'RevisionNotFound':
        return f'{name}: has no revision {wanted.revision!r} ({status}). See {wanted.page}/commits/main.'
    if code == 'EntryNotFound':
        return (
            f'{name}: has no file {wanted.file!r} at revision {wanted.revision!r} ({status}). See {wanted.page}/tree/'
            f'{wanted.revision} and name the file as {name}/FILE.'
        )
    return (
        f'{name}: there is no such repository, or it is private ({status}), or it has no {wanted.file!r} at revision '
        f'{wanted.revision!r}. Check the name at {endpoint()}.'
    )
