"""Whether a dataset can be built and its pipeline gives the network what it expects."""

from collections.abc import Sequence

import numpy as np

from ..datasets.errors import BadSample, ImageReadError
from .image_files import spread
from .report import Finding, found

__all__ = ['check_samples']

_TRIED = 4


def check_samples(dataset: Sequence, *, num_keypoints: int, count: int = _TRIED) -> list[Finding]:
    """Run a few samples through the pipeline.

    Args:
        dataset: built.
        num_keypoints: that a sample must have in the end.
        count: how many samples to try, evenly spread.
    """
    for i in spread(len(dataset), count).tolist():
        try:
            sample = dataset[i]
        except ImageReadError:
            continue  # what is wrong with images is reported on its own
        except (ValueError, OSError, KeyError, TypeError, AttributeError, IndexError) as err:
            message = f'sample {i} does not go through the pipeline: {type(err).__name__}: {err}'
            return [found('error', 'pipeline', message)]
        if isinstance(sample, BadSample) or sample is None:
            continue
        problem = _problem(sample, num_keypoints)
        if problem:
            return [found('error', 'pipeline', f'sample {i}: {problem}')]
    return []


def _problem(sample: object, num_keypoints: int) -> str | None:
    if not isinstance(sample, dict) or 'inputs' not in sample:
        return None
    if getattr(sample['inputs'], 'ndim', 3) != 3:
        return f'inputs have the shape {tuple(sample["inputs"].shape)}; (3, height, width) is needed'
    instances = getattr(sample.get('data_samples'), 'gt_instances', None)
    keypoints = None if instances is None else instances.get('transformed_keypoints', instances.get('keypoints'))
    if keypoints is None:
        return None
    if keypoints.shape[1] != num_keypoints:
        return (
            f"it has {keypoints.shape[1]} keypoints, the config's definition {num_keypoints}; a part with other "
            'keypoints needs a KeypointConverter in its own pipeline'
        )
    return None if np.isfinite(np.asarray(keypoints)).all() else 'its keypoints are not finite'
