"""Errors of a loader's worker processes, raised where the program can tell them."""

from typing import Any

__all__ = ['raise_worker_error']


def raise_worker_error(data_batch: Any) -> None:
    """Raise the error that a worker process sent in the place of a batch (see ``pose_collate``), if it did.

    >>> raise_worker_error(dict(inputs=[], data_samples=[]))
    """
    if isinstance(data_batch, dict) and isinstance(data_batch.get('error'), Exception):
        raise data_batch['error']
