"""The one reader of annotation files: what it gives is what json gives, and errors name file, record and remedy."""

import contextlib
import gc
import json
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from mmengine.fileio import BaseStorageBackend, register_backend
from scipy.io import loadmat, savemat

from mmpose_dark.annotations import (
    AREA_OF_BOX,
    AnnotationError,
    MissingAnnotationError,
    area_of_box,
    coco_lists,
    group_by_image,
    head_sizes_of_boxes,
    head_sizes_of_corners,
    json_file,
    keypoint_triplets,
    parse_json,
    read_coco,
    read_detections,
    read_json,
    read_mat,
    require_fields,
    without_garbage_collection,
)
from mmpose_dark.utils.errors import MissingFileError, UserError

ODD_JSON = [
    b'[NaN, Infinity, -Infinity, 1e999]',
    b'[123456789012345678901234567890, 18446744073709551616, -0, -0.0, 9007199254740993.0, 5e-324]',
    b'{"a": 1, "b": 2, "a": 3}',
    b'["\\ud800", "\\ud83d\\ude00", "\xc3\xa9"]',
    b'\xef\xbb\xbf[1]',
    '[1, "\xe9"]'.encode('utf-16'),
    b'["\xed\xa0\x80"]',
    b' [1.5e3, 0.1, null, true]\n',
]
CONTENT = dict(images=[dict(id=1)], annotations=[dict(id=5, image_id=1)], categories=[])


@pytest.fixture
def file(tmp_path) -> pathlib.Path:
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(CONTENT))
    return path


# ---------------------------------------------------------------------------------- json


def test_json_of_a_path_a_string_and_with_a_backend(file):
    for given in (file, str(file)):
        assert read_json(given) == CONTENT
    assert read_json(str(file), backend_args=dict(backend='local')) == CONTENT
    content = read_coco(str(file))
    assert content.images == CONTENT['images']
    assert content.annotations == [dict(id=5, image_id=1, category_id=1)]


def test_urls_go_to_the_backend_of_their_scheme():
    class Memory(BaseStorageBackend):
        def get(self, filepath):
            if 'lost' in filepath:
                raise FileNotFoundError(f'nothing in memory under {filepath}')
            return b'[1, 2]'

        def get_text(self, filepath, encoding='utf-8'):
            return self.get(filepath).decode(encoding)

    register_backend('annotations_test', Memory, prefixes='annotationstest', force=True)
    assert read_json('annotationstest://bucket/a.json') == [1, 2]
    with pytest.raises(MissingAnnotationError, match=r'does not exist \(nothing in memory under'):
        read_json('annotationstest://lost')


def test_missing_files_are_annotation_errors_and_file_errors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in (AnnotationError, FileNotFoundError, ValueError, MissingFileError, UserError):
        with pytest.raises(kind, match=r"results file 'b\.json' does not exist \(looked from .*\)\. Look here"):
            read_json('b.json', what='results file', hint=' Look here')
    with pytest.raises(MissingAnnotationError) as caught:
        read_json('b.json')
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', r'a\.json.*not valid JSON: .*ends after 0 bytes, so it is probably cut off'),
        (json.dumps(CONTENT).encode()[:30], r'ends after 30 bytes, so it is probably cut off.*Get or write it anew'),
        (b'{"a": 1,}', r'a\.json.*not valid JSON: .* ends after 9 bytes\. '),
        (b'["\xff"]', r'a\.json.*not valid JSON: .*utf-8'),
    ],
)
def test_broken_json(file, content, message):
    file.write_bytes(content)
    with pytest.raises(AnnotationError, match=message):
        read_json(file)


def test_folders_and_unreadable_files(tmp_path):
    with pytest.raises(AnnotationError, match='is a folder, a file is needed'):
        read_json(tmp_path)
    with pytest.raises(AnnotationError, match='cannot be read'):
        read_json('x' * 5000)


def test_pipes_devices_and_sparse_giants_are_not_read(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for path in (tmp_path / 'pipe', '/dev/zero'):
        with pytest.raises(AnnotationError, match='is a pipe, a device or a socket; a file is needed'):
            read_json(path)
    with open(tmp_path / 'giant', 'wb') as file:
        file.truncate(1 << 40)
    with pytest.raises(AnnotationError, match='has 1099511627776 bytes'):
        read_json(tmp_path / 'giant')
    with pytest.raises(AnnotationError, match='is no name that a file can have'):
        read_json('a\0b.json')


def test_deep_json_is_refused(file):
    for text in ('[' * 200_000, '[' * 200_000 + ']' * 200_000, '{"a":' * 200_000 + '1' + '}' * 200_000):
        file.write_text(text)
        with pytest.raises(AnnotationError, match='nested deeper'):
            read_json(file)


def test_text_can_be_parsed_too():
    assert parse_json('{"a": [1.5]}', 'it') == dict(a=[1.5])
    with pytest.raises(AnnotationError, match='it is not valid JSON'):
        parse_json('{', 'it')


# ---------------------------------------------------------------------------------- COCO


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'the file holds a list; COCO style'),
        (dict(images=[]), r"no list 'annotations', only \['images'\]"),
        (dict(images={}, annotations=[]), "no list 'images'"),
        (dict(images=[7], annotations=[]), r"images\[0\] has no 'id' and is no object: 7"),
    ],
)
def test_other_content(content, message):
    with pytest.raises(AnnotationError, match=message):
        coco_lists(content, 'the file')


