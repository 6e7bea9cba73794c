"""Files that cannot be used: the error names file, record and remedy."""

import json
import pathlib

import pytest

from mmpose_dark.datasets import AnnotationError
from mmpose_dark.registry import DATASETS

NAN = float('nan')


@pytest.fixture
def content(tiny_coco) -> dict:
    return json.loads(pathlib.Path(tiny_coco.ann_file).read_text())


def build(tiny, **kwargs):
    kwargs = dict(ann_file=tiny.ann_file, data_prefix=dict(img=str(tiny.root / tiny.img_dir))) | kwargs
    return DATASETS.build(dict(type='CocoDataset', **kwargs))


def build_from(tiny, tmp_path, text, **kwargs):
    path = tmp_path / 'bad.json'
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return build(tiny, ann_file=str(path), **kwargs)


def test_missing_file_tells_the_layout(tiny_coco):
    with pytest.raises(AnnotationError, match=r"'nowhere/a\.json' does not exist(?s:.*)CocoDataset(?s:.*)val2017/"):
        build(tiny_coco, ann_file='nowhere/a.json')


def test_missing_folder_tells_the_layout(tiny_coco):
    with pytest.raises(AnnotationError, match=r"folder 'nowhere' does not exist(?s:.*)train2017/(?s:.*)data_root"):
        build(tiny_coco, data_prefix=dict(img='nowhere'))


@pytest.mark.parametrize('name', ['Coco', 'Aic', 'Lspet', 'CocoWholeBody', 'CrowdPose', 'Mpii', 'PoseTrack18'])
def test_every_data_set_has_a_layout(name):
    with pytest.raises(
        AnnotationError, match=rf'{name}Dataset expects this layout:\n    data/(?s:.*)annotations/.*\.json'
    ):
        DATASETS.build(dict(type=f'{name}Dataset', ann_file='nowhere/annotations.json'))


def test_a_folder_in_the_place_of_a_file(tiny_coco):
    with pytest.raises(AnnotationError, match='is a folder'):
        build(tiny_coco, ann_file=str(tiny_coco.root))


@pytest.mark.parametrize('part', [0.5, 0.0])
def test_cut_off(tiny_coco, content, tmp_path, part):
    text = json.dumps(content)
    with pytest.raises(AnnotationError, match=r'bad\.json.*not valid JSON.*cut off'):
        build_from(tiny_coco, tmp_path, text[: int(len(text) * part)])


def test_not_json(tiny_coco, tmp_path):
    with pytest.raises(AnnotationError, match=r'bad\.json.*not valid JSON'):
        build_from(tiny_coco, tmp_path, '<html>404</html>}')


@pytest.mark.parametrize('key', ['images', 'annotations'])
def test_a_list_is_missing(tiny_coco, content, tmp_path, key):
    del content[key]
    with pytest.raises(AnnotationError, match=rf"bad\.json.*no list '{key}'"):
        build_from(tiny_coco, tmp_path, content)


def test_a_detections_file_in_the_place_of_annotations(tiny_coco):
    with pytest.raises(AnnotationError, match=r'holds a list.*bbox_file'):
        build(tiny_coco, ann_file=tiny_coco.det_file)


def test_wrong_number_of_keypoints(tiny_coco, content, tmp_path):
    content['annotations'][2]['keypoints'] = [1.0] * 42
    with pytest.raises(AnnotationError, match=r"annotation 12: keypoints has 42 numbers.*'coco' has 17.*51"):
        build_from(tiny_coco, tmp_path, content)


def test_the_definition_of_another_data_set(tiny_coco):
    with pytest.raises(AnnotationError, match=r"annotation 10.*'aic' has 14 keypoints.*metainfo=dict\(from_file"):
        build(tiny_coco, metainfo=dict(from_file='aic'))


def test_image_id_that_points_nowhere(tiny_coco, content, tmp_path):
    content['annotations'][1]['image_id'] = 12345
    with pytest.raises(AnnotationError, match=r'annotation 11 points to image_id 12345.*4 images'):
        build_from(tiny_coco, tmp_path, content)


def test_two_images_with_one_id(tiny_coco, content, tmp_path):
    content['images'][1]['id'] = 1
    with pytest.raises(AnnotationError, match='two images have the id 1'):
        build_from(tiny_coco, tmp_path, content)


@pytest.mark.parametrize('key', ['file_name', 'width', 'height'])
def test_an_image_without_an_entry(tiny_coco, content, tmp_path, key):
    del content['images'][2][key]
    with pytest.raises(AnnotationError, match=f"image 3 has no '{key}'"):
        build_from(tiny_coco, tmp_path, content)


@pytest.mark.parametrize('ids', [[None] * 7, [0] * 7, [1, 1, 2, 2, 3, 3, 4], [1.5, 2, 3, 4, 5, 6, 7]])
def test_annotation_ids_that_are_of_no_use_are_numbered_anew(tiny_coco, content, tmp_path, ids):
    clean = build_from(tiny_coco, tmp_path, content, test_mode=True)
    for ann, number in zip(content['annotations'], ids, strict=True):
        ann['id'] = number
    with pytest.warns(UserWarning, match=r'bad\.json.*numbered anew'):
        ds = build_from(tiny_coco, tmp_path, content, test_mode=True)
    infos = [ds.get_data_info(i) for i in range(len(ds))]
    assert len(infos) == len(clean) == tiny_coco.num_people
    assert len({info['id'] for info in infos}) == len(infos)
    assert [info['raw_ann_info']['id'] for info in infos] == [info['id'] for info in infos]
    assert [i['bbox'].tolist() for i in infos] == [clean.get_data_info(i)['bbox'].tolist() for i in range(len(clean))]


