"""The functions behind check_dataset, on arrays and on real annotations that are damaged here."""

import json
import struct
import warnings

import cv2
import numpy as np
import pytest

from mmpose_dark.data_check.boxes import (
    box_forms,
    check_areas,
    check_boxes,
    extent_overlap,
    fits_as_xyxy,
    share_inside,
)
from mmpose_dark.data_check.coco_people import coco_people, read_annotations
from mmpose_dark.data_check.detections import check_detections, recall
from mmpose_dark.data_check.image_files import ImageFile, exif_orientation, read_image_file, read_image_files, spread
from mmpose_dark.data_check.keypoints import check_keypoints, check_sides, check_visibility
from mmpose_dark.data_check.report import Report, Section, found
from mmpose_dark.data_check.settings import check_definition
from mmpose_dark.datasets.errors import AnnotationError
from mmpose_dark.keypoint_sets import parse_pose_metainfo

REAL = {
    'lspet': ('data/lspet/annotations/lspet_train.json', 'lspet', ('note', 'keypoint-outside')),
    'coco': ('data/coco_mini/annotations/person_keypoints_train2017.json', 'coco', None),
    'coco 2014': ('golden/published/coco_fake100/person_keypoints_val2014_100.json', 'coco', None),
    'posetrack18': (
        'data/samples/posetrack18/annotations/test_posetrack18_val.json', 'posetrack18', ('note', 'keypoint-outside')
    ),
    'aic': ('data/samples/aic/test_aic.json', 'aic', None),
    'crowdpose': ('golden/published/crowdpose_example/example_crowdpose_val.json', 'crowdpose', None),
}  # fmt: skip


def read(shared, name):
    path, definition, _ = REAL[name]
    meta = parse_pose_metainfo(dict(from_file=definition))
    content = read_annotations(str(shared / path))
    return content, meta


def geometry(content, meta):
    people, findings = coco_people(content, 'file.json', meta['num_keypoints'])
    findings += check_visibility(people) + check_keypoints(people) + check_boxes(people) + check_areas(people)
    return [(f.severity, f.check) for f in findings + check_sides(people, meta['keypoint_name2id'])]


@pytest.mark.parametrize('name', REAL)
def test_real_annotations_are_not_complained_about(shared, name):
    content, meta = read(shared, name)
    assert set(geometry(content, meta)) <= {REAL[name][2]}


def change_boxes(content, change):
    for ann in content['annotations']:
        x, y, w, h = ann['bbox']
        ann['bbox'] = change(x, y, w, h)


def exchange(content, pairs):
    """Exchange keypoints in all people."""
    for ann in content['annotations']:
        points = np.array(ann['keypoints'], float).reshape(-1, 3)
        for a, b in pairs:
            points[[a, b]] = points[[b, a]]
        ann['keypoints'] = points.flatten().tolist()


@pytest.mark.parametrize('name', ['lspet', 'coco', 'coco 2014', 'posetrack18', 'aic', 'crowdpose'])
@pytest.mark.parametrize('form', ['xyxy', 'cxcywh'])
def test_box_forms_are_told_apart_on_real_annotations(shared, name, form):
    content, meta = read(shared, name)
    if form == 'xyxy':
        change_boxes(content, lambda x, y, w, h: [x, y, x + w, y + h])
    else:
        change_boxes(content, lambda x, y, w, h: [x + w / 2, y + h / 2, w, h])
    assert ('error', 'box-form') in geometry(content, meta)


@pytest.mark.parametrize('name', ['lspet', 'coco', 'coco 2014'])
def test_swapped_hips_on_real_annotations(shared, name):
    content, meta = read(shared, name)
    ids = meta['keypoint_name2id']
    exchange(content, [(ids['left_hip'], ids['right_hip'])])
    assert ('error', 'sides-crossed') in geometry(content, meta)


def test_people_seen_from_the_other_side():
    """Of 120 people none has the left shoulder on the right."""
    people = synthetic(120)
    names = parse_pose_metainfo(dict(from_file='coco'))['keypoint_name2id']
    assert check_sides(people, names) == []
    people.keypoints[..., 0] = 2 * people.bbox[:, None, 0] + people.bbox[:, None, 2] - people.keypoints[..., 0]
    assert [f.check for f in check_sides(people, names)] == ['sides-swapped']
    assert check_sides(people, {}) == []
    assert check_sides(synthetic(10), names) == []


def synthetic(count: int):
    """People of 17 keypoints at random places; all face the camera."""
    rng = np.random.default_rng(0)
    annotations, images = [], []
    for i in range(count):
        x, y, w, h = rng.uniform(10, 200), rng.uniform(10, 100), rng.uniform(50, 100), rng.uniform(100, 200)
        points = np.c_[rng.uniform(x, x + w, 17), rng.uniform(y, y + h, 17), np.full(17, 2)]
        for left, right in ((5, 6), (11, 12)):
            points[left, 0], points[right, 0] = x + 0.8 * w, x + 0.2 * w
        annotations.append(
            dict(id=i, image_id=i, bbox=[x, y, w, h], area=w * h * 0.6, keypoints=points.ravel().tolist())
        )
        images.append(dict(id=i, file_name=f'{i}.jpg', width=320, height=320))
    return coco_people(dict(images=images, annotations=annotations), 'made.json', 17)[0]