def test_images_alone_are_enough_where_nothing_is_annotated():
    given = dict(images=[dict(id=1)])
    assert coco_lists(given, 'the file', annotated=False)['annotations'] == []
    assert list(given) == ['images']  # not changed


def test_annotations_by_image():
    people = [dict(id=i, image_id=i % 3) for i in range(7)]
    grouped = group_by_image(people, {2: {}, 0: {}, 1: {}, 9: {}}, 'a.json')
    assert list(grouped) == [2, 0, 1, 9]
    assert grouped == {i: [p for p in people if p['image_id'] == i] for i in (0, 1, 2, 9)}
    with pytest.raises(AnnotationError, match=r"'a\.json': annotation 1 points to image_id 1.*among the 1 images"):
        group_by_image(people, {0: {}}, 'a.json')


def test_keypoints():
    got = keypoint_triplets([1, 2.5, 2, 0, 0, 0], 2, 'here', definition='two')
    assert got.dtype == np.float32
    assert got.tolist() == [[1, 2.5, 2], [0, 0, 0]]
    with pytest.raises(AnnotationError, match="here has 3 numbers; the definition 'two' has 2 keypoints, so 6"):
        keypoint_triplets([1, 2, 3], 2, 'here', definition='two')
    with pytest.raises(AnnotationError, match=r'here is .*nan'):
        keypoint_triplets([1, float('nan'), 2], 1, 'here', definition='one')


@pytest.mark.parametrize(
    ('records', 'message'),
    [
        ({}, 'it holds a dict; a list of objects with image_id, score is needed'),
        ([[]], r'it: record 0 is no object: \[\]'),
        ([dict(image_id=1, score=1), dict(image_id=1)], r"it: record 1 has no 'score', only \['image_id'\]"),
    ],
)
def test_required_fields(records, message):
    with pytest.raises(AnnotationError, match=message):
        require_fields(records, ('image_id', 'score'), 'it')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(bbox=[1, 2, 3]), r'record 0 \(image 4\) has bbox \[1, 2, 3\]'),
        (dict(bbox=None), 'has bbox None'),
        (dict(bbox=[1, 2, 3, 'x']), 'bbox is .*a list of numbers is needed'),
        (dict(score=float('inf')), 'score is .*infinity'),
    ],
)
def test_detections(file, change, message):
    record = dict(image_id=4, category_id=1, bbox=[1, 2, 3, 4], score=0.5)
    file.write_text(json.dumps([record]))
    assert read_detections(str(file)) == [record]
    file.write_text(json.dumps([dict(record, **change)]))
    with pytest.raises(AnnotationError, match=message):
        read_detections(str(file))


# ---------------------------------------------------------------------------------- MATLAB


def test_mat_files(tmp_path):
    path = tmp_path / 'a.mat'
    savemat(path, dict(points=np.arange(6.0).reshape(1, 6), person=dict(name='x')))
    np.testing.assert_array_equal(read_mat(path, 'points')['points'], loadmat(path)['points'])
    found = read_mat(path, structs=True)
    assert (found['points'].shape, found['person'].name, sorted(found)) == ((6,), 'x', ['person', 'points'])
    with pytest.raises(AnnotationError, match=r"head boxes '.*a\.mat' has no variable 'boxes', only points, person!"):
        read_mat(path, 'boxes', what='head boxes', hint='!')
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(AnnotationError, match=r'a\.mat.*\(200 bytes\) cannot be read, perhaps it is cut off'):
        read_mat(path)
    path.write_bytes(b'no MATLAB')
    with pytest.raises(AnnotationError, match='cannot be read'):
        read_mat(path)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_mat(tmp_path / 'none.mat')


# ---------------------------------------------------------------------------------- facts


def test_area_of_a_box():
    assert AREA_OF_BOX == 0.53
    np.testing.assert_array_equal(area_of_box(np.array([2.0, 3.0]), np.array([5.0, 7.0])), [10 * 0.53, 21 * 0.53])
    assert area_of_box(4.0, 5.0, 0.5) == 10


