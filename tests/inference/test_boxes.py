"""Boxes from users: forms, mistakes, files."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.apis import BoxError, check_boxes, read_boxes
from mmpose_dark.inference import BoxFile, GivenBoxes, WholeImage
from mmpose_dark.inference.image_ids import image_ids


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
        ('[{"image_id": 1, "bbox": 3}]', 'record 0: bbox is 3; a list of numbers is needed'),
        ('{"images": [], "annotations": [{"image_id": 3, "bbox": [1, 2, 3, 4]}]}', 'points to image_id 3'),
        ('[{"image_id": 1, "bbox": null}]', "record 0 needs 'bbox'"),
        ('[{"image_id": 1, "bbox": [1, 2, 3]}]', r'record 0: bbox must be \[x, y, w, h\]'),
        ('[{"image_id": {}, "bbox": [1, 2, 3, 4]}]', 'record 0: image_id'),
        ('[{"image_id": 1, "bbox": [1, 2, 3, 4], "score": "high"}]', 'record 0: score'),
        ('{"a.jpg": [[1, 2, 3]]}', "the entry 'a.jpg': box 0 is .*4 numbers are needed"),
        ('{"a.jpg": [[1, 2, 3, null]]}', "the entry 'a.jpg': box 0 is"),
        ('{"a.jpg": [[1, 2, 3, 4, "x"]]}', "the entry 'a.jpg': box 0 is"),
        ('[[1, 2, 3, 1e400]]', 'box 0 is .*finite'),
        ('{"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}], "annotations": []}', 'same file_name'),
        (
            '[{"file_name": "a", "image_id": 1, "bbox": [1, 2, 3, 4]}, '
            '{"file_name": "a", "image_id": 2, "bbox": [1, 2, 3, 4]}]',
            "record 1: 'a' has the image_id 2 here, 1 before",
        ),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BoxError, match=message):
        read_boxes(write(tmp_path / 'b.json', content))


def people(category: object, categories: object) -> dict:
    return dict(
        images=[dict(id=4, file_name='x.jpg')],
        annotations=[dict(image_id=4, bbox=[1, 2, 3, 4], category_id=category, iscrowd='0')],
        categories=categories,
    )


@pytest.mark.parametrize(
    ('category', 'categories'),
    [
        (0, [dict(id=0, name='person')]),
        (2, [dict(id=2, name='runner')]),
        ('1', [dict(id=1, name='person'), dict(id=2, name='ball')]),
        (5, [dict(id=1, name='ball'), dict(id=5, name='Person')]),
        (None, [dict(id=3, name='person')]),
        (7, None),
    ],
)
def test_people_are_the_category_of_that_name_or_the_only_one(
    tmp_path: Path, category: object, categories: object
) -> None:
    file = read_boxes(write(tmp_path / 'b.json', people(category, categories)))
    assert file.boxes_for('x.jpg') == [[1, 2, 3, 4]]
    assert file.image_id_for('x.jpg') == 4


def test_a_file_without_people_says_so(tmp_path: Path) -> None:
    categories = [dict(id=1, name='person'), dict(id=2, name='ball')]
    with pytest.raises(BoxError, match=r'no box of the category 1 \(people\), only of the category 2 \(1 boxes\)'):
        read_boxes(write(tmp_path / 'b.json', people(2, categories)))
    with pytest.raises(BoxError, match="of several, none is named 'person'"):
        read_boxes(write(tmp_path / 'b.json', people(2, [dict(id=3, name='cat'), dict(id=2, name='ball')])))


@pytest.mark.parametrize(('categories', 'taken'), [((0, 0), 0), ((1, 18), 1), ((None, None), 1), (('1', None), 1)])
def test_category_of_people_among_detections(tmp_path: Path, categories: tuple, taken: int) -> None:
    rows = [dict(image_id=i, bbox=[i, 2, 3, 4], category_id=c) for i, c in enumerate(categories)]
    file = read_boxes(write(tmp_path / 'b.json', rows))
    assert file.category == taken
    assert file.boxes_for('0.jpg') == [[0, 2, 3, 4]]
    with pytest.raises(BoxError, match='cannot be told'):
        read_boxes(write(tmp_path / 'b.json', [dict(rows[0], category_id=0), dict(rows[1], category_id=2)]))


def test_folders_of_names_tell_images_of_one_name_apart(tmp_path: Path) -> None:
    boxes = {'a/x.jpg': [[1, 1, 5, 5]], './b/x.jpg': [[2, 2, 5, 5]], '../deep/er/y.jpg': [[3, 3, 5, 5]]}
    file = read_boxes(write(tmp_path / 'b.json', boxes))
    assert file.boxes_for(tmp_path / 'a' / 'x.jpg') == [[1, 1, 5, 5]]
    assert file.boxes_for(tmp_path / 'c' / '..' / 'b' / 'x.jpg') == [[2, 2, 5, 5]]
    assert file.boxes_for('other/deep/er/y.jpg') == [[3, 3, 5, 5]]
    with pytest.raises(BoxError, match=r"2 images named 'x\.jpg' \(\./b/x\.jpg, a/x\.jpg\), none of which lies where"):
        file.boxes_for('c/x.jpg')


def test_a_relative_path_is_seen_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'a').mkdir()
    monkeypatch.chdir(tmp_path / 'a')
    file = read_boxes(write(tmp_path / 'b.json', {'a/x.jpg': [[1, 1, 5, 5]], 'b/x.jpg': []}))
    assert file.boxes_for('x.jpg') == [[1, 1, 5, 5]]
    assert file.boxes_for('../b/x.jpg') == []


def test_one_entry_is_not_given_to_two_images(tmp_path: Path) -> None:
    file = read_boxes(write(tmp_path / 'b.json', {'x.jpg': [[1, 1, 5, 5]]}))
    file.check_images([Path('a/x.jpg'), Path('a/y.jpg')])
    with pytest.raises(BoxError, match=r"one image 'x\.jpg', which could be each of 2 \(a/x\.jpg, b/x\.jpg\)"):
        file.check_images([Path('a/x.jpg'), Path('b/x.jpg')])


def test_names_of_other_programs(tmp_path: Path) -> None:
    names = {'img\\a.jpg': [[1, 1, 5, 5]], 'C:\\old\\b.jpg': [[2, 2, 5, 5]], 'e\u0301.jpg': [[3, 3, 5, 5]]}
    file = read_boxes(write(tmp_path / 'b.json', names))
    assert file.boxes_for('x/img/a.jpg') == [[1, 1, 5, 5]]
    assert file.boxes_for('b.jpg') == [[2, 2, 5, 5]]
    assert file.boxes_for('\u00e9.jpg') == [[3, 3, 5, 5]]


@pytest.mark.parametrize('name', ['5\u00b2.jpg', '\u0665.jpg', '\u2464.jpg', '9' * 30 + '.jpg', '-5.jpg', '5 .jpg'])
def test_digits_that_are_no_coco_number(name: str) -> None:
    file = BoxFile(by_id={5: [[1, 2, 3, 4]]})
    assert file.boxes_for(name) is None
    assert image_ids([Path('5.jpg'), Path(name)]).ids == [1, 2]


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['b/7.jpg', 'a/000139.jpg'], [7, 139]),
        (['1.jpg', '3.jpg', 'a.jpg', 'b.jpg'], [1, 2, 3, 4]),
        (['a/1.jpg', 'b/1.jpg'], [1, 2]),
        (['1.jpg', '01.jpg'], [1, 2]),
    ],
)
def test_ids_without_a_file_are_all_of_one_kind_and_differ(names: list[str], expected: list[int]) -> None:
    found = image_ids([Path(name) for name in names])
    assert found.ids == expected
    assert found.note


def test_ids_are_those_of_the_file_that_gave_the_boxes(tmp_path: Path) -> None:
    content = dict(
        images=[dict(id=40, file_name='a/x.jpg'), dict(id=50, file_name='b/x.jpg'), dict(id='s', file_name='y.jpg')],
        annotations=[dict(image_id=40, bbox=[1, 2, 3, 4])],
    )
    file = read_boxes(write(tmp_path / 'b.json', content))
    images = [Path('b/x.jpg'), Path('1.jpg'), Path('a/x.jpg'), Path('y.jpg')]
    assert image_ids(images, file) == ([50, None, 40, 's'], '')
    rows = [dict(image_id=7, file_name='x.jpg', bbox=[1, 2, 3, 4]), dict(image_id=8, bbox=[1, 2, 3, 4])]
    file = read_boxes(write(tmp_path / 'b.json', rows))
    assert image_ids([Path('x.jpg'), Path('0008.jpg')], file) == ([7, 8], '')
    rows[0].pop('image_id')  # boxes, but no id
    assert image_ids([Path('x.jpg'), Path('0008.jpg')], read_boxes(write(tmp_path / 'b.json', rows))).ids == [1, 2]


def test_missing_file() -> None:
    with pytest.raises(BoxError, match=r"file of boxes 'nowhere\.json' does not exist"):
        read_boxes('nowhere.json')