def test_an_image_without_id(tiny_coco, content, tmp_path):
    content['images'][3]['id'] = None
    with pytest.raises(AnnotationError, match=r"images\[3\] has no 'id' that is not null"):
        build_from(tiny_coco, tmp_path, content)


def test_no_annotation_at_all(tiny_coco, content, tmp_path):
    content['annotations'] = []
    with pytest.raises(AnnotationError, match='4 images but no annotation'):
        build_from(tiny_coco, tmp_path, content)


def test_nobody_to_use(tiny_coco, content, tmp_path):
    for i, ann in enumerate(content['annotations']):
        if i < 3:
            ann['iscrowd'] = 1
        else:
            ann['num_keypoints'] = 0
    with pytest.raises(AnnotationError, match=r'7 annotations but no person.*4 x a crowd region, 3 x no keypoint'):
        build_from(tiny_coco, tmp_path, content)


def test_annotations_without_box_or_keypoints_are_passed_over(tiny_coco, content, tmp_path):
    del content['annotations'][0]['bbox']
    del content['annotations'][1]['keypoints']
    assert len(build_from(tiny_coco, tmp_path, content)) == tiny_coco.num_people - 2


@pytest.mark.parametrize('box', [[10, 10, 0, 50], [10, 10, 50, -5], [400, 10, 50, 50], [10, -80, 20, 60]])
def test_boxes_without_area_in_the_image_are_left_out_and_named(tiny_coco, content, tmp_path, box):
    content['annotations'][4]['bbox'] = box
    with pytest.warns(UserWarning, match=r'bad\.json.*1 people have a box.*annotations 14'):
        ds = build_from(tiny_coco, tmp_path, content)
    assert len(ds) == tiny_coco.num_people - 1


@pytest.mark.parametrize('box', [[NAN, 10, 20, 50], [10, 10, float('inf'), 50], ['a', 1, 2, 3], [1, 2, 3], {}, 7])
def test_boxes_that_are_none(tiny_coco, content, tmp_path, box):
    content['annotations'][4]['bbox'] = box
    with pytest.raises(AnnotationError, match='annotation 14: bbox'):
        build_from(tiny_coco, tmp_path, content)


def test_keypoints_that_are_nan(tiny_coco, content, tmp_path):
    content['annotations'][4]['keypoints'][5] = NAN
    with pytest.raises(AnnotationError, match=r'annotation 14: keypoints.*correct the record'):
        build_from(tiny_coco, tmp_path, content)


def detections(tiny, tmp_path, dets, **kwargs):
    path = tmp_path / 'dets.json'
    path.write_text(json.dumps(dets))
    return build(tiny, bbox_file=str(path), test_mode=True, **kwargs)


def test_detections_for_other_images(tiny_coco, tmp_path):
    dets = json.loads(pathlib.Path(tiny_coco.det_file).read_text())
    dets[2]['image_id'] = 555
    message = r"dets\.json' is for other images: 1 of 7 records.*record 2 with image_id 555.*skip_unknown_images"
    with pytest.raises(AnnotationError, match=message):
        detections(tiny_coco, tmp_path, dets)
    assert len(detections(tiny_coco, tmp_path, dets, filter_cfg=dict(skip_unknown_images=True))) == 6
    for det in dets:
        det['image_id'] += 1000
    with pytest.raises(AnnotationError, match='7 of 7 records'):
        detections(tiny_coco, tmp_path, dets, filter_cfg=dict(skip_unknown_images=True))


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('bbox', [1, 2, NAN, 4], r'record 1 \(image 1\): bbox is'),
        ('bbox', [1, 2], 'x, y, width, height are needed'),
        ('score', None, r'record 1 \(image 1\) has score None'),
    ],
)
def test_detections_that_are_none(tiny_coco, tmp_path, key, value, message):
    dets = json.loads(pathlib.Path(tiny_coco.det_file).read_text())
    dets[1][key] = value
    with pytest.raises(AnnotationError, match=message):
        detections(tiny_coco, tmp_path, dets)
    del dets[1][key]
    with pytest.raises(AnnotationError, match=f"record 1 has no '{key}'"):
        detections(tiny_coco, tmp_path, dets)


def test_no_detections(tiny_coco, tmp_path):
    with pytest.raises(AnnotationError, match='0 records but no usable person box'):
        detections(tiny_coco, tmp_path, [])
    with pytest.raises(AnnotationError, match='holds a dict'):
        detections(tiny_coco, tmp_path, {})
    with pytest.raises(AnnotationError, match='bbox_score_thr'):
        build(tiny_coco, bbox_file=tiny_coco.det_file, test_mode=True, filter_cfg=dict(bbox_score_thr=2))


def test_missing_detections(tiny_coco):
    with pytest.raises(AnnotationError, match=r"detections file 'nowhere\.json' does not exist"):
        build(tiny_coco, bbox_file='nowhere.json', test_mode=True)