def test_head_sizes_agree_in_both_forms():
    rng = np.random.default_rng(0)
    low, size = rng.uniform(0, 99, (2, 8)), rng.uniform(1, 50, (2, 8))
    corners = np.stack([low, low + size])
    boxes = np.concatenate([low, size]).T
    expected = [0.6 * (w * w + h * h) ** 0.5 for w, h in size.T]
    np.testing.assert_allclose(head_sizes_of_corners(corners), expected, rtol=1e-12)
    np.testing.assert_allclose(head_sizes_of_boxes(boxes), expected, rtol=1e-14)
    # whole numbers without a sign, as some .mat files have, do not wrap around
    assert head_sizes_of_corners(np.array([[[40], [50]], [[10], [10]]], np.uint8)).tolist() == [30.0]


def test_the_collector_comes_back_as_it_was():
    for before in (True, False):
        (gc.enable if before else gc.disable)()
        try:
            with without_garbage_collection():
                with without_garbage_collection():
                    assert not gc.isenabled()
                assert not gc.isenabled()
            assert gc.isenabled() is before
            with pytest.raises(KeyError), without_garbage_collection():
                raise KeyError
            assert gc.isenabled() is before
        finally:
            gc.enable()


def test_reading_imports_only_numpy(file):
    code = (
        'import sys; from mmpose_dark.annotations import read_coco; read_coco(sys.argv[1]); '
        "print([m for m in ('torch', 'mmengine', 'cv2', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, '-c', code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


@pytest.mark.parametrize('structs', [False, pytest.param(True, marks=pytest.mark.slow)])
def test_mutated_mat_files_are_read_or_refused(tmp_path, structs):
    """Damaged bytes crash SciPy's reader now and then; here that is an error like another."""
    path = tmp_path / 'a.mat'
    savemat(path, dict(points=np.arange(6.0), person=dict(name='x', at=np.ones((2, 2)))), do_compression=structs)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(6):
        content = bytearray(whole)
        for at in rng.integers(128, len(content), 12):
            content[at] = rng.integers(256)
        path.write_bytes(content)
        with contextlib.suppress(AnnotationError):
            read_mat(path, structs=structs)


def test_a_crash_of_the_reader_is_an_error(tmp_path, monkeypatch):
    from mmpose_dark.annotations import mat_file

    path = tmp_path / 'a.mat'
    savemat(path, dict(points=np.arange(6.0)))
    monkeypatch.setattr(mat_file, '_CODE', 'import os; os.abort()')
    with pytest.raises(AnnotationError, match="SciPy's reader ended with signal 6"):
        read_mat(path)


class TestFasterReader:
    """With msgspec large files are read as Python's reader reads them, and what it refuses is refused as before."""

    @pytest.fixture(autouse=True)
    def always(self, monkeypatch):
        pytest.importorskip('msgspec')
        monkeypatch.setattr(json_file, '_LARGE', 0)

    @pytest.mark.parametrize('content', ODD_JSON)
    def test_reads_alike(self, content):
        assert repr(parse_json(content, 'a file')) == repr(json.loads(content))

    @pytest.mark.parametrize('content', [b'[1, 2', b'["\xff"]', b'[01]', b'', b'["a\tb"]', b'[1]]', b"{'a': 1}"])
    def test_refuses_alike(self, content):
        with pytest.raises(ValueError) as expected:  # noqa: PT011 - whatever Python's reader says
            json.loads(content)
        with pytest.raises(AnnotationError) as found:
            parse_json(content, 'a file')
        assert str(expected.value) in str(found.value)

    def test_mutations_are_read_alike(self):
        content = json.dumps([*CONTENT.items(), 1.5, -2e-3, None, True, 'a\u00e9', {'n': 10**25}]).encode()
        pieces = [b'0', b'-', b'.', b'e', b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b' ', b'\xff', b'NaN']
        rng = np.random.default_rng(0)
        read = 0
        for _ in range(3000):
            start, length = rng.integers(len(content)), rng.integers(3)
            changed = content[:start] + pieces[rng.integers(len(pieces))] + content[start + length :]
            try:
                expected = json.loads(changed)
            except ValueError:
                with pytest.raises(AnnotationError):
                    parse_json(changed, 'a file')
                continue
            read += 1
            assert repr(parse_json(changed, 'a file')) == repr(expected)
        assert read > 100

    def test_nested_too_deep(self):
        with pytest.raises(AnnotationError, match='nested deeper than any annotation file'):
            parse_json(b'[' * 100_000 + b']' * 100_000, 'a file')
