"""Whether the addresses of weights answer, asked without fetching the files."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ..checkpoint.errors import CheckpointError
from ..checkpoint.hub import parse_hub
from ..checkpoint.transfer import InterruptedTransfer, media_type
from ..checkpoint.urls import mirrored, resolve

__all__ = ['Answer', 'ask_addresses']

_AT_ONCE = 8


class Answer(NamedTuple):
    """What an address said.

    Attributes:
        name: of the weights.
        url: asked.
        size: bytes of the file; None where the server does not say, or it cannot be had.
        error: why the file cannot be had; '' if it can.
        by_hand: the host serves people with a browser only, and was not asked.
    """

    name: str
    url: str
    size: int | None = None
    error: str = ''
    by_hand: bool = False


def ask_addresses(addresses: Mapping[str, Sequence[str]], *, by_hand: Sequence[str] = ()) -> Iterator[Answer]:
    """Ask each address of each file for its size, several at a time; the answers come in the order of the names.

    Args:
        addresses: name -> URLs.
        by_hand: URLs that only a browser gets; they are not asked.

    >>> url = 'https://drive.google.com/x'
    >>> [answer.by_hand for answer in ask_addresses({'a': [url]}, by_hand=[url])]
    [True]
    """
    pairs = [(name, url) for name, urls in addresses.items() for url in urls]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(lambda pair: _ask(*pair, by_hand=pair[1] in by_hand), pairs)


def _ask(name: str, url: str, *, by_hand: bool) -> Answer:
    if by_hand:
        return Answer(name, url, by_hand=True)
    try:
        wanted = parse_hub(url)
        kind, size = media_type(mirrored(wanted.url() if wanted else resolve(url)))
    except (CheckpointError, InterruptedTransfer) as err:
        return Answer(name, url, error=str(err))
    if kind == 'text/html':
        return Answer(name, url, error='a web page lies there, not the file')
    return Answer(name, url, size)
