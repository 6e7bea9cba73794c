"""Ids that are unique only where they were written: files evaluated together have the values of one."""

import copy
import json
import pathlib

import numpy as np
import pytest

from mmpose_dark.datasets import CombinedDataset
from mmpose_dark.evaluation.metrics import CocoMetric
from mmpose_dark.registry import DATASETS
from mmpose_dark.utils.errors import InputError


def packed(dataset, index) -> dict:
    """What a metric is given for a sample, with a prediction that depends on the sample's box alone."""
    info = dataset.get_data_info(index)
    box = info['bbox'][0]
    keypoints = info['keypoints'].copy()
    keypoints += np.sin(box.sum()) * 4
    ids = {key: info[key] for key in ('id', 'img_id', 'img_path', 'raw_ann_info', 'dataset_name', 'sample_idx')}
    score = 0.5 + (box.sum() % 10) / 20
    return dict(
        ids,
        ori_shape=(240, 320),
        category_id=info['category_id'],
        gt_instances=dict(bbox_scores=np.ones(1), bbox_scales=(box[2:] - box[:2])[None]),
        pred_instances=dict(keypoints=keypoints, keypoint_scores=np.full((1, 17), score)),
    )


def values(dataset, **options) -> dict:
    metric = CocoMetric(**options)
    metric.dataset_meta = dataset.metainfo
    for i in range(len(dataset)):
        metric.process({}, [packed(dataset, i)])
    return metric.evaluate(len(dataset))


@pytest.fixture
def parts(tiny_coco, tmp_path):
    """The small dataset in two files whose ids both begin at 1, the same file names in two folders, and in one file."""
    content = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    whole = copy.deepcopy(content)
    files = []
    for number, wanted in enumerate(({1, 2}, {3, 7})):
        images = [dict(i) for i in content['images'] if i['id'] in wanted]
        new = {image['id']: i for i, image in enumerate(images, 1)}
        anns = [dict(a) for a in content['annotations'] if a['image_id'] in wanted]
        folder = tmp_path / f'part{number}'
        folder.mkdir()
        for image in images:
            (folder / f'{new[image["id"]]}.png').symlink_to(tiny_coco.root / tiny_coco.img_dir / image['file_name'])
            image.update(id=new[image['id']], file_name=f'{new[image["id"]]}.png')
        for i, ann in enumerate(anns, 1):
            ann.update(id=i, image_id=new[ann['image_id']])
        path = tmp_path / f'{number}.json'
        path.write_text(json.dumps(dict(content, images=images, annotations=anns)))
        files.append(dict(type='CocoDataset', ann_file=str(path), data_prefix=dict(img=str(folder)), test_mode=True))
    path = tmp_path / 'whole.json'
    path.write_text(json.dumps(whole))
    one = dict(type='CocoDataset', ann_file=str(path), data_prefix=dict(img=str(tiny_coco.root / tiny_coco.img_dir)))
    return files, dict(one, test_mode=True)


def combined(files, **options) -> CombinedDataset:
    return CombinedDataset(dict(from_file='coco'), files, test_mode=True, **options)


def test_two_files_have_the_values_of_one(parts):
    files, one = parts
    expected = values(DATASETS.build(one))
    assert 0 < expected['coco/AP'] < 1
    dataset = combined(files)
    assert values(dataset) == pytest.approx(expected, abs=1e-12)
    assert len({dataset.identify(i) for i in range(len(dataset))}) == len(dataset)
    assert [dataset.identify(i) for i in range(len(dataset))] == [
        (info['id'], info['img_id']) for info in map(dataset.get_data_info, range(len(dataset)))
    ]


def test_an_annotation_file_cannot_know_them(parts):
    files, one = parts
    with pytest.raises(InputError, match=r'ids of the combined datasets meet \(image id 1 is .*part0.*part1'):
        CocoMetric(ann_file=one['ann_file']).dataset_meta = combined(files).metainfo


def test_ids_that_do_not_meet_stay(parts):
    _, one = parts
    dataset = combined([one])
    alone = DATASETS.build(one)
    assert [dataset.identify(i) for i in range(len(dataset))] == [alone.identify(i) for i in range(len(alone))]
    assert 'renumbered' not in dataset.metainfo
    # a dataset that comes twice has each sample once
    twice = combined([one, one])
    assert 'renumbered' not in twice.metainfo
    assert values(twice) == values(alone)


def test_people_of_one_image_in_two_files(parts, tmp_path):
    _, one = parts
    content = json.loads(pathlib.Path(one['ann_file']).read_text())
    halves = []
    for number in (0, 1):
        anns = [dict(a, id=i) for i, a in enumerate(content['annotations'][number::2])]
        path = tmp_path / f'half{number}.json'
        path.write_text(json.dumps(dict(content, annotations=anns)))
        halves.append(dict(one, ann_file=str(path)))
    dataset = combined(halves)
    assert len({dataset.identify(i) for i in range(len(dataset))}) == len(dataset) == len(DATASETS.build(one))
    metric = CocoMetric()
    metric.dataset_meta = dataset.metainfo
    metric.process({}, [packed(dataset, i) for i in range(len(dataset))])
    assert metric.evaluate(len(dataset))['coco/AR'] > 0


@pytest.mark.parametrize('ids', [None, 0, 'pairs', 'in each image'])
def test_annotation_ids_within_a_file(parts, tmp_path, ids):
    _, one = parts
    content = json.loads(pathlib.Path(one['ann_file']).read_text())
    seen: dict = {}
    for i, ann in enumerate(content['annotations']):
        seen[ann['image_id']] = seen.get(ann['image_id'], 0) + 1
        ann['id'] = {'pairs': i // 2, 'in each image': seen[ann['image_id']]}.get(ids, ids)
    path = tmp_path / 'ids.json'
    path.write_text(json.dumps(content))
    expected = values(DATASETS.build(one), ann_file=one['ann_file'])
    with pytest.warns(UserWarning, match='numbered anew'):
        dataset = DATASETS.build(dict(one, ann_file=str(path)))
    for options in (dict(ann_file=str(path)), {}):
        assert values(dataset, **options) == pytest.approx(expected, abs=1e-12)


def test_two_images_of_one_id_are_an_error_where_samples_say_so(parts):
    files, _ = parts
    metric = CocoMetric()
    first, second = (DATASETS.build(file) for file in files)
    metric.dataset_meta = first.metainfo
    metric.process({}, [packed(first, 0), packed(second, 0)])
    with pytest.raises(InputError, match='two images have the id 1'):
        metric.evaluate(2)