def test_box_forms_agree_with_each_other():
    rng = np.random.default_rng(1)
    xywh = rng.uniform(1, 100, (50, 4))
    corners = np.c_[xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]
    centred = np.c_[xywh[:, :2] + xywh[:, 2:] / 2, xywh[:, 2:]]
    np.testing.assert_allclose(box_forms(xywh)['xywh'], corners)
    np.testing.assert_allclose(box_forms(corners)['xyxy'], corners)
    np.testing.assert_allclose(box_forms(centred)['cxcywh'], corners)


def test_share_inside_counts_points():
    points = np.array([[[5.0, 5], [11, 5], [30, 5], [5, -2]]])
    labelled = np.array([[True, True, True, False]])
    boxes = np.array([[0.0, 0, 10, 10]])
    assert share_inside(points, labelled, boxes, padding=1.25) == pytest.approx(2 / 3)
    assert share_inside(points, labelled, boxes, padding=1.0) == pytest.approx(1 / 3)
    assert np.isnan(share_inside(points, labelled & False, boxes))


def test_extent_overlap():
    points = np.array([[[0.0, 0], [10, 0], [0, 10], [10, 10], [5, 5], [90, 90]]] * 2)
    labelled = np.array([[True] * 5 + [False], [True] * 4 + [False] * 2])
    boxes = np.array([[0.0, 0, 20, 10], [0, 0, 1, 1]])
    assert extent_overlap(points, labelled, boxes) == pytest.approx(0.5)  # the second has too few
    assert np.isnan(extent_overlap(points[1:], labelled[1:], boxes[1:]))


def test_few_boxes_or_unknown_sizes_are_not_judged():
    boxes = np.array([[10.0, 20, 60, 90]] * 3)
    assert not fits_as_xyxy(boxes, np.full((3, 2), 65.0))
    assert not fits_as_xyxy(np.tile(boxes, (3, 1)), np.full((9, 2), np.nan))


def brute_force_recall(boxes, images, truth, truth_images):
    hits = []
    for t, image in zip(truth, truth_images, strict=True):
        best = 0.0
        for b, other in zip(boxes, images, strict=True):
            if other != image:
                continue
            w, h = min(b[2], t[2]) - max(b[0], t[0]), min(b[3], t[3]) - max(b[1], t[1])
            shared = max(w, 0) * max(h, 0)
            area = (b[2] - b[0]) * (b[3] - b[1]) + (t[2] - t[0]) * (t[3] - t[1])
            best = max(best, shared / (area - shared))
        hits.append(best >= 0.5)
    return hits


def test_recall_against_brute_force():
    rng = np.random.default_rng(2)
    truth = rng.uniform(0, 100, (80, 4))
    truth[:, 2:] = truth[:, :2] + rng.uniform(20, 60, (80, 2))
    truth_images = rng.integers(0, 15, 80)
    boxes = np.repeat(truth, 2, 0) + rng.normal(0, 9, (160, 4))
    images = np.repeat(truth_images, 2)
    order = rng.permutation(160)
    got = recall(boxes[order], images[order], truth, truth_images)
    assert got.tolist() == brute_force_recall(boxes, images, truth, truth_images)
    assert 10 < got.sum() < 75
    assert not recall(np.zeros((0, 4)), np.zeros(0), truth, truth_images).any()


def test_detections_that_miss_people():
    people = synthetic(40)
    found_them = [dict(image_id=i, category_id=1, bbox=people.bbox[i].tolist(), score=0.9) for i in range(len(people))]
    findings, summary = check_detections(found_them, people, 'd.json')
    assert findings == []
    assert '40 boxes of people on 40 of 40 images; they find 100.0% of 40' in summary
    for kept, severity in ((20, 'warning'), (4, 'error')):
        (finding,) = check_detections(found_them[:kept], people, 'd.json')[0]
        assert (finding.check, finding.severity, finding.count) == ('detection-recall', severity, 40 - kept)
        assert finding.examples[0] == f'annotation {kept} (image {kept}, {kept}.jpg)'


def test_definition_with_a_side_that_swaps_with_nothing():
    def definition(**swaps):
        names = ('left_hand', 'right_hand', 'left_foot', 'right_foot')
        return parse_pose_metainfo(
            dict(
                dataset_name='mine',
                keypoint_info={i: dict(name=n, swap=swaps.get(n, '')) for i, n in enumerate(names)},
                joint_weights=[1.0] * 4,
                sigmas=[0.05] * 4,
            )
        )

    pairs = dict(left_hand='right_hand', right_hand='left_hand', left_foot='right_foot', right_foot='left_foot')
    assert check_definition(definition(**pairs)) == []
    (finding,) = check_definition(definition(left_hand='right_hand', right_hand='left_hand'))
    assert finding.examples == ("left_foot (swap='right_foot'?)", "right_foot (swap='left_foot'?)")
    mixed = dict(left_hand='left_foot', left_foot='left_hand', right_hand='right_foot', right_foot='right_hand')
    (finding,) = check_definition(definition(**mixed))
    assert (finding.severity, finding.examples[0]) == ('error', 'left_hand with left_foot')


