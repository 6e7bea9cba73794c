"""Mutated annotation, detection, result and box files: work is done or one error of the user's kind is raised.

What is accepted has the values of the file before the mutation, wherever the mutation only wrote them in another way,
and what is refused by a run is refused by the check of data before it.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import pytest
from checked_data import PIPELINE
from mutations import DEEP, as_bytes, mutated

from mmpose_dark.annotations import AnnotationError
from mmpose_dark.data_check import check_config
from mmpose_dark.datasets import MpiiDataset
from mmpose_dark.evaluation.functional.oks_eval import evaluate_oks
from mmpose_dark.inference import read_boxes
from mmpose_dark.inference.boxes import check_boxes
from mmpose_dark.registry import DATASETS, METRICS
from mmpose_dark.utils.errors import UserError

FEW, MANY = 60, 1000
CONVERTERS = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters'


@pytest.fixture
def files(tiny_coco, tmp_path):
    """Contents of the small dataset and results for it, by name, and where to write."""
    people = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    for image in people['images']:
        image['crowdIndex'] = 0.1
    detections = json.loads(pathlib.Path(tiny_coco.det_file).read_text())
    results = [
        dict(image_id=a['image_id'], category_id=1, keypoints=a['keypoints'], score=0.5 + i / 20, track_id=i)
        for i, a in enumerate(people['annotations'])
        if not a['iscrowd']
    ]
    return dict(people=people, detections=detections, results=results, images=tiny_coco.root / tiny_coco.img_dir)


def dataset(path, files, **options):
    config = dict(type='CocoDataset', ann_file=str(path), data_prefix=dict(img=str(files['images'])), pipeline=PIPELINE)
    return DATASETS.build(config | options)


def records(data) -> list:
    infos = [data.get_data_info(i) for i in range(len(data))]
    keys = ('img_id', 'category_id', 'bbox', 'bbox_score', 'keypoints', 'keypoints_visible')
    return [[np.asarray(info[key]).tolist() for key in keys] for info in infos]


def outcome(work, done: str):
    """The result of work, or None where it is refused; anything else fails, and names the mutation."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return work()
        except UserError as err:
            if not 10 < len(str(err)) < 3000:
                raise AssertionError(f'{done}: {err}') from err
            return None
        except BaseException as err:
            raise AssertionError(f'{done}: {type(err).__name__}: {err}') from err


def use_people(path, files, tmp_path, done):
    """Train on, test on, evaluate, look at in the demo, and convert an annotation file."""
    results = files['results']
    config = dict(
        model=None,
        val_dataloader=dict(
            dataset=dict(
                type='CocoDataset',
                ann_file=str(path),
                data_prefix=dict(img=str(files['images'])),
                pipeline=PIPELINE,
                test_mode=True,
            )
        ),
        val_evaluator=dict(type='CocoMetric', ann_file=str(path)),
    )

    def build_and_evaluate():
        data = dataset(path, files, test_mode=True)
        METRICS.build(config['val_evaluator']).dataset_meta = data.metainfo
        return records(data), evaluate_oks(str(path), results)

    found = dict(
        train=outcome(lambda: records(dataset(path, files)), done),
        test=outcome(build_and_evaluate, done),
        boxes=outcome(lambda: read_boxes(path).by_name, done),
        check=outcome(lambda: check_config(config, max_images=0).ok, done),
        crowd=outcome(lambda: evaluate_oks(str(path), results, iou_type='keypoints_crowd'), done),
        yolo=outcome(lambda: yolo(path, files, tmp_path), done),
    )
    if found['test'] is None:
        assert not found['check'], f'{done}: a test refuses it, and the check does not'
    return found


def yolo(path, files, tmp_path):
    sys.path.insert(0, str(CONVERTERS))
    try:
        import coco2yolo_pose
    finally:
        sys.path.pop(0)
    out = tmp_path / 'yolo'
    coco2yolo_pose.main([str(out), '--train', str(path), str(files['images']), '--images', 'none', '--force'])
    return sorted((p.name, p.read_text()) for p in (out / 'labels' / 'train').iterdir())


def run(seeds, content, use):
    for seed in seeds:
        done, text = mutated(content, np.random.default_rng(seed))
        use(text, f'seed {seed}: {done}')


SEEDS = [range(FEW), pytest.param(range(FEW, MANY), marks=pytest.mark.slow)]


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_annotation_files(files, tmp_path, seeds, capsys):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        use_people(path, files, tmp_path, done)

    run(seeds, files['people'], use)


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_detection_files(files, tmp_path, seeds):
    people, path = tmp_path / 'people.json', tmp_path / 'a.json'
    people.write_bytes(as_bytes(files['people']))

    def use(text, done):
        path.write_bytes(text)
        outcome(lambda: records(dataset(people, files, test_mode=True, bbox_file=str(path))), done)
        outcome(lambda: boxes_of(path), done)

    run(seeds, files['detections'], use)


