"""check_config on damaged records: each kind of damage is found, by name, and nothing else is complained about."""

import numpy as np
import pytest
from checked_data import each, first


def test_sound_data(data):
    report = data.check()
    assert report.findings == []
    assert report.ok
    assert [s.title for s in report.sections] == ['train_dataloader.dataset', 'val_dataloader.dataset']
    facts = report.sections[1].facts
    assert facts['people'] == '6 usable of 7 annotations'
    assert facts['image files'] == '4 of 4 read'
    assert facts['samples'] == '7'
    assert 'find 100.0% of 6 annotated people' in facts['detections']
    assert report.text().endswith('0 errors, 0 warnings: the data can be used')


def scaled(content, factor=0.5):
    for image in content['images']:
        image['width'], image['height'] = int(image['width'] * factor), int(image['height'] * factor)


def relative(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    return (points / (320, 240, 1)).flatten().tolist()


def swapped(ann):
    return np.array(ann['keypoints']).reshape(-1, 3)[:, [1, 0, 2]].flatten().tolist()


def at_corner(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    points[:6] = (0, 0, 2)
    return points.flatten().tolist()


def corners(box):
    x, y, w, h = box
    return [x, y, x + w, y + h]


def centred(box):
    x, y, w, h = box
    return [x + w / 2, y + h / 2, w, h]


def other_visibility(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    points[3, 2] = 3
    return points.flatten().tolist()


def shuffled_names(content):
    info = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow']
    info += ['right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee']
    info += ['right_ankle', 'left_ankle']
    content['categories'][0]['keypoints'] = info


ANNOTATION_DAMAGE = {
    'images scaled': (scaled, ('error', 'image-size')),
    'image without width': (lambda c: c['images'][0].pop('width'), ('error', 'image-record')),
    'image of no height': (lambda c: c['images'][0].update(height=0), ('error', 'image-record')),
    'image twice': (lambda c: c['images'].append(c['images'][0]), ('error', 'image-ids')),
    'image under two ids': (lambda c: c['images'].append(dict(c['images'][0], id=77)), ('warning', 'image-names')),
    'annotation id twice': (first('id', 11), ('warning', 'annotation-ids')),
    'image id that no image has': (first('image_id', 12345), ('error', 'image-ids-meet')),
    'image ids as strings': (each('image_id', lambda a: str(a['image_id'])), ('error', 'image-ids-meet')),
    'unknown category': (first('category_id', 5), ('error', 'categories')),
    'people of category 0': (
        lambda c: (each('category_id', 0)(c), c['categories'][0].update(id=0)),
        ('error', 'detection-categories'),
    ),
    'no categories': (lambda c: c.pop('categories'), ('warning', 'categories')),
    'keypoint names in another order': (shuffled_names, ('error', 'keypoint-names')),
    'a keypoint too few': (first('keypoints', lambda a: a['keypoints'][:-3]), ('error', 'keypoint-count')),
    'NaN keypoint': (first('keypoints', lambda a: [float('nan'), *a['keypoints'][1:]]), ('error', 'keypoint-numbers')),
    'text keypoint': (first('keypoints', lambda a: ['x', *a['keypoints'][1:]]), ('error', 'keypoint-numbers')),
    'visibility 3': (first('keypoints', other_visibility), ('warning', 'visibility')),
    'nothing labelled': (each('keypoints', [0.0] * 51), ('error', 'no-people')),
    'relative keypoints': (each('keypoints', relative), ('error', 'keypoint-relative')),
    'x and y swapped': (each('keypoints', swapped), ('error', 'keypoint-outside')),
    'unlabelled at the corner as visible': (each('keypoints', at_corner), ('error', 'keypoint-corner')),
    'box missing': (first('bbox', ...), ('error', 'box-missing')),
    'box of no width': (first('bbox', [10.0, 10.0, 0.0, 50.0]), ('warning', 'box-flat')),
    'box outside': (first('bbox', [900.0, 10.0, 60.0, 50.0]), ('warning', 'box-outside')),
    'boxes as corners': (each('bbox', lambda a: corners(a['bbox'])), ('error', 'box-form')),
    'boxes by centre': (each('bbox', lambda a: centred(a['bbox'])), ('error', 'box-form')),
    'relative boxes': (each('bbox', [0.1, 0.1, 0.5, 0.5]), ('error', 'box-relative')),
    'boxes of other people': (each('bbox', [300.0, 1.0, 15.0, 15.0]), ('error', 'keypoints-in-box')),
    'no area': (each('area', None), ('error', 'area-missing')),
    'area 0': (first('area', 0), ('error', 'area-zero')),
    'relative areas': (each('area', 0.2), ('error', 'area-small')),
    'areas of other units': (each('area', 1e6), ('warning', 'area-large')),
    'labelled and num_keypoints 0': (first('num_keypoints', 0), ('warning', 'num-keypoints')),
    'no annotation': (lambda c: c['annotations'].clear(), ('error', 'no-people')),
    'annotations missing': (lambda c: c.pop('images'), ('error', 'annotation-file')),
}  # fmt: skip


@pytest.mark.parametrize('name', ANNOTATION_DAMAGE)
def test_damaged_annotations(data, name):
    change, expected = ANNOTATION_DAMAGE[name]
    data.config['val_dataloader']['dataset'].pop('bbox_file')
    if name == 'people of category 0':  # matters with detections only
        data.config['val_dataloader']['dataset']['bbox_file'] = 'annotations/detections.json'
    if name == 'no annotation':
        expected = ('error', 'dataset') if data.found() else expected
    data.change(change)
    assert expected in data.found()
    report = data.check()
    assert report.ok == (expected[0] == 'warning')
    if not report.ok:
        assert 'do not start before the errors are mended' in report.text()


def test_record_and_file_are_named(data):
    data.change(first('keypoints', lambda a: a['keypoints'][:-3]))
    (finding,) = data.check(phases=['val']).findings
    assert finding.file == str(data.path('person'))
    assert finding.examples == ("annotation 10 (image 1, 000001.png): 'keypoints' has 48 numbers",)
    assert 'definition of 17 keypoints' in finding.message


def test_areas_matter_where_they_are_used(data):
    data.change(each('area', None))
    data.change(each('area', None), split='train')
    assert data.found() == {('error', 'area-missing')}
    data.config['val_evaluator']['use_area'] = False
    assert data.found() == set()


DETECTION_DAMAGE = {
    'corners': (lambda d: [r.update(bbox=corners(r['bbox'])) for r in d], ('error', 'detection-form')),
    'centres': (lambda d: [r.update(bbox=centred(r['bbox'])) for r in d], ('error', 'detection-form')),
    'of other images': (lambda d: d[0].update(image_id=4711), ('error', 'detection-images')),
    'ids as strings': (lambda d: [r.update(image_id=str(r['image_id'])) for r in d], ('error', 'detection-images')),
    'of another category': (lambda d: [r.update(category_id=3) for r in d], ('error', 'detection-categories')),
    'scores in per cent': (lambda d: [r.update(score=100 * r['score']) for r in d], ('warning', 'detection-scores')),
    'flat': (lambda d: d[0].update(bbox=[1, 1, 0, 5]), ('warning', 'detection-flat')),
    'without score': (lambda d: d[0].pop('score'), ('error', 'detections')),
    'none': (lambda d: d.clear(), ('error', 'detections')),
}


@pytest.mark.parametrize('name', DETECTION_DAMAGE)
def test_damaged_detections(data, name):
    change, expected = DETECTION_DAMAGE[name]
    data.change(change, 'detections')
    assert expected in data.found(phases=['val'])


def test_detections_of_other_images_can_be_left_out_on_purpose(data):
    data.change(lambda d: d[0].update(image_id=4711), 'detections')
    data.config['val_dataloader']['dataset']['filter_cfg'] = dict(skip_unknown_images=True)
    assert data.found(phases=['val']) == {('warning', 'detection-images')}


def test_detections_below_the_threshold(data):
    data.config['val_dataloader']['dataset']['filter_cfg'] = dict(bbox_score_thr=2.0)
    assert ('error', 'detection-scores') in data.found(phases=['val'])


def test_test_images_without_annotations(data):
    data.change(lambda c: c['annotations'].clear())
    data.config['val_evaluator'] = dict(type='CocoMetric', format_only=True, outfile_prefix='x')
    assert data.found(phases=['val']) == set()
