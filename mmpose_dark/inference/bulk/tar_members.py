"""Images in uncompressed tar files (WebDataset shards), found by their place in the file."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from ...utils.errors import InputError
from ..sources.image_files import IMAGE_SUFFIXES
from .items import Item, stamp_of

__all__ = ['COMPRESSED', 'list_members', 'read_member', 'refuse_compressed']

COMPRESSED = ('.tar.gz', '.tgz', '.tar.bz2', '.tbz2', '.tar.xz', '.txz', '.tar.zst')
_STARTS = {b'\x1f\x8b': 'gzip', b'BZh': 'bzip2', b'\xfd7zXZ': 'xz', b'\x28\xb5\x2f\xfd': 'zstd'}


def refuse_compressed(path: Path) -> None:
    """Stop where a tar file is compressed, by its name or by its first bytes.

    Raises:
        InputError: it is.

    >>> refuse_compressed(Path('a.tar.gz'))
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.InputError: a.tar.gz: is a compressed tar file, in which no image can be read ...
    """
    kind = next((suffix for suffix in COMPRESSED if path.name.lower().endswith(suffix)), '')
    if not kind:
        try:
            with path.open('rb') as file:
                start = file.read(8)
        except OSError:
            return  # listing says what is wrong
        kind = next((name for magic, name in _STARTS.items() if start.startswith(magic)), '')
    if kind:
        raise InputError(
            f'{path}: is a compressed tar file, in which no image can be read without those before it ({kind}): '
            'decompress it to .tar (images are compressed already)'
        )


def list_members(path: Path) -> Iterator[Item]:
    """Yield the images of a tar file; of one that is cut off what is whole, and one item with the error.

    Raises:
        InputError: it is compressed.
    """
    refuse_compressed(path)
    try:
        with tarfile.open(path, 'r:') as tar:
            for entry in tar:
                if entry.isreg() and Path(entry.name).suffix.lower() in IMAGE_SUFFIXES:
                    error = 'is stored with gaps (a sparse file): pack it again' if entry.sparse else ''
                    stamp, place = f'{entry.size} {entry.mtime}', (entry.offset_data, entry.size)
                    yield Item(str(path), entry.name, entry.name, error, stamp, *place)
                tar.members = []  # which tarfile keeps for look-ups, however many there are
            end = tar.offset  # tarfile takes a cut header for the end
        with path.open('rb') as file:
            file.seek(end)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise EOFError('it has no mark at its end')
    except (tarfile.TarError, OSError, EOFError) as err:
        text = f'cut off, or no tar file ({err}): what stands behind is lost'
        yield Item(str(path), '', str(path), text, stamp_of(path))


def read_member(item: Item) -> bytes:
    """Return the bytes of an image.

    Raises:
        EOFError: the file ends before they do.
        OSError: the file cannot be read.
    """
    with open(item.path, 'rb') as file:
        file.seek(item.offset)
        content = file.read(item.size)
    if len(content) < item.size:
        raise EOFError(f'{item.member} is cut off: {len(content)} of {item.size} bytes')
    return content
