"""Mutated annotation, detection, result and box files: work is done or one error of the user's kind is raised.

What is accepted has the values of the file before the mutation, wherever the mutation only wrote them in another way,
and what is refused by a run is refused by the check of data before it.
"""

import numpy as np
import pytest
from changed_files import (
    BOX_FILES,
    MPII,
    dataset,
    good_files,
    use_boxes,
    use_detections,
    use_mpii,
    use_people,
    use_results,
)  # fmt: skip
from mutations import DEEP, as_bytes, mutated

from mmpose_dark.annotations import AnnotationError

FEW, MANY = 60, 1000


@pytest.fixture
def files(tiny_coco, tmp_path):
    """Contents of the small dataset and results for it, by name, and where to write."""
    return good_files(tiny_coco.ann_file, tiny_coco.det_file, tiny_coco.root / tiny_coco.img_dir)


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
        use_detections(path, people, files, done)

    run(seeds, files['detections'], use)


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_result_files(files, tmp_path, seeds):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        use_results(path, files, done)

    run(seeds, files['results'], use)


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
@pytest.mark.parametrize('name', BOX_FILES)
def test_box_files(tmp_path, name, seeds):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        use_boxes(path, done)

    run(seeds, BOX_FILES[name], use)


@pytest.mark.parametrize('seeds', SEEDS, ids=['few', 'many'])
def test_mpii_files(tmp_path, seeds):
    path = tmp_path / 'a.json'

    def use(text, done):
        path.write_bytes(text)
        use_mpii(path, done)

    run(seeds, MPII, use)


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
