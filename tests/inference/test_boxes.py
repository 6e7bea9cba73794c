"""Boxes from users: forms, mistakes, files."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.apis import BoxError, check_boxes, read_boxes
from mmpose_dark.inference import GivenBoxes, WholeImage


def test_both_forms_say_the_same() -> None:
    corners, _ = check_boxes([[10, 20, 40, 60]], 'xyxy')
    sizes, _ = check_boxes([[10, 20, 30, 40]], 'xywh')
    np.testing.assert_array_equal(corners, sizes)
    assert corners.dtype == np.float32


@pytest.mark.parametrize('nothing', [None, [], np.zeros((0, 4)), np.zeros((0, 5))])
def test_no_box_is_fine(nothing: object) -> None:
    boxes, scores = check_boxes(nothing)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_fifth_number_is_the_score_and_the_argument_is_not_modified() -> None:
    given = np.array([[0, 0, 10, 10, 0.25]])
    boxes, scores = check_boxes(given, 'xywh')
    assert scores.tolist() == [0.25]
    assert boxes.tolist() == [[0, 0, 10, 10]]
    assert given.tolist() == [[0, 0, 10, 10, 0.25]]


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ([[0, 0, np.nan, 5]], r'box 0 .* is not finite'),
        ([[0, 0, 5, 5], [0, 0, np.inf, 5]], r'box 1 .* is not finite'),
        ([[5, 5, 5, 9]], r'has no area: width 0, height 4'),
        ([[5, 5, 2, 9]], r'has no area: width -3'),
        ([[200, 0, 210, 5]], r'outside the image of width 100 and height 50'),
        ([[-20, 0, -10, 5]], r'outside the image'),
        ([[0, 0, 5]], r'shape \(N, 4\)'),
        ([0, 0, 5, 5], r'shape \(N, 4\)'),
        ([['a', 0, 5, 5]], r'N rows of 4 numbers'),
        ([[1, 2, 3, 4], [1, 2]], r'N rows of 4 numbers'),
    ],
)
def test_boxes_that_cannot_be_used(boxes: object, message: str) -> None:
    with pytest.raises(BoxError, match=message):
        check_boxes(boxes, image_hw=(50, 100))


def test_box_may_reach_beyond_the_image() -> None:
    assert check_boxes([[-20, -20, 300, 300]], image_hw=(50, 100))[0].tolist() == [[-20, -20, 300, 300]]


def test_sources_give_what_was_given_or_the_whole_image() -> None:
    image = np.zeros((50, 100, 3), np.uint8)
    assert WholeImage()(image, 'a.jpg').tolist() == [[0, 0, 100, 50]]
    assert GivenBoxes([[1, 2, 3, 4, 0.5]], 'xywh')(image, 'a.jpg').tolist() == [[1, 2, 4, 6, 0.5]]
    assert GivenBoxes([])(image, 'a.jpg').shape == (0, 5)
    with pytest.raises(BoxError, match='outside the image of width 100'):
        GivenBoxes([[200, 0, 300, 10]])(image, 'a.jpg')


def test_unknown_form() -> None:
    with pytest.raises(BoxError, match=r"'cxcywh' is not one of 'xyxy', 'xywh'"):
        check_boxes([[0, 0, 1, 1]], 'cxcywh')


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_file_with_a_list_is_for_every_image(tmp_path: Path) -> None:
    file = read_boxes(write(tmp_path / 'b.json', [[1, 2, 3, 4]]))
    assert file.boxes_for('any.jpg') == [[1, 2, 3, 4]]


def test_file_by_image_name(tmp_path: Path) -> None:
    file = read_boxes(write(tmp_path / 'b.json', {'a.jpg': [[1, 2, 3, 4]], 'b': [[5, 6, 7, 8, 0.1]]}), score_thr=0.3)
    assert file.boxes_for('/some/where/a.jpg') == [[1, 2, 3, 4]]
    assert file.boxes_for('b.png') == []
    assert file.boxes_for('c.png') is None


def test_file_of_detections(tmp_path: Path) -> None:
    detections = [
        dict(image_id=785, bbox=[1, 2, 3, 4], score=0.9, category_id=1),
        dict(image_id=785, bbox=[1, 2, 3, 4], score=0.1, category_id=1),
        dict(image_id=785, bbox=[1, 2, 3, 4], score=0.9, category_id=18),
        dict(file_name='dog.jpg', bbox=[9, 9, 9, 9]),
    ]
    file = read_boxes(write(tmp_path / 'b.json', detections), score_thr=0.3)
    assert file.boxes_for('000000000785.jpg') == [[1, 2, 3, 4, 0.9]]
    assert file.boxes_for('dog.jpg') == [[9, 9, 9, 9]]
    assert file.boxes_for('000000000786.jpg') is None


def test_file_of_annotations(tmp_path: Path) -> None:
    content = dict(
        images=[dict(id=4, file_name='train/x.jpg'), dict(id=5, file_name='y.jpg')],
        annotations=[
            dict(image_id=4, bbox=[1, 2, 3, 4], category_id=1, iscrowd=0),
            dict(image_id=4, bbox=[9, 9, 9, 9], category_id=1, iscrowd=1),
        ],
    )
    file = read_boxes(write(tmp_path / 'b.json', content))
    assert file.boxes_for('x.jpg') == [[1, 2, 3, 4]]
    assert file.boxes_for('y.jpg') == []


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('[[1, 2, 3', 'not valid JSON'),
        ('3', 'expected'),
        ('[1, 2, 3, 4]', 'expected'),
        ('{"a.jpg": [1, 2, 3, 4]}', "entry 'a.jpg' must be a list of boxes"),
        ('[{"bbox": [1, 2, 3, 4]}]', "record 0 needs 'bbox', and 'image_id' or 'file_name'"),
        ('[{"image_id": 1, "bbox": 3}]', 'record 0: bbox must be'),
        ('{"images": [], "annotations": [{"image_id": 3, "bbox": [1, 2, 3, 4]}]}', 'cannot be used'),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BoxError, match=message):
        read_boxes(write(tmp_path / 'b.json', content))


def test_missing_file() -> None:
    with pytest.raises(BoxError, match=r"file of boxes 'nowhere\.json' does not exist"):
        read_boxes('nowhere.json')