@pytest.mark.parametrize('name', ['aic', 'coco', 'coco_wholebody', 'crowdpose', 'lspet', 'mpii', 'posetrack18'])
def test_built_in_definitions_are_sound(name):
    assert check_definition(parse_pose_metainfo(dict(from_file=name))) == []


def exif(value, order='<'):
    head = (b'II' if order == '<' else b'MM') + struct.pack(order + 'HI', 42, 8)
    other = struct.pack(order + 'HHIHH', 0x010F, 3, 1, 9, 0)
    return head + struct.pack(order + 'H', 2) + other + struct.pack(order + 'HHIHH', 0x0112, 3, 1, value, 0)


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('value', range(1, 9))
def test_orientation_as_opencv_applies_it(tmp_path, value, order):
    image = np.zeros((8, 24, 3), np.uint8)
    body = b'Exif\x00\x00' + exif(value, order)
    jpeg = cv2.imencode('.jpg', image)[1].tobytes()
    jpeg = jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + jpeg[2:]
    assert exif_orientation(jpeg) == value
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg)
    image_file = read_image_file(str(path))
    assert image_file.size_wh == ((8, 24) if value > 4 else (24, 8))
    assert image_file.stored_wh == (24, 8)


@pytest.mark.parametrize(
    'content', [b'', b'\xff\xd8\xff\xe1\x00\x10Exif\x00\x00', b'\x89PNG eXIfMM', b'\xff\xd8Exif\x00\x00' + exif(99)]
)
def test_orientation_of_broken_headers(content):
    assert exif_orientation(content) == 1


def test_images_are_read_in_order(tmp_path):
    paths = []
    for i in range(30):
        path = tmp_path / f'{i}.png'
        cv2.imwrite(str(path), np.zeros((2, i + 1, 3), np.uint8))
        paths.append(str(path))
    paths.insert(10, str(tmp_path / 'gone.png'))
    got = list(read_image_files(paths, workers=3))
    assert [path for path, _ in got] == paths
    assert got[10][1] == ImageFile(None, problem='no such file or directory', missing=True)
    assert [p.size_wh[0] for _, p in got if p.size_wh] == list(range(1, 31))


@pytest.mark.parametrize(('count', 'limit'), [(0, 3), (5, 0), (5, 1), (5, 5), (1000, 7)])
def test_spread(count, limit):
    chosen = spread(count, limit)
    assert len(chosen) == min(count, limit)
    assert len(set(chosen.tolist())) == len(chosen)
    assert all(0 <= i < count for i in chosen)


def test_report_counts_and_keeps_few_examples():
    section = Section(
        'part', dict(file='x'), [found('note', 'a', 'fine'), found('error', 'b', '{n} bad', rows=range(9))]
    )
    report = Report('config.py', [section])
    assert (report.ok, report.count('error'), report.count('note')) == (False, 1, 1)
    text = report.text()
    assert text.index('ERROR') < text.index('note')
    assert 'ERROR   b: 9 bad' in text
    assert '- and 4 more' in text
    assert json.loads(json.dumps(report.to_dict()))['sections'][0]['findings'][1]['count'] == 9
    with pytest.raises(ValueError, match='severity'):
        found('fatal', 'a', 'b')


@pytest.mark.parametrize('content', ['[]', '{"images": []}', '{"images": [3], "annotations": []}', '{"images": '])
def test_files_that_are_no_annotations(tmp_path, content):
    path = tmp_path / 'a.json'
    path.write_text(content)
    with pytest.raises(AnnotationError, match=r'a\.json'):
        read_annotations(str(path))


def test_records_of_wrong_kinds_do_not_stop_the_check():
    """Whatever stands in a record, it becomes a finding and not an exception."""
    strange = [None, 'x', [], {}, [[1]], True, -1, float('inf'), [1, 2, 'y', 4], ['a'] * 51]
    keys = ('id', 'image_id', 'bbox', 'keypoints', 'area', 'iscrowd', 'num_keypoints', 'category_id')
    image = dict(id=1, file_name='a.jpg', width=10, height=10)
    for key in keys:
        for value in strange:
            with warnings.catch_warnings():
                warnings.simplefilter('error')
                content = dict(images=[image, dict(image, id=2, width=value)], annotations=[{key: value}, {}])
                people, findings = coco_people(content, 'f.json', 17)
                findings += check_visibility(people) + check_keypoints(people) + check_boxes(people)
                assert check_areas(people, needed=True) is not None
                assert all(finding.message for finding in findings)
