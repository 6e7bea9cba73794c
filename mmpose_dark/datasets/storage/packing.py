"""Writing a folder of images into a zip, tar or LMDB file."""

import contextlib
import errno
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...utils.atomic_file import atomic_path
from ...utils.errors import ExistsError, InputError, MissingFileError, MissingPackageError

__all__ = ['IMAGE_SUFFIXES', 'Packed', 'pack_images']

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
_LONGEST_KEY = 511  # of LMDB, in bytes
_PAGE = 4096
_KEYS_AT_ONCE = 1000


class Packed(NamedTuple):
    """What was written.

    Attributes:
        files: the archives.
        images: number of images in them.
        left_out: number of files in the folder that are no images.
    """

    files: list[Path]
    images: int
    left_out: int


def pack_images(
    folder: str | os.PathLike,
    out: str | os.PathLike,
    *,
    shard_size: int | None = None,
    force: bool = False,
    track: Callable[[Iterable[object], int, str], Iterable[object]] | None = None,
) -> Packed:
    """Write the images of a folder, and of those in it, into one file or several.

    Members are named as the folder and what is below it: ``train2017/a.jpg``. The bytes of the
    images are copied as they are. The same images give the same archive, whatever the dates of the
    files. Temporary files are written beside ``out`` and renamed when all is done.

    Args:
        folder: of the images.
        out: file to write; ``.zip``, ``.tar`` or ``.lmdb`` says of which kind.
        shard_size: begin a new file after so many bytes of images (zip and tar); the files are then
            named ``out-00000.tar`` and so on.
        force: replace what is there.
        track: shows progress: takes the things to loop over, their number and their name.

    Raises:
        ValueError: another ending, a shard size that is not positive or with LMDB, no images, or a name too
            long for LMDB.
        FileExistsError: the file, or one like its shards, is there.
        FileNotFoundError: there is no such folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     folder = Path(top, 'train')
    ...     folder.mkdir()
    ...     _ = (folder / 'a.jpg').write_bytes(b'pixels'), (folder / 'list.txt').write_bytes(b'a.jpg')
    ...     packed = pack_images(folder, Path(top, 'train.zip'))
    >>> packed.files[0].name, packed.images, packed.left_out
    ('train.zip', 1, 1)
    """
    folder, out = Path(folder), Path(out)
    _refuse(folder, out, shard_size)
    files, left_out = _list_images(folder)
    _refuse_files(files, folder, out)
    old = _like_shards(out) if shard_size else [out] if out.exists() else []
    if old and not force:
        raise ExistsError(f'{str(old[0])!r} is there; remove it, or replace it (force)')
    parts = _split(files, shard_size) if shard_size else [files]
    targets = [out.with_name(f'{out.stem}-{i:05d}{out.suffix}') for i in range(len(parts))] if shard_size else [out]
    with contextlib.ExitStack() as stack:  # which gives all files their names when all are written
        done = _each(files, track)
        for target, part in zip(targets, parts, strict=True):
            _WRITERS[out.suffix](stack.enter_context(atomic_path(target)), part, done)
        for _ in done:  # so that the progress shown ends
            pass
    for path in set(old) - set(targets):
        path.unlink()
    return Packed(targets, len(files), left_out)


def _refuse(folder: Path, out: Path, shard_size: int | None) -> None:
    if out.suffix not in _WRITERS:
        raise InputError(f'{str(out)!r} must end with {", ".join(_WRITERS)}')
    if shard_size is not None and (shard_size < 1 or out.suffix == '.lmdb'):
        raise InputError(f'shard_size {shard_size}: a positive number is needed, and .zip or .tar, as LMDB is one file')
    if not folder.is_dir():
        raise MissingFileError(f'there is no folder {str(folder)!r} (looked from {os.getcwd()})')


def _refuse_files(files: list[tuple[str, Path]], folder: Path, out: Path) -> None:
    if not files:
        raise InputError(f'there is no image ({", ".join(IMAGE_SUFFIXES)}) in {str(folder)!r}')
    longest = max((name for name, _ in files), key=lambda name: len(_key(name)))
    if out.suffix == '.lmdb' and len(_key(longest)) > _LONGEST_KEY:
        raise InputError(f'LMDB takes names up to {_LONGEST_KEY} bytes, {longest!r} is longer; use .tar or .zip')


def _list_images(folder: Path) -> tuple[list[tuple[str, Path]], int]:
    """Names and paths of the images, sorted, and the number of other files."""
    top = folder.resolve().name
    everything = [path for path in folder.rglob('*') if path.is_file()]
    found = [path for path in everything if path.suffix.lower() in IMAGE_SUFFIXES]
    named = sorted((f'{top}/{path.relative_to(folder).as_posix()}', path) for path in found)
    return named, len(everything) - len(found)


def _split(files: list[tuple[str, Path]], shard_size: int) -> list[list[tuple[str, Path]]]:
    parts: list[list[tuple[str, Path]]] = [[]]
    filled = 0
    for name, path in files:
        size = path.stat().st_size
        if parts[-1] and filled + size > shard_size:
            parts.append([])
            filled = 0
        parts[-1].append((name, path))
        filled += size
    return parts


def _like_shards(out: Path) -> list[Path]:
    pattern = re.compile(re.escape(out.stem) + r'-\d{5}' + re.escape(out.suffix))
    return sorted(p for p in out.parent.glob(f'*{out.suffix}') if pattern.fullmatch(p.name))


def _each(files: list, track: Callable | None) -> Iterator[object]:
    """Iterator that is to be advanced with each file."""
    return iter(track(files, len(files), 'images') if track else files)


def _write_zip(path: Path, files: list[tuple[str, Path]], done: Iterator[object]) -> None:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as archive:
        for name, source in files:
            next(done)
            info = zipfile.ZipInfo(name)  # of 1980
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.file_size = source.stat().st_size
            with source.open('rb') as file, archive.open(info, 'w') as member:
                shutil.copyfileobj(file, member)


def _write_tar(path: Path, files: list[tuple[str, Path]], done: Iterator[object]) -> None:
    with tarfile.open(path, 'w:', format=tarfile.PAX_FORMAT) as archive:
        for name, source in files:
            next(done)
            info = tarfile.TarInfo(name)  # of 1970, nobody's
            with source.open('rb') as file:
                info.size = os.fstat(file.fileno()).st_size
                archive.addfile(info, file)
            archive.members.clear()  # which keeps all that was added


def _write_lmdb(path: Path, files: list[tuple[str, Path]], done: Iterator[object]) -> None:
    try:
        import lmdb
    except ImportError as err:
        raise MissingPackageError('packing into LMDB needs the package lmdb: pip install lmdb') from err
    # An image takes whole pages, its key some of one; the rest is for LMDB's own.
    room = sum(-(-path.stat().st_size // _PAGE) + 2 for _, path in files) * _PAGE + (1 << 24)
    try:
        with lmdb.open(str(path), subdir=False, map_size=room, lock=False) as env:
            for start in range(0, len(files), _KEYS_AT_ONCE):
                with env.begin(write=True) as txn:
                    for name, source in files[start : start + _KEYS_AT_ONCE]:
                        next(done)
                        txn.put(_key(name), source.read_bytes())
            env.sync(True)
    except lmdb.Error as err:  # of which the last words are the system's
        raise OSError(errno.EIO, str(err).rpartition(': ')[2], str(path)) from err


def _key(name: str) -> bytes:
    return name.encode('utf-8', 'surrogateescape')


_WRITERS = {'.zip': _write_zip, '.tar': _write_tar, '.lmdb': _write_lmdb}
