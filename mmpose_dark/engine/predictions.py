"""Predictions that are not finite: counted while a network is validated or tested, and named at the end."""

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.dist import all_reduce
from torch import Tensor, tensor

__all__ = ['NonFinitePredictions']

_SHOWN = 4
_FIELDS = ('keypoints', 'keypoint_scores')


class NonFinitePredictions:
    """Counts samples with keypoints or scores that are NaN or infinite."""

    def __init__(self) -> None:
        self.count = 0
        self.names: dict[str, None] = {}

    def look_at(self, samples: Sequence[object]) -> None:
        """Count those among ``samples``, as the network gave them.

        >>> from mmpose_dark.structures import Poses
        >>> found = NonFinitePredictions()
        >>> found.look_at([Poses([[[np.nan, 2]]], [[0.5]], [[0, 0, 4, 4]]).to_data_sample(dict(img_path='a.jpg'))])
        >>> found.count, list(found.names)
        (1, ['a.jpg'])
        """
        for sample in samples:
            instances = getattr(sample, 'pred_instances', None)
            if instances is None:
                continue
            if all(_is_finite(instances[name]) for name in _FIELDS if name in instances):
                continue
            self.count += 1
            if len(self.names) < _SHOWN:
                self.names[str(sample.get('img_path', sample.get('id')))] = None

    def report(self, logger: logging.Logger, total: int) -> None:
        """Warn, once for all processes, where there were any.

        Args:
            logger: of the run.
            total: number of samples that were predicted.
        """
        count = tensor(self.count)
        all_reduce(count)
        if int(count):
            where = f', such as those of {", ".join(self.names)}' if self.names else ''
            logger.warning(
                f'{int(count)} of {total} predictions are not finite (NaN or infinite){where}: the metrics mean '
                'nothing. The weights are damaged or of a training that diverged; test an earlier checkpoint, or '
                'without --amp if that was on'
            )


def _is_finite(value: np.typing.ArrayLike | Tensor) -> bool:
    if isinstance(value, Tensor):
        return bool(value.isfinite().all())
    return bool(np.isfinite(np.asarray(value, np.float64)).all())
