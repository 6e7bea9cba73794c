"""The container of a checkpoint, looked through before any of it is loaded: sizes, checksums, and its pickles' cost."""

import pathlib
import struct
import zipfile
import zlib

from .pickle_check import CostlyPickleError, check_pickle

__all__ = ['DamagedArchiveError', 'check_archive', 'check_stream']

_BLOCK = 1 << 22
_PICKLES_IN_A_STREAM = 5  # magic number, protocol, system, content, storage keys

# What zipfile raises for archives whose bytes were changed.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError),
    *(NotImplementedError, RuntimeError, ValueError, IndexError, KeyError),
)


class DamagedArchiveError(ValueError):
    """An archive whose content is not what it says."""


def check_archive(path: pathlib.Path) -> None:
    """Compare the members of a zip archive with its size and their checksums, and weigh its pickles.

    It reads the file once, some 0.1 s for 100 MB that the system has in memory.

    Args:
        path: a file that begins as an archive.

    Raises:
        DamagedArchiveError: a member larger than the file, or one that its checksum does not fit.
        CostlyPickleError: see `check_pickle`.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_sizes(members, size)
            for member in members:
                _check_sum(archive, member)
            for member in members:
                if member.filename.endswith('.pkl'):
                    with archive.open(member) as file:
                        _weigh(file.read(), size)
    except (DamagedArchiveError, CostlyPickleError):
        raise
    except _DAMAGE as err:
        raise DamagedArchiveError(str(err) or type(err).__name__) from err


def check_stream(path: pathlib.Path) -> None:
    """Weigh the pickles of a file as PyTorch wrote it before 1.6, where they stand one after another.

    Args:
        path: a file that begins as a pickle.

    Raises:
        CostlyPickleError: see `check_pickle`.
    """
    size = path.stat().st_size
    with open(path, 'rb') as file:
        for _ in range(_PICKLES_IN_A_STREAM):
            try:
                check_pickle(file, size)
            except CostlyPickleError:
                raise
            except ValueError:
                return  # not what torch.save writes: its reader will say so


def _weigh(content: bytes, size: int) -> None:
    try:
        check_pickle(content, size)
    except CostlyPickleError:
        raise
    except ValueError:
        return  # the reader says it better


def _check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    largest = max(members, key=lambda member: member.file_size, default=None)
    total = sum(member.file_size for member in members)
    if largest is not None and total > size:
        raise DamagedArchiveError(
            f'its members claim {total:,} bytes, {largest.filename!r} {largest.file_size:,}, and the file has {size:,}'
        )


def _check_sum(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:  # which compares the checksum at the end
        found = 0
        while block := file.read(_BLOCK):
            found += len(block)
    if found != member.file_size:
        raise DamagedArchiveError(f'{member.filename!r} has {found:,} bytes of {member.file_size:,}')
