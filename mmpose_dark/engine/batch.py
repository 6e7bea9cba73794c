"""What a data loader gives: samples, images that could not be read, or the error that stopped a worker process."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    import torch

    from ..datasets.errors import BadSample
    from ..structures import PoseDataSample

__all__ = ['Batch', 'ForeignBatch', 'batch_size', 'raise_worker_error']


class Batch(TypedDict, total=False):
    """What `pose_collate` makes.

    Attributes:
        inputs: B crops, each (3, h, w) uint8.
        data_samples: B samples.
        bad_samples: of images that cannot be read.
        error: in the place of all others: what stopped a worker process.
    """

    inputs: 'list[torch.Tensor]'
    data_samples: 'list[PoseDataSample]'
    bad_samples: 'list[BadSample]'
    error: Exception


ForeignBatch: TypeAlias = Sequence[Sequence[object]]
"""What collate functions of other projects make: a tuple or list, the inputs first."""


def batch_size(data_batch: Batch | ForeignBatch) -> int:
    """Return the number of samples in a batch.

    >>> batch_size(dict(inputs=[1, 2, 3])), batch_size(([1, 2], ['a', 'b']))
    (3, 2)
    """
    return len(data_batch['inputs'] if isinstance(data_batch, dict) else data_batch[0])


def raise_worker_error(data_batch: Batch | ForeignBatch) -> None:
    """Raise the error that a worker process sent in the place of a batch (see ``pose_collate``), if it did.

    >>> raise_worker_error(dict(inputs=[], data_samples=[]))
    """
    if isinstance(data_batch, dict) and isinstance(data_batch.get('error'), Exception):
        raise data_batch['error']
