"""Several datasets as one."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..registry import DATASETS
from ..utils.errors import InputError
from .pose_dataset import PoseDataset

__all__ = ['CombinedDataset']


@DATASETS.register_module()
class CombinedDataset(PoseDataset):
    """Datasets one after the other, with the keypoints of one definition.

    A sample goes through the pipeline of its own dataset first (``KeypointConverter`` there brings
    it to the common keypoints), then through the common one.

    Args:
        metainfo: the common definition.
        datasets: configs of datasets, or datasets.
        pipeline: common transforms.
        sample_ratio_factor: take so many times each dataset's length of samples an epoch: below 1
            a part of it, other samples in other epochs; above 1 with repetitions.
        test_mode: whether samples are for testing.
        max_refetch: see :class:`PoseDataset`.
        on_bad_image: see :class:`PoseDataset`; the parts' own setting is not used.

    Raises:
        ValueError: no dataset, or not one positive factor for each.
    """

    def __init__(
        self,
        metainfo: dict,
        datasets: Sequence[dict | PoseDataset],
        pipeline: Sequence[dict | Callable] = (),
        sample_ratio_factor: Sequence[float] | None = None,
        test_mode: bool = False,
        max_refetch: int = 1000,
        on_bad_image: str | None = None,
    ) -> None:
        super().__init__(
            metainfo, pipeline=pipeline, test_mode=test_mode, max_refetch=max_refetch, on_bad_image=on_bad_image
        )
        if not datasets:
            raise InputError('CombinedDataset: datasets is empty')
        factors = sample_ratio_factor
        if factors is not None and (len(factors) != len(datasets) or min(factors) <= 0):
            raise InputError(f'CombinedDataset: sample_ratio_factor {factors} must be {len(datasets)} positive numbers')
        self.datasets = [DATASETS.build(d) if isinstance(d, dict) else d for d in datasets]
        self.sample_ratio_factor = factors
        self._ends: np.ndarray | None = None

    def full_init(self) -> None:
        """Read the annotations of all parts."""
        if self._ends is None:
            factors = self.sample_ratio_factor or [1.0] * len(self.datasets)
            lengths = [math.ceil(len(d) * f) for d, f in zip(self.datasets, factors, strict=True)]
            self._ends = np.cumsum(lengths)

    def __len__(self) -> int:
        self.full_init()
        return int(self._ends[-1])

    def _locate(self, idx: int, rng: np.random.Generator | None = None) -> tuple[PoseDataset, int]:
        """Return the part that sample ``idx`` belongs to and its index there."""
        part = int(np.searchsorted(self._ends, idx, side='right'))
        start = int(self._ends[part - 1]) if part else 0
        dataset, index = self.datasets[part], idx - start
        if self.sample_ratio_factor is not None:
            # The epoch's samples spread over the part; which one of its stretch is drawn.
            stretch = len(dataset) / int(self._ends[part] - start)
            draw = 0.5 if rng is None or stretch <= 1 else rng.random()
            index = min(int((index + draw) * stretch), len(dataset) - 1)
        return dataset, index

    def identify(self, idx: int) -> tuple[int, int]:
        """Return id and img_id of a sample without reading its image."""
        self.full_init()
        dataset, index = self._locate(idx)
        return dataset.identify(index)

    def get_data_info(self, idx: int, rng: np.random.Generator | None = None) -> dict[str, object]:
        """Return a sample after its own dataset's pipeline, with the common metainfo.

        Args:
            idx: of the sample.
            rng: its random numbers, for the part's pipeline.
        """
        size = len(self)
        if not -size <= idx < size:
            raise IndexError(f'sample {idx} of a dataset of {size}')
        rng = np.random.default_rng((0, 0, idx % size)) if rng is None else rng
        dataset, index = self._locate(idx % size, rng)
        info = dataset.prepare_data(index, rng)
        if info is None:
            return {}
        name = info.get('dataset_name', self._shared['dataset_name'])
        info.update(self._shared, dataset_name=name, sample_idx=idx % size)  # a number that no other part's sample has
        return info

    def prepare_data(self, idx: int, rng: np.random.Generator | None = None) -> dict | None:
        """Run both pipelines on one sample; see :class:`PoseDataset`."""
        rng = np.random.default_rng((0, 0, idx)) if rng is None else rng
        results = self.get_data_info(idx, rng)
        if not results:
            return None
        results['rng'] = rng
        return self.pipeline(results)
