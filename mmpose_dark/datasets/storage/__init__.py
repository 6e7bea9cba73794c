"""Images in one file instead of many: mmengine's file backends ``zip``, ``tar`` and ``lmdb``.

Importing this package registers them. ``lmdb`` takes the place of mmengine's own, which answers a
key that is not there with None, cannot be opened twice in a process and is shared by forked workers.
"""

from mmengine.fileio import register_backend

from .lmdb_backend import LmdbBackend
from .packed_backend import ArchiveError, PackedBackend
from .tar_backend import TarBackend
from .zip_backend import ZipBackend

__all__ = ['ArchiveError', 'LmdbBackend', 'PackedBackend', 'TarBackend', 'ZipBackend']

register_backend('zip', ZipBackend, force=True)
register_backend('tar', TarBackend, force=True)
register_backend('lmdb', LmdbBackend, force=True)
