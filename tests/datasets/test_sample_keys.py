"""A sample depends on its key alone; what happens at images that cannot be read; batches."""

import functools
import shutil
import warnings

import numpy as np
import pytest
import torch
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from torch.utils.data import DataLoader

from mmpose_dark.datasets import BadSample, CocoDataset, ImageReadError, SampleKey, pose_collate
from mmpose_dark.registry import FUNCTIONS

TRAIN = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform'),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]


@pytest.fixture
def dataset(tiny_coco) -> CocoDataset:
    return CocoDataset(
        ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')), pipeline=TRAIN
    )


@pytest.fixture
def broken(tiny_coco, tmp_path):
    """The same dataset with the second image (one person, sample 2) cut off."""
    shutil.copytree(tiny_coco.root / 'images', tmp_path / 'images')
    path = tmp_path / 'images/000002.png'
    path.write_bytes(path.read_bytes()[:500])
    make = functools.partial(
        CocoDataset, ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tmp_path / 'images')), pipeline=TRAIN
    )
    return make, str(path)


def same(a, b) -> bool:
    return torch.equal(a['inputs'], b['inputs'])


def test_the_key_decides(dataset):
    a = dataset[SampleKey(1, epoch=3, seed=7)]
    for _ in range(2):
        dataset[SampleKey(2, epoch=3, seed=7)]
    assert same(a, dataset[SampleKey(1, 3, 7)])
    assert not same(a, dataset[SampleKey(1, 4, 7)])
    assert not same(a, dataset[SampleKey(1, 3, 8)])
    assert same(dataset[1], dataset[SampleKey(1)])
    assert same(dataset[-1], dataset[len(dataset) - 1])


@pytest.mark.parametrize('workers', [0, 2])
def test_batches_do_not_depend_on_workers(dataset, workers):
    keys = [SampleKey(i, 1, 0) for i in (4, 0, 3, 1)]
    loader = DataLoader(dataset, 2, sampler=keys, num_workers=workers, collate_fn=pose_collate)
    inputs = [x for batch in loader for x in batch['inputs']]
    for key, x in zip(keys, inputs, strict=True):
        assert torch.equal(x, dataset[key]['inputs'])


def test_global_random_state_is_neither_read_nor_moved(dataset):
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    a = dataset[SampleKey(0, 1, 1)]
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    assert same(a, dataset[SampleKey(0, 1, 1)])


def test_training_stops_at_a_bad_image(broken):
    make, path = broken
    ds = make()
    with pytest.raises(ImageReadError) as err:
        ds[2]
    assert err.value.path == path


def test_training_may_skip_it(broken):
    make, path = broken
    ds = make(on_bad_image='skip')
    with pytest.warns(UserWarning, match=r'000002\.png.*truncated.*next sample'):
        a = ds[SampleKey(2, 1, 0)]
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # once a file
        b = ds[SampleKey(2, 1, 0)]
    assert same(a, b)
    assert same(a, ds[SampleKey(3, 1, 0)])
    assert a['data_samples'].img_path != path


def test_testing_reports_it_and_goes_on(broken):
    make, path = broken
    ds = make(test_mode=True)
    loader = DataLoader(ds, 3, collate_fn=pose_collate)
    batches = list(loader)
    bad = [b for batch in batches for b in batch['bad_samples']]
    assert [(b.path, b.id, b.img_id) for b in bad] == [(path, 12, 2)]
    assert 'truncated' in bad[0].reason
    assert sum(len(batch['inputs']) for batch in batches) == len(ds) - 1
    for batch in batches:
        assert len(batch['inputs']) == len(batch['data_samples'])


def test_nothing_but_bad_images(broken):
    make, _ = broken
    ds = make(on_bad_image='skip', indices=[2])
    with pytest.warns(UserWarning, match='truncated'), pytest.raises(RuntimeError, match='4 samples in a row'):
        make(on_bad_image='skip', indices=[2], max_refetch=3)[0]
    assert len(ds) == 1


def test_transforms_may_drop_samples_in_training_only(dataset, tiny_coco):
    ids = []

    def only_even(results):
        ids.append(results['id'])
        return results if results['id'] % 2 == 0 else None

    kwargs = dict(ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')))
    ds = CocoDataset(**kwargs, pipeline=[only_even, *TRAIN])
    assert ds[1]['data_samples'].id == 12
    assert ids == [11, 12]
    with pytest.raises(ValueError, match='dropped sample 1'):
        CocoDataset(**kwargs, pipeline=[only_even, *TRAIN], test_mode=True)[1]


def test_pipelines_take_callables_and_mmcv_transforms(tiny_coco):
    mmcv_transforms = pytest.importorskip('mmcv.transforms')

    class Darken(mmcv_transforms.BaseTransform):
        def transform(self, results):
            results['img'] = results['img'] // 2
            return results

    kwargs = dict(ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')))
    plain = CocoDataset(**kwargs, pipeline=TRAIN[:1])
    half = CocoDataset(**kwargs, pipeline=[TRAIN[0], Darken()])
    np.testing.assert_array_equal(half[0]['img'], plain[0]['img'] // 2)
    with pytest.raises(TypeError, match=r'pipeline\[1\]'):
        CocoDataset(**kwargs, pipeline=[TRAIN[0], 'LoadImage'])


def test_collate_of_nothing_and_registered_name():
    assert pose_collate([]) == dict(inputs=[], data_samples=[], bad_samples=[])
    bad = BadSample('a.jpg', 'empty', 1, 2)
    assert pose_collate([bad])['bad_samples'] == [bad]
    assert FUNCTIONS.get('pose_collate') is pose_collate
    assert MMENGINE_FUNCTIONS.get('mmpose_dark.pose_collate') is pose_collate
