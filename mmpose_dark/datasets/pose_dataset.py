"""What every dataset here does: run the pipeline with the sample's own random numbers."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from torch.utils.data import Dataset, get_worker_info

from ..keypoint_sets.definitions import numbers_of, parse_pose_metainfo
from ..utils.errors import InputError, StateError, UserError
from .compose import Compose
from .errors import BadSample, FailedSample, ImageReadError
from .sample_key import SampleKey

__all__ = ['SHARED_METAINFO', 'PoseDataset']

SHARED_METAINFO = (
    'dataset_name',
    'upper_body_ids',
    'lower_body_ids',
    'flip_pairs',
    'flip_indices',
    'dataset_keypoint_weights',
    'skeleton_links',
)
"""Entries of the metainfo that each sample refers to (shared by all samples: not to be modified)."""

ON_BAD_IMAGE = ('raise', 'skip', 'report')


class PoseDataset(Dataset, ABC):
    """Base of the datasets, and their contract: pipeline, random numbers, unreadable images.

    A dataset says how many samples it has (``__len__``) and gives the record of each
    (:meth:`get_data_info`); it may say id and image of a sample without reading an image
    (:meth:`identify`). The rest is here.

    ``dataset[index]`` or ``dataset[SampleKey(index, epoch, seed)]`` runs the pipeline on
    ``get_data_info(index)`` with ``results['rng'] = numpy.random.default_rng((seed, epoch, index))``;
    a plain index means epoch 0 and seed 0. So the sample depends on its key alone.

    Args:
        metainfo: definition, see :func:`parse_pose_metainfo`.
        pipeline: configs of transforms, or callables.
        test_mode: whether samples are for testing.
        max_refetch: how many samples ``'skip'`` may pass over, one after the other.
        on_bad_image: at an image that cannot be read: ``'raise'`` ImageReadError (the default in
            training); ``'skip'`` to the next sample, with a warning for each file; ``'report'``
            return a :class:`BadSample` (the default in test mode).

    Raises:
        ValueError: ``on_bad_image`` is none of these, or is ``'skip'`` in test mode, where every
            sample counts; or images are decoded at reduced size in test mode.
    """

    def __init__(
        self,
        metainfo: dict,
        *,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        max_refetch: int = 1000,
        on_bad_image: str | None = None,
    ) -> None:
        on_bad_image = on_bad_image or ('report' if test_mode else 'raise')
        if on_bad_image not in ON_BAD_IMAGE:
            raise InputError(f'on_bad_image must be one of {ON_BAD_IMAGE}, got {on_bad_image!r}')
        if on_bad_image == 'skip' and test_mode:
            raise InputError("on_bad_image='skip' would drop people from the test; use 'report' or 'raise'")
        self._metainfo = parse_pose_metainfo(metainfo)
        self._shared = {k: self._metainfo[k] for k in SHARED_METAINFO}
        self.pipeline = Compose(pipeline)
        if test_mode and any(getattr(t, 'reduce_to', None) for t in self.pipeline.transforms):
            raise InputError(
                f'{type(self).__name__}: test_mode=True and LoadImage(reduce_to=...) do not go together: images are '
                'decoded whole for evaluation, as published values are; remove reduce_to from this pipeline'
            )
        weighted = [t for t in self.pipeline.transforms if getattr(t, 'use_dataset_keypoint_weights', False)]
        if weighted:
            reader = f'{type(weighted[0]).__name__} with use_dataset_keypoint_weights=True'
            numbers_of(self._metainfo, 'dataset_keypoint_weights', reader)
        self.test_mode = test_mode
        self.max_refetch = max_refetch
        self.on_bad_image = on_bad_image
        self._warned: set[str] = set()

    @property
    def metainfo(self) -> dict[str, object]:
        """The parsed definition (a new dictionary over shared values)."""
        return dict(self._metainfo)

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def get_data_info(self, idx: int) -> dict[str, object]:
        """Return the record of one sample, before any transform: a new dictionary.

        Args:
            idx: of the sample, 0 to ``len(self) - 1``.

        Returns:
            What the pipeline reads. With the transforms here: ``id`` (of the sample, an integer of
            its own) and ``img_id``; ``img_path``, or ``img`` (H, W, 3) BGR uint8; ``bbox`` (1, 4) left,
            top, right, bottom in pixels of the image, or ``bbox_center`` (1, 2) and ``bbox_scale``
            (1, 2) pixels; ``bbox_score`` (1,); to learn from, ``keypoints`` (1, K, 2) pixels and
            ``keypoints_visible`` (1, K) 0 or 1; and ``self._shared``, the metainfo of ``SHARED_METAINFO``.
        """

    def identify(self, idx: int) -> tuple[int, int]:
        """Return id and img_id of a sample without reading its image; evaluation tells samples apart by them."""
        return self._ids(self.get_data_info(idx), idx)

    @staticmethod
    def _ids(info: Mapping, idx: int) -> tuple[int, int]:
        return info.get('id', idx), info.get('img_id', -1)

    def sample_places(self) -> list[tuple[object, object, str, bytes]]:
        """Return id, img_id, the image's path and the box, as bytes, of every sample, without reading an image."""
        infos = (self.get_data_info(i) for i in range(len(self)))
        return [
            (
                info.get('id', i),
                info.get('img_id', -1),
                info.get('img_path', ''),
                np.asarray(info.get('bbox')).tobytes(),
            )
            for i, info in enumerate(infos)
        ]

    def prepare_data(self, idx: int, rng: np.random.Generator | None = None) -> dict | None:
        """Run the pipeline on one sample.

        Args:
            idx: of the sample.
            rng: where the transforms draw from; made from (0, 0, idx) by default.

        Returns:
            What the last transform returns; None if a transform dropped the sample.

        Raises:
            ImageReadError: its image cannot be read.
        """
        results = self.get_data_info(idx)
        results['rng'] = np.random.default_rng((0, 0, idx)) if rng is None else rng
        return self.pipeline(results)

    def __getitem__(self, key: int | SampleKey) -> dict | BadSample | FailedSample:
        try:
            return self._load(key)
        except UserError as err:
            if get_worker_info() is None:
                raise
            return FailedSample(err)

    def _load(self, key: int | SampleKey) -> dict | BadSample:
        key = key if isinstance(key, SampleKey) else SampleKey(int(key))
        size = len(self)
        if not -size <= key.index < size:
            raise IndexError(f'sample {key.index} of a dataset of {size}')
        index = key.index % size
        for _ in range(self.max_refetch + 1):
            rng = np.random.default_rng((key.seed, key.epoch, index))
            try:
                sample = self.prepare_data(index, rng)
            except ImageReadError as err:
                if self.on_bad_image == 'raise':
                    hint = (
                        '' if self.test_mode else "; on_bad_image='skip' (train.py --skip-bad-images) goes on without"
                    )
                    raise ImageReadError(err.path, err.reason + hint) from err
                if self.on_bad_image == 'report':
                    sample_id, img_id = self.identify(index)
                    return BadSample(err.path, err.reason, id=sample_id, img_id=img_id)
                self._warn_once(err)
                sample = None
            if sample is not None:
                return sample
            if self.test_mode:
                raise InputError(
                    f'the pipeline dropped sample {index} of {type(self).__name__} (returned None) in test mode, '
                    'where every sample counts'
                )
            index = (index + 1) % size
        raise StateError(
            f'{type(self).__name__}: {self.max_refetch + 1} samples in a row after {key.index} could not be used; '
            'check the image folder, or raise max_refetch'
        )

    def _warn_once(self, err: ImageReadError) -> None:
        if err.path not in self._warned:
            self._warned.add(err.path)
            warnings.warn(f'{err}; the next sample is taken instead', stacklevel=3)
