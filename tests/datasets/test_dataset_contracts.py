"""The contracts of datasets and transforms: toys that no other file knows are registered, built and run by name."""

import inspect
from typing import ClassVar

import numpy as np
import pytest

from mmpose_dark.datasets import BaseCocoStyleDataset, PoseDataset, SampleKey, pose_collate
from mmpose_dark.datasets.transforms import BaseTransform
from mmpose_dark.datasets.transforms.base import get_rng
from mmpose_dark.registry import DATASETS, TRANSFORMS

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='ToyBrightness', most=50),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]


@pytest.fixture(scope='module', autouse=True)
def toys():
    @DATASETS.register_module()
    class ToyDots(PoseDataset):
        """People that are three dots."""

        METAINFO: ClassVar[dict] = dict(
            dataset_name='dots',
            keypoint_info={i: dict(name=name) for i, name in enumerate(('a', 'b', 'c'))},
            joint_weights=[1.0] * 3,
            sigmas=[0.05] * 3,
        )

        def __init__(self, size: int, pipeline=(), test_mode: bool = False) -> None:
            super().__init__(self.METAINFO, pipeline=pipeline, test_mode=test_mode)
            self.size = size

        def __len__(self) -> int:
            return self.size

        def get_data_info(self, idx: int) -> dict:
            return dict(
                self._shared,
                id=idx,
                img_id=100 + idx,
                img=np.full((80, 60, 3), 100, np.uint8),
                bbox=np.array([[5, 5, 50, 70]], np.float32),
                keypoints=np.array([[[10, 10], [20, 20], [30 + idx, 30]]], np.float32),
                keypoints_visible=np.ones((1, 3), np.float32),
            )

    @TRANSFORMS.register_module()
    class ToyBrightness(BaseTransform):
        """Brighten by a random number."""

        is_random = True

        def __init__(self, most: int) -> None:
            self.most = most

        def transform(self, results: dict) -> dict:
            return dict(results, img=results['img'] + np.uint8(get_rng(results).integers(1, self.most)))

    yield
    for registry, name in ((DATASETS, 'ToyDots'), (TRANSFORMS, 'ToyBrightness')):
        registry.module_dict.pop(name)


def test_a_new_dataset_and_a_new_transform_are_one_class_and_one_line():
    dataset = DATASETS.build(dict(type='ToyDots', size=3, pipeline=PIPELINE))
    assert dataset.metainfo['num_keypoints'] == 3
    batch = pose_collate([dataset[i] for i in range(3)])
    assert [tuple(x.shape) for x in batch['inputs']] == [(3, 64, 48)] * 3
    assert [s.img_id for s in batch['data_samples']] == [100, 101, 102]
    assert all(s.gt_instances.transformed_keypoints.shape == (1, 3, 2) for s in batch['data_samples'])
    assert dataset.identify(2) == (2, 102)
    again, other = dataset[SampleKey(1, 4, 7)], dataset[SampleKey(1, 5, 7)]
    assert (dataset[SampleKey(1, 4, 7)]['inputs'] == again['inputs']).all()
    assert (other['inputs'] != again['inputs']).any()


def test_an_unfinished_dataset_cannot_be_built():
    class Unfinished(PoseDataset):
        def __len__(self) -> int:
            return 1

    with pytest.raises(TypeError, match='get_data_info'):
        Unfinished(dict(from_file='coco'))


def test_joined_with_others():
    parts = [dict(type='ToyDots', size=2), dict(type='ToyDots', size=1)]
    meta = DATASETS.build(parts[0]).METAINFO
    dataset = DATASETS.build(dict(type='CombinedDataset', metainfo=meta, datasets=parts, pipeline=PIPELINE))
    assert [dataset[i]['data_samples'].img_id for i in range(3)] == [100, 101, 100]


def test_a_promise_decides_not_a_name():
    loader = dict(type='LoadImage', reduce_to=(48, 64))
    assert DATASETS.build(dict(type='ToyDots', size=1, pipeline=[loader, *PIPELINE[1:]]))[0]
    with pytest.raises(ValueError, match=r'random transform \(is_random = True\) must follow'):
        DATASETS.build(dict(type='ToyDots', size=1, pipeline=[loader, *PIPELINE[1:2], *PIPELINE[3:]]))
    with pytest.raises(ValueError, match='TopdownAffine and a random'):
        DATASETS.build(dict(type='ToyDots', size=1, pipeline=[loader, PIPELINE[2]]))


def test_every_transform_keeps_its_promise():
    """Those that draw are random, those that take away img_to_ori say so; and each says what it reads."""
    DATASETS.import_from_location()
    kinds = [kind for kind in TRANSFORMS.module_dict.values() if issubclass(kind, BaseTransform)]
    assert len(kinds) > 8
    for kind in kinds:
        source = inspect.getsource(kind)
        assert kind.is_random == ('get_rng(' in source), kind
        assert kind.removes_img_to_ori == ("pop('img_to_ori'" in source), kind


def test_every_dataset_keeps_the_contract():
    for kind in DATASETS.module_dict.values():
        if not issubclass(kind, PoseDataset):
            continue
        for name in ('__len__', 'get_data_info', 'identify', 'prepare_data'):
            assert callable(getattr(kind, name)), (kind, name)
        assert not getattr(kind.get_data_info, '__isabstractmethod__', False), kind
        if issubclass(kind, BaseCocoStyleDataset):
            assert kind.METAINFO, kind
            assert 'data_root' in kind.LAYOUT, kind