def boxes_of(path):
    found = read_boxes(path)
    rows = [*found.by_name.values(), *found.by_id.values(), found.everywhere or []]
    return [check_boxes(boxes, 'xywh', image_hw=(240, 320)) for boxes in rows]


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_result_files(files, tmp_path, seeds):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        values = outcome(lambda: evaluate_oks(files['people'], str(path)), done)
        assert values is None or all(-1 <= value <= 1 for value in values.values()), done

    run(seeds, files['results'], use)


BOX_FILES = [
    {'000001.png': [[10, 20, 60, 90], [30, 5, 60, 80, 0.9]], '000002': [[1, 2, 30, 40]]},
    [[10, 20, 60, 90], [30, 5, 60, 80, 0.9]],
    [dict(file_name='000001.png', bbox=[10, 20, 60, 90]), dict(image_id=2, bbox=[1, 2, 30, 40], score=0.5)],
]


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
@pytest.mark.parametrize('content', BOX_FILES, ids=['by name', 'everywhere', 'records'])
def test_box_files(tmp_path, content, seeds):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        outcome(lambda: boxes_of(path), done)

    run(seeds, content, use)


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_mpii_files(tmp_path, seeds):
    person = dict(image='a.jpg', scale=1.5, center=[90, 80], joints=[[90 + i, 60 + 7 * i] for i in range(16)])
    content = [dict(person, joints_vis=[1] * 16), dict(person, joints_vis=[0] + [1] * 15, image='7.jpg')]
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        config = dict(type='MpiiDataset', ann_file=str(path))
        outcome(lambda: records(MpiiDataset(ann_file=str(path))), done)
        outcome(lambda: check_config(dict(train_dataloader=dict(dataset=config)), max_images=0), done)

    run(seeds, content, use)


# ---------------------------------------------------------------------------------- the same in another way of writing


def each(content, key, value, which='annotations'):
    changed = [dict(record, **{key: value(record) if callable(value) else value}) for record in content[which]]
    return dict(content, **{which: changed})


def less(content, key, which='annotations'):
    return dict(content, **{which: [{k: v for k, v in record.items() if k != key} for record in content[which]]})


SAME = {
    'iscrowd as text': lambda c: each(c, 'iscrowd', lambda a: str(a['iscrowd'])),
    'iscrowd as booleans': lambda c: each(c, 'iscrowd', lambda a: bool(a['iscrowd'])),
    'iscrowd as fractions': lambda c: each(c, 'iscrowd', lambda a: float(a['iscrowd'])),
    'num_keypoints null': lambda c: each(c, 'num_keypoints', None),
    'num_keypoints absent': lambda c: less(c, 'num_keypoints'),
    'num_keypoints as text': lambda c: each(c, 'num_keypoints', lambda a: str(a['num_keypoints'])),
    'category null': lambda c: each(c, 'category_id', None),
    'category absent': lambda c: less(c, 'category_id'),
    'category as text': lambda c: each(c, 'category_id', lambda a: str(a['category_id'])),
    'categories null': lambda c: dict(c, categories=None),
    'categories absent': lambda c: {k: v for k, v in c.items() if k != 'categories'},
    'categories empty': lambda c: dict(c, categories=[]),
    'sizes as text': lambda c: each(each(c, 'width', '320', 'images'), 'height', '240', 'images'),
    'sizes as fractions': lambda c: each(each(c, 'width', 320.0, 'images'), 'height', 240.0, 'images'),
    'ids null': lambda c: each(c, 'id', None),
    'ids repeat': lambda c: each(c, 'id', 7),
    'boxes as text': lambda c: each(c, 'bbox', lambda a: [str(v) for v in a['bbox']]),
    'areas as text': lambda c: each(c, 'area', lambda a: str(a['area'])),
    'image ids as fractions': lambda c: each(c, 'image_id', lambda a: float(a['image_id'])),
    'visibility as fractions': lambda c: each(
        c, 'keypoints', lambda a: [v / 4 if i % 3 == 2 else v for i, v in enumerate(a['keypoints'])]
    ),
    'other fields': lambda c: dict(
        each(c, 'segmentation', {'a': [None]}), info=7, licenses=[{}], images=[dict(i, coco_url=5) for i in c['images']]
    ),
}


@pytest.mark.parametrize('name', SAME)
def test_the_same_in_another_way_of_writing(files, tmp_path, name, capsys):
    path = tmp_path / 'a.json'
    path.write_bytes(as_bytes(files['people']))
    clean = use_people(path, files, tmp_path, 'clean')
    assert clean['check']
    assert clean['test'][1]['AP'] > 0.9
    path.write_bytes(as_bytes(SAME[name](files['people'])))
    found = use_people(path, files, tmp_path, name)
    if name == 'visibility as fractions':  # hidden or visible is not to be told any more, which YOLO's format keeps
        del found['yolo'], clean['yolo']
    assert found == clean


