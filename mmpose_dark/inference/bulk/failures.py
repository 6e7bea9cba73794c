"""What could not be used in a bulk run: the images with their reasons, and of what kind a reason is."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .plan import shard_paths

__all__ = ['failed_images', 'kind_of']

_OWN = re.compile(r"'[^']*'|\S*[\d/\\]\S*")


def failed_images(folder: Path, numbers: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Yield name and reason of the images that could not be used, of the shards of an output folder."""
    from pyarrow import parquet

    for number in numbers:
        table = parquet.read_table(shard_paths(folder, number)[1], columns=['image', 'error'])
        yield from ((row['image'], row['error']) for row in table.to_pylist() if row['error'])


def kind_of(error: str) -> str:
    """Return a reason without what is of one image only: numbers, paths and names in quotes.

    >>> kind_of('the file is truncated: it ends after 300 bytes without an end marker')
    'the file is truncated: it ends after ... bytes without an end marker'
    >>> kind_of('has the id a.jpg of /lake/s.tar#a.jpg: ids must differ')
    'has the id ... of ... ids must differ'
    """
    if error.startswith('has the id '):
        return 'has the id ... of ... ids must differ'
    return re.sub(r'\.\.\.(\s*\.\.\.)+', '...', _OWN.sub('...', error))
