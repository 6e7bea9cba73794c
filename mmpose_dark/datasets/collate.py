"""From samples to a batch."""

from collections.abc import Sequence
from typing import Any

from ..registry import FUNCTIONS
from .errors import BadSample, FailedSample

__all__ = ['pose_collate']


@FUNCTIONS.register_module()
def pose_collate(samples: Sequence[dict | BadSample | FailedSample]) -> dict[str, Any]:
    """Put samples into one batch without copying or stacking anything.

    Args:
        samples: of :class:`PackPoseInputs`, or :class:`BadSample` for images that cannot be read, or
            :class:`FailedSample` for whatever else stopped a worker process.

    Returns:
        ``inputs``: list of (3, h, w) uint8 tensors; ``data_samples``: list of PoseDataSample;
        ``bad_samples``: list of BadSample. The first two have the same length, zero included. With a
        FailedSample instead ``error``, to be raised by the loop, and nothing else.

    >>> pose_collate([dict(inputs=1, data_samples=2), BadSample('a.jpg', 'empty file', id=3, img_id=4)])
    {'inputs': [1], 'data_samples': [2], 'bad_samples': [BadSample(path='a.jpg', reason='empty file', id=3, img_id=4)]}
    """
    failed = next((s for s in samples if isinstance(s, FailedSample)), None)
    if failed is not None:
        return dict(error=failed.error)
    bad = [s for s in samples if isinstance(s, BadSample)]
    good = [s for s in samples if not isinstance(s, BadSample)]
    return dict(inputs=[s['inputs'] for s in good], data_samples=[s['data_samples'] for s in good], bad_samples=bad)
