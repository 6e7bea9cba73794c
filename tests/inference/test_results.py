"""Records of results, samples and drawings made of them, and the files an input stands for."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.apis import ImageResult, coco_results, find_images, result_record
from mmpose_dark.inference import passed_over
from mmpose_dark.inference.stems import unique_stems
from mmpose_dark.inference.writers import record_text
from mmpose_dark.keypoint_sets import parse_pose_metainfo
from mmpose_dark.structures import Poses
from mmpose_dark.utils.errors import StateError

COCO = parse_pose_metainfo(dict(from_file='coco'))


@pytest.fixture
def result() -> ImageResult:
    poses = Poses(
        keypoints=np.arange(34, dtype=np.float32).reshape(1, 17, 2) + 0.12345,
        keypoint_scores=np.linspace(0, 0.8, 17, dtype=np.float32)[None] + 0.001,  # none at the threshold of 0.2
        boxes=np.array([[1, 2, 30, 40]], np.float32),
        box_scores=np.array([0.5], np.float32),
        keypoint_set=COCO,
    )
    return ImageResult('a/b.jpg', poses, np.zeros((48, 64, 3), np.uint8))


@pytest.fixture
def unnamed(result: ImageResult) -> ImageResult:
    return dataclasses.replace(result, poses=dataclasses.replace(result.poses, keypoint_set=None))


def test_record_is_json_with_everything_in_it(result: ImageResult) -> None:
    record = result_record(result)
    assert json.loads(record_text(record)) == record
    assert (record['image'], record['width'], record['height']) == ('a/b.jpg', 64, 48)
    assert record['keypoint_names'][:2] == ['nose', 'left_eye']
    assert [5, 6] in record['skeleton']
    (person,) = record['people']
    assert list(person) == ['bbox', 'bbox_score', 'score', 'keypoints', 'keypoint_scores']
    assert person['keypoints'][1] == [2.12, 3.12]
    assert person['keypoint_scores'][16] == 0.801
    assert person['bbox'] == [1, 2, 30, 40]
    assert person['bbox_score'] == 0.5
    above = np.linspace(0.001, 0.801, 17)[4:]  # 0.201 and up: those above 0.2
    assert person['score'] == pytest.approx(0.5 * above.mean(), abs=1e-3)


def test_record_without_definition_numbers_the_keypoints(unnamed: ImageResult) -> None:
    record = result_record(unnamed)
    assert record['keypoint_names'][16] == 'keypoint_16'
    assert record['skeleton'] == []


def test_record_takes_a_definition_that_fits(result: ImageResult, unnamed: ImageResult) -> None:
    assert result_record(unnamed, COCO) == result_record(result)
    assert result_record(unnamed, parse_pose_metainfo(dict(from_file='aic'))) == result_record(unnamed)


def test_record_of_an_image_without_people(result: ImageResult) -> None:
    for poses in (Poses.empty(17, COCO), Poses.empty()):
        record = result_record(dataclasses.replace(result, poses=poses), COCO)
        assert record['people'] == []
        assert len(record['keypoint_names']) == 17
        assert json.loads(record_text(record)) == record


def test_coco_results(result: ImageResult) -> None:
    (person,) = coco_results(result, image_id=7)
    assert (person['image_id'], person['category_id']) == (7, 1)
    assert len(person['keypoints']) == 51
    assert person['keypoints'][3:6] == [2.12, 3.12, 0.051]


def test_samples_are_made_of_the_poses_once(result: ImageResult) -> None:
    (sample,) = result.samples
    np.testing.assert_array_equal(sample.pred_instances.keypoints, result.poses.keypoints)
    np.testing.assert_array_equal(sample.pred_instances.bboxes, result.poses.boxes)
    assert result.samples[0] is sample
    assert ImageResult('gone.jpg', error='there is no such file').samples == []


def test_drawing_shows_the_colours_of_the_definition_in_the_order_of_the_image() -> None:
    keypoints = np.full((1, 17, 2), np.nan)
    keypoints[0, 0] = 20, 30
    poses = Poses(keypoints, np.ones((1, 17)), [[4, 5, 40, 50]], [0.5], keypoint_set=COCO)
    image = np.zeros((60, 60, 3), np.uint8)
    result = ImageResult('', poses, image)
    assert result.draw()[30, 20].tolist() == COCO['keypoint_colors'][0].tolist()[::-1]
    assert result.draw()[30, 4].tolist() == [0, 0, 0]
    assert result.draw(draw_bbox=True)[30, 4].tolist() == [0, 255, 0]
    assert not result.draw(kpt_thr=1).any()
    assert not image.any()
    np.testing.assert_array_equal(ImageResult('', image=image).draw(draw_bbox=True), image)
    with pytest.raises(StateError, match=r"'gone\.jpg' cannot be drawn on: there is no such file"):
        ImageResult('gone.jpg', error='there is no such file').draw()


def test_find_images(tmp_path: Path) -> None:
    for name in ('b.JPG', 'a.png', 'notes.txt', 'sub/c.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'x')
    assert [p.name for p in find_images(tmp_path)] == ['a.png', 'b.JPG']
    assert [p.name for p in find_images(f'{tmp_path}/**/*.png')] == ['a.png', 'c.png']
    assert find_images(tmp_path / 'notes.txt') == [tmp_path / 'notes.txt']  # asked for by name


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    (tmp_path / 'sub').mkdir()
    for name in ('a.png', 'notes.txt', '.DS_Store', 'sub/c.txt'):
        (tmp_path / name).write_bytes(b'x')
    os.mkfifo(tmp_path / 'pipe.jpg')
    assert [p.name for p in find_images(tmp_path)] == ['a.png']
    said = '3 of 4 entries are passed over, as they are no file with the ending of an image: notes.txt, pipe.jpg, sub'
    assert passed_over(tmp_path) == f'{tmp_path}: {said}'
    assert passed_over(f'{tmp_path}/*.jpg').endswith('1 of 1 entries is passed over, as it is no file: pipe.jpg')
    assert passed_over(f'{tmp_path}/*.png') == passed_over(tmp_path / 'a.png') == ''


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
