"""Several datasets as one."""

import math
from collections.abc import Callable, Hashable, Sequence

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

    Ids are unique only where they were written. In test mode, where samples or images of two parts have the same ids
    (the same image id for two files), both are numbered anew over all parts, in ``raw_ann_info`` too, so that a metric
    without ``ann_file`` tells them apart. A metric with an ``ann_file`` refuses this (see ``metainfo['renumbered']``).

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
        self._numbers: list[tuple[int, int]] | None = None  # new id and img_id of all samples of all parts
        self._collision = ''

    def full_init(self) -> None:
        """Read the annotations of all parts."""
        if self._ends is None:
            factors = self.sample_ratio_factor or [1.0] * len(self.datasets)
            lengths = [math.ceil(len(d) * f) for d, f in zip(self.datasets, factors, strict=True)]
            self._ends = np.cumsum(lengths)
            if self.test_mode and len(self.datasets) > 1:
                self._number_anew()

    def _number_anew(self) -> None:
        """Find out whether ids of the parts meet; if they do, give every sample and image a number of its own.

        A sample that two parts have alike (id, image and box) is one sample, as it is where it comes twice in a part.
        """
        parts = [dataset.sample_places() for dataset in self.datasets]
        samples: dict[tuple, bytes] = {}
        images: dict[Hashable, tuple[int, str]] = {}
        for part, rows in enumerate(parts):
            for sample_id, img_id, path, box in rows:
                first, known = images.setdefault(img_id, (part, path))
                if known != path:
                    self._collision = f'image id {img_id!r} is {known!r} in part {first} and {path!r} in part {part}'
                elif samples.setdefault((img_id, sample_id), box) != box:
                    self._collision = f'sample id {sample_id!r} of image {img_id!r} is another in parts {first}, {part}'
        if not self._collision:
            return
        numbers: dict[tuple, int] = {}
        rows = [(part, img_id) for part, rows in enumerate(parts) for _, img_id, _, _ in rows]
        self._numbers = [(i, numbers.setdefault(row, len(numbers) + 1)) for i, row in enumerate(rows, 1)]

    @property
    def metainfo(self) -> dict[str, object]:
        """The common definition; with ``renumbered``, which ids met, where samples and images have new ones."""
        if self.test_mode:
            self.full_init()
        return dict(self._metainfo, renumbered=self._collision) if self._collision else dict(self._metainfo)

    def __len__(self) -> int:
        self.full_init()
        return int(self._ends[-1])

    def _new_ids(self, part: int, index: int) -> tuple[int, int] | None:
        """New id and img_id of sample ``index`` of a part, if there are new ones."""
        return None if self._numbers is None else self._numbers[sum(map(len, self.datasets[:part])) + index]

    def _locate(self, idx: int, rng: np.random.Generator | None = None) -> tuple[int, int]:
        """Return the number of the part that sample ``idx`` belongs to and its index there."""
        part = int(np.searchsorted(self._ends, idx, side='right'))
        start = int(self._ends[part - 1]) if part else 0
        dataset, index = self.datasets[part], idx - start
        if self.sample_ratio_factor is not None:
            # The epoch's samples spread over the part; which one of its stretch is drawn.
            stretch = len(dataset) / int(self._ends[part] - start)
            draw = 0.5 if rng is None or stretch <= 1 else rng.random()
            index = min(int((index + draw) * stretch), len(dataset) - 1)
        return part, index

    def identify(self, idx: int) -> tuple[int, int]:
        """Return id and img_id of a sample without reading its image."""
        self.full_init()
        part, index = self._locate(idx % len(self))
        return self._new_ids(part, index) or self.datasets[part].identify(index)

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
        part, index = self._locate(idx % size, rng)
        info = self.datasets[part].prepare_data(index, rng)
        if info is None:
            return {}
        name = info.get('dataset_name', self._shared['dataset_name'])
        info.update(self._shared, dataset_name=name, sample_idx=idx % size)  # a number that no other part's sample has
        new = self._new_ids(part, index)
        if new is not None:
            info['id'], info['img_id'] = new
            if isinstance(info.get('raw_ann_info'), dict):
                info['raw_ann_info'] = dict(info['raw_ann_info'], id=new[0], image_id=new[1])
        return info

    def prepare_data(self, idx: int, rng: np.random.Generator | None = None) -> dict | None:
        """Run both pipelines on one sample; see :class:`PoseDataset`."""
        rng = np.random.default_rng((0, 0, idx)) if rng is None else rng
        results = self.get_data_info(idx, rng)
        if not results:
            return None
        results['rng'] = rng
        return self.pipeline(results)