REFUSED = {
    'width text': lambda c: each(c, 'width', 'wide', 'images'),
    'width null': lambda c: each(c, 'width', None, 'images'),
    'width of another kind': lambda c: each(c, 'width', [320], 'images'),
    'width 0': lambda c: each(c, 'width', 0, 'images'),
    'width true': lambda c: each(c, 'width', True, 'images'),
    'image id null': lambda c: each(c, 'id', None, 'images'),
    'image ids repeat': lambda c: each(c, 'id', 1, 'images'),
    'image id true': lambda c: each(c, 'image_id', True),
    'image id as text': lambda c: each(c, 'image_id', lambda a: str(a['image_id'])),
    'file name null': lambda c: each(c, 'file_name', None, 'images'),
    'file name with NUL': lambda c: each(c, 'file_name', 'a\0.jpg', 'images'),
    'file name a URL': lambda c: each(c, 'file_name', 'http://localhost:1/a.jpg', 'images'),
    'categories a number': lambda c: dict(c, categories=5),
    'categories of numbers': lambda c: dict(c, categories=[5]),
    'category without id': lambda c: dict(c, categories=[dict(name='person')]),
    'category not listed': lambda c: each(c, 'category_id', 5),
    'category of another kind': lambda c: each(c, 'category_id', [1]),
    'box an object': lambda c: each(c, 'bbox', {}),
    'box of three': lambda c: each(c, 'bbox', [1, 2, 3]),
    'box of nested lists': lambda c: each(c, 'bbox', lambda a: [a['bbox']]),
    'box with infinity': lambda c: each(c, 'bbox', [1, 2, 3, float('inf')]),
    'box with a huge number': lambda c: each(c, 'bbox', [1, 2, 3, 1e300]),
    'box with a truth': lambda c: each(c, 'bbox', lambda a: [True, *a['bbox'][1:]]),
    'keypoints a number': lambda c: each(c, 'keypoints', 1.0),
    'keypoints nested': lambda c: each(c, 'keypoints', lambda a: np.reshape(a['keypoints'], (17, 3)).tolist()),
    'keypoints with null': lambda c: each(c, 'keypoints', lambda a: [None, *a['keypoints'][1:]]),
    'keypoints too few': lambda c: each(c, 'keypoints', lambda a: a['keypoints'][3:]),
    'iscrowd 2': lambda c: each(c, 'iscrowd', 2),
    'iscrowd text': lambda c: each(c, 'iscrowd', 'no'),
    'num_keypoints negative': lambda c: each(c, 'num_keypoints', -1),
    'num_keypoints a fraction': lambda c: each(c, 'num_keypoints', 1.5),
    'area text': lambda c: each(c, 'area', 'large'),
    'deep': lambda c: dict(c, info=DEEP),
}


@pytest.mark.parametrize('name', REFUSED)
def test_what_is_refused_everywhere(files, tmp_path, name, capsys):
    path = tmp_path / 'a.json'
    path.write_bytes(as_bytes(REFUSED[name](files['people'])))
    found = use_people(path, files, tmp_path, name)
    # boxes alone need no size, no URL and no keypoints
    more_than_boxes = name in ('width null', 'file name null', 'file name a URL', 'keypoints too few')
    assert found['train'] is None
    assert found['test'] is None
    assert not found['check']
    assert more_than_boxes or found['boxes'] is None


@pytest.mark.parametrize('keypoints', [None, [], [0] * 51])
def test_objects_without_keypoints_are_nobody(files, tmp_path, keypoints, capsys):
    """They are left out by datasets and evaluation alike, and have no part in AP."""
    path = tmp_path / 'a.json'
    path.write_bytes(as_bytes(files['people']))
    clean = use_people(path, files, tmp_path, 'clean')
    ball = dict(id=999, image_id=1, category_id=2, bbox=[10, 10, 20, 20], area=400, iscrowd=0, keypoints=keypoints)
    categories = [*files['people']['categories'], dict(id=2, name='ball')]
    more = dict(files['people'], annotations=[*files['people']['annotations'], ball], categories=categories)
    path.write_bytes(as_bytes(more))
    found = use_people(path, files, tmp_path, 'a ball')
    assert (found['train'], found['test'], found['check']) == (clean['train'], clean['test'], clean['check'])


def test_a_person_without_box_is_left_out_of_training_and_refused_in_tests(files, tmp_path, capsys):
    path = tmp_path / 'a.json'
    path.write_bytes(as_bytes(files['people']))
    clean = use_people(path, files, tmp_path, 'clean')
    first, *others = files['people']['annotations']
    path.write_bytes(as_bytes(dict(files['people'], annotations=[dict(first, bbox=None), *others])))
    found = use_people(path, files, tmp_path, 'no box')
    assert found['train'] == clean['train'][1:]
    assert found['test'] is None
    assert found['check'] is False
    with pytest.raises(AnnotationError, match="annotation 10 has labelled keypoints and no 'bbox'"):
        dataset(path, files, test_mode=True)
