"""Records of results, and the files an input stands for."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.structures import InstanceData

from mmpose_dark.apis import ImageResult, coco_results, find_images, result_record
from mmpose_dark.inference.writers import _json_text, unique_stems
from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.structures import PoseDataSample


@pytest.fixture
def result() -> ImageResult:
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(
        keypoints=np.arange(34, dtype=np.float32).reshape(1, 17, 2) + 0.12345,
        keypoint_scores=np.linspace(0, 0.8, 17, dtype=np.float32)[None],
        bboxes=np.array([[1, 2, 30, 40]], np.float32),
        bbox_scores=np.array([0.5], np.float32),
    )
    return ImageResult('a/b.jpg', [sample], np.zeros((48, 64, 3), np.uint8))


def test_record_is_json_with_everything_in_it(result: ImageResult) -> None:
    record = result_record(result, parse_pose_metainfo(dict(from_file='coco')))
    assert json.loads(_json_text(record)) == record
    assert (record['image'], record['width'], record['height']) == ('a/b.jpg', 64, 48)
    assert record['keypoint_names'][:2] == ['nose', 'left_eye']
    assert [5, 6] in record['skeleton']
    (person,) = record['people']
    assert person['keypoints'][1] == [2.12, 3.12]
    assert person['keypoint_scores'][16] == 0.8
    assert person['bbox'] == [1, 2, 30, 40]
    above = np.linspace(0, 0.8, 17)[5:]  # 0.25 and up: those above 0.2
    assert person['score'] == pytest.approx(0.5 * above.mean(), abs=1e-3)


def test_record_without_definition_numbers_the_keypoints(result: ImageResult) -> None:
    record = result_record(result, None)
    assert record['keypoint_names'][16] == 'keypoint_16'
    assert record['skeleton'] == []


def test_record_of_a_picture_without_people(result: ImageResult) -> None:
    result.samples = []
    record = result_record(result, parse_pose_metainfo(dict(from_file='coco')))
    assert record['people'] == []
    assert len(record['keypoint_names']) == 17
    assert json.loads(_json_text(record)) == record


def test_coco_results(result: ImageResult) -> None:
    (person,) = coco_results(result, image_id=7)
    assert (person['image_id'], person['category_id']) == (7, 1)
    assert len(person['keypoints']) == 51
    assert person['keypoints'][3:6] == [2.12, 3.12, 0.05]


def test_find_images(tmp_path: Path) -> None:
    for name in ('b.JPG', 'a.png', 'notes.txt', 'sub/c.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'x')
    assert [p.name for p in find_images(tmp_path)] == ['a.png', 'b.JPG']
    assert [p.name for p in find_images(f'{tmp_path}/**/*.png')] == ['a.png', 'c.png']
    assert find_images(tmp_path / 'notes.txt') == [tmp_path / 'notes.txt']  # asked for by name


def test_find_images_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no file ending in'):
        find_images(tmp_path)
    with pytest.raises(FileNotFoundError, match='no file matches'):
        find_images(f'{tmp_path}/*.jpg')
    with pytest.raises(FileNotFoundError, match='there is no image or folder'):
        find_images(tmp_path / 'gone.jpg')


def test_names_to_write_to_differ() -> None:
    stems = unique_stems([Path(p) for p in ('x_2.png', 'a/x.jpg', 'b/x.jpg', 'c/x.png')])
    assert stems[:2] == ['x_2', 'x']
    assert len(set(stems)) == 4
