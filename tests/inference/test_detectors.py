"""Detectors: forms read back from boxes that the test put into them, files of other kinds, names, downloads."""

import functools
import hashlib
import http.server
import importlib.util
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.checkpoint import CheckpointError
from mmpose_dark.checkpoint.mirrors import download_first
from mmpose_dark.deploy.onnx_session import ONNX_BACKENDS, OnnxFileError, OnnxSession
from mmpose_dark.inference.detectors import OnnxDetector, find_detector, list_detectors
from mmpose_dark.inference.detectors.forms import FORMS, find_form, grid_centres
from mmpose_dark.inference.detectors.letterbox import Letterbox
from mmpose_dark.inference.frames import Frame
from mmpose_dark.inference.people_choice import PeopleChoice, boxes_of_poses, in_region, join_boxes
from mmpose_dark.structures.poses import Poses
from mmpose_dark.synthetic.people_detector import shipped_detector
from mmpose_dark.synthetic.video import DrawnVideo
from mmpose_dark.synthetic.video_settings import VideoSettings
from mmpose_dark.utils.errors import InputError, MissingPackageError, UnknownNameError

sys.path.insert(0, str(Path(__file__).parents[1] / 'helpers'))
from onnx_files import write_constant

SIZE = (64, 32)
BOXES = np.array([[10, 5, 30, 25], [40, 8, 60, 30]], np.float32)


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def yolox_output(boxes, scores, size=SIZE) -> np.ndarray:
    """Write boxes into YOLOX's grid, each at the cell of stride 8 that its centre is in."""
    cells = grid_centres(size, (8, 16, 32))
    raw = np.zeros((len(cells), 85), np.float32)
    for (x1, y1, x2, y2), score in zip(boxes, scores, strict=True):
        x, y, w, h = (x1 + x2) / 2 / 8, (y1 + y2) / 2 / 8, (x2 - x1) / 8, (y2 - y1) / 8
        row = int(np.flatnonzero((cells == (int(x), int(y), 8)).all(1))[0])
        raw[row, :6] = x - int(x), y - int(y), np.log(w), np.log(h), 1.0, score
    return raw[None]


def nanodet_output(boxes, scores, size=SIZE, bins=11) -> tuple[np.ndarray, np.ndarray]:
    """Write boxes as distributions with all their weight on two neighbouring bins."""
    cells = grid_centres(size, (8, 16, 32))
    classes = np.zeros((len(cells), 80), np.float32)
    sides = np.full((len(cells), 4, bins), -60.0, np.float32)
    sides[..., 0] = 0
    for (x1, y1, x2, y2), score in zip(boxes, scores, strict=True):
        x, y = int((x1 + x2) / 2 // 8), int((y1 + y2) / 2 // 8)
        row = int(np.flatnonzero((cells == (x, y, 8)).all(1))[0])
        cx, cy = x * 8 + 3.5, y * 8 + 3.5
        for side, distance in enumerate(((cx - x1) / 8, (cy - y1) / 8, (x2 - cx) / 8, (y2 - cy) / 8)):
            low, part = int(distance), distance - int(distance)
            sides[row, side] = -60
            sides[row, side, low : low + 2] = np.log([max(1 - part, 1e-20), max(part, 1e-20)])
        classes[row, 0] = score
    return classes[None], sides.reshape(1, len(cells), 4 * bins)


def outputs_of(form: str) -> dict[str, np.ndarray]:
    scores = [0.9, 0.7]
    if form == 'yolox':
        return dict(output=yolox_output(BOXES, scores))
    if form == 'nanodet':
        return dict(zip(('cls', 'reg'), nanodet_output(BOXES, scores), strict=True))
    return dict(dets=np.column_stack([BOXES, scores])[None], labels=np.zeros((1, 2), np.float32))


def test_every_form_is_told_from_the_others_by_its_shapes():
    for form in FORMS:
        shapes = [value.shape[1:] for value in outputs_of(form).values()]
        assert find_form(shapes, SIZE).name == form
    assert find_form([(17, 64, 48)], SIZE) is None


@pytest.mark.parametrize('backend', ['openvino', 'onnxruntime'])
@pytest.mark.parametrize('batch', [1, 'batch'])
@pytest.mark.parametrize('form', list(FORMS))
def test_boxes_come_back_as_they_were_put_in(tmp_path, form, batch, backend):
    pytest.importorskip('onnx')
    pytest.importorskip(ONNX_BACKENDS[backend])
    path = write_constant(tmp_path / 'det.onnx', outputs_of(form), size=SIZE, batch=batch)
    detect = OnnxDetector(path, backend=backend)
    assert detect.form.name == form
    images = [np.zeros((64, 128, 3), np.uint8), np.zeros((32, 64, 3), np.uint8), np.zeros((16, 64, 3), np.uint8)]
    found = detect(images)
    for image, boxes, factor in zip(images, found, (2, 1, 1), strict=True):
        expected = (BOXES * factor).clip(0, (image.shape[1], image.shape[0]) * 2)
        np.testing.assert_allclose(boxes[:, :4], expected, atol=1e-3)
        np.testing.assert_allclose(boxes[:, 4], [0.9, 0.7], atol=1e-5)
    assert len(OnnxDetector(path, score_thr=0.8, backend=backend)(images[:1])[0]) == 1
    assert detect([]) == []


def test_broken_and_doubled_boxes_do_not_come_out(tmp_path):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    boxes = np.array([[10, 5, 30, 25, 0.9], [np.nan, 5, 30, 25, 0.9], [20, 5, 20, 25, 0.8], [90, 5, 99, 9, 0.7]])
    path = write_constant(tmp_path / 'det.onnx', dict(dets=boxes[None]), size=SIZE)
    assert OnnxDetector(path, backend='onnxruntime')([np.zeros((32, 64, 3), np.uint8)])[0].shape == (1, 5)
    same = yolox_output([[10, 5, 30, 25], [9, 6, 39, 26]], [0.9, 0.8])
    path = write_constant(tmp_path / 'twice.onnx', dict(output=same), size=SIZE)
    assert len(OnnxDetector(path, nms_thr=0.5, backend='onnxruntime')([np.zeros((32, 64, 3), np.uint8)])[0]) == 1


def test_a_file_of_another_kind(tmp_path):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    heatmaps = write_constant(tmp_path / 'pose.onnx', dict(heatmaps=np.zeros((1, 17, 16, 12))), size=(48, 64))
    with pytest.raises(OnnxFileError, match=r'gives heatmaps \(1, 17, 16, 12\).*Known: boxes5'):
        OnnxDetector(heatmaps, backend='onnxruntime')
    for name, content in (('text', b'not a network'), ('empty', b''), ('cut', heatmaps.read_bytes()[:60])):
        path = tmp_path / f'{name}.onnx'
        path.write_bytes(content)
        for backend in filter(importlib.util.find_spec, ('onnxruntime', 'openvino')):
            with pytest.raises(OnnxFileError, match=f'{name}.onnx'):
                OnnxDetector(path, backend=backend)
    newer = write_constant(tmp_path / 'newer.onnx', dict(dets=np.zeros((1, 1, 5))), size=SIZE, opset=999)
    with pytest.raises(OnnxFileError, match='newer opset'):
        OnnxDetector(newer, backend='onnxruntime')


def test_settings_are_checked(tmp_path):
    with pytest.raises(InputError, match='score_thr must be between 0 and 1'):
        OnnxDetector('none.onnx', score_thr=40)
    with pytest.raises(InputError, match="form 'ssd' is not one of"):
        OnnxDetector('none.onnx', form='ssd')
    with pytest.raises(InputError, match='bfloat16'):
        OnnxDetector('none.onnx', backend='openvino-bf16')
    with pytest.raises(CheckpointError, match=r'none\.onnx'):
        OnnxDetector(tmp_path / 'none.onnx')


def test_without_any_back_end(tmp_path, monkeypatch):
    from mmpose_dark.deploy import onnx_session

    (tmp_path / 'a.onnx').write_bytes(b'\x08\x07')
    monkeypatch.setattr(onnx_session.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(MissingPackageError, match='pip install onnxruntime'):
        OnnxSession(tmp_path / 'a.onnx')


@pytest.mark.parametrize('centred', [False, True])
def test_letterboxes_bring_boxes_back(centred):
    box = Letterbox((64, 32), centred=centred)
    rng = np.random.default_rng(0)
    for shape in ((64, 128), (100, 20), (7, 300), (32, 64)):
        canvas, (factor, left, top) = box.put(np.zeros((*shape, 3), np.uint8))
        assert canvas.shape == (32, 64, 3)
        boxes = rng.uniform(0, 20, (5, 4))
        inside = boxes * factor + [left, top, left, top]
        np.testing.assert_allclose(box.take_back(inside, (factor, left, top)), boxes, atol=1e-9)


def test_named_detectors_are_complete():
    rows = list_detectors()
    assert {row.name for row in rows} >= {'yolox-s', 'nanodet-plus-m', 'yolox-tiny-humanart'}
    for row in rows:
        assert row.form in FORMS
        assert row.licence
        assert all(url.startswith('https://') for url in row.urls)
        assert row.sha256 is None or len(row.sha256) == 64
    with pytest.raises(UnknownNameError, match="did you mean 'yolox-s'"):
        find_detector('yolox-x')


@pytest.fixture
def server(tmp_path):
    (tmp_path / 'served').mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / 'served'))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_the_second_mirror_serves_and_the_first_is_asked_last_from_then_on(tmp_path, server, monkeypatch):
    from mmpose_dark.checkpoint import download, mirrors

    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(download, '_WAITS', ())
    monkeypatch.setattr(mirrors, '_silent', {})
    (tmp_path / 'served' / 'net.onnx').write_bytes(b'network')
    (tmp_path / 'served' / 'other.onnx').write_bytes(b'another')
    right = hashlib.sha256(b'network').hexdigest()
    dead = 'http://127.0.0.1:1/net.onnx'
    assert download_first([dead, f'{server}/net.onnx'], sha256=right).read_bytes() == b'network'
    assert list(mirrors._silent) == ['127.0.0.1:1']
    wrong = f'{server}/other.onnx'
    assert download_first([wrong, f'{server}/net.onnx'], sha256=right).read_bytes() == b'network'
    with pytest.raises(CheckpointError, match=r'no address serves.*is published: not used'):
        download_first([wrong], sha256=right)
    assert not list((tmp_path / 'cache').rglob('other.onnx'))


def test_a_detector_in_a_zip(tmp_path):
    from mmpose_dark.inference.detectors.named import _out_of_zip

    with zipfile.ZipFile(tmp_path / 'det.zip', 'w') as archive:
        archive.writestr('folder/end2end.onnx', b'network')
        archive.writestr('readme.txt', b'words')
    assert _out_of_zip(tmp_path / 'det.zip', 'end2end.onnx').read_bytes() == b'network'
    with zipfile.ZipFile(tmp_path / 'none.zip', 'w') as archive:
        archive.writestr('readme.txt', b'words')
    with pytest.raises(InputError, match=r'should hold one end2end\.onnx'):
        _out_of_zip(tmp_path / 'none.zip', 'end2end.onnx')


def test_the_shipped_detector_finds_drawn_people():
    """It was made with recall 0.91 on frames of other seeds; here enough of that is asked that another machine has."""
    detect, found, total = shipped_detector(), 0, 0
    for seed in range(4):
        video = DrawnVideo(VideoSettings(frames=150, people=4), seed=seed)
        for frame in (60, 90):
            boxes, truth = detect([video.image(frame)])[0], video.truth(frame)
            seen = truth.boxes[truth.share_in_sight > 0.6]
            low, high = (
                np.maximum(seen[:, None, :2], boxes[None, :, :2]),
                np.minimum(seen[:, None, 2:], boxes[None, :, 2:4]),
            )
            inner = (high - low).clip(0).prod(-1)
            area = (seen[:, 2:] - seen[:, :2]).prod(-1)[:, None] + (boxes[:, 2:4] - boxes[:, :2]).prod(-1)[None] - inner
            found += int(((inner / area) >= 0.5).any(1).sum())
            total += len(seen)
    assert total > 8
    assert found >= 0.7 * total


def test_regions():
    boxes = np.array([[0, 0, 4, 4], [10, 0, 14, 4], [0, 10, 4, 14.0]])
    assert in_region(boxes, [0, 0, 12, 5]).tolist() == [True, True, False]
    assert in_region(boxes, [0, 0, 20, 0, 0, 20]).tolist() == [True, True, True]
    assert in_region(boxes, [0, 0, 8, 0, 0, 8]).tolist() == [True, False, False]
    for wrong in ([0, 0, 0, 9], [1, 2, 3], [0, 0, np.nan, 4]):
        with pytest.raises(InputError, match='region'):
            PeopleChoice(region=wrong)


def test_the_last_poses_give_boxes_of_those_who_are_seen():
    keypoints = np.array([[[10, 10], [20, 10], [10, 30.0]], [[50, 50], [60, 60], [70, 70]], [[np.nan] * 2] * 3])
    poses = Poses(keypoints, [[1, 1, 1], [0.1, 0.1, 0.9], [1, 1, 1]], np.tile([0, 0, 9, 9.0], (3, 1)))
    boxes = boxes_of_poses(poses, image_hw=(100, 100))
    assert boxes[:, :4].tolist() == [[8.5, 7, 21.5, 33]]
    assert len(boxes_of_poses(Poses.empty(3), image_hw=(10, 10))) == 0


def test_boxes_of_the_detector_and_of_the_last_poses_do_not_double():
    found, followed = np.array([[0, 0, 10, 10, 0.9]]), np.array([[1, 0, 10, 10, 0.5], [50, 0, 60, 10, 0.5]])
    assert join_boxes(found, followed)[:, 0].tolist() == [0, 50]
    choice = PeopleChoice(detect_every=2)
    last = Poses(np.array([[[50, 0], [60, 10], [55, 5.0]]]), np.ones((1, 3)), [[50, 0, 60, 10]])
    assert len(choice.boxes(found, image_hw=(90, 90), last=last)) == 2
    assert len(choice.boxes(None, image_hw=(90, 90), last=last)) == 1
    assert choice.looks_at(Frame(4))


def test_one_person_is_kept_once():
    keypoints = np.random.default_rng(0).uniform(0, 90, (1, 17, 2))
    poses = Poses(np.concatenate([keypoints, keypoints + 1, keypoints + 80]), np.ones((3, 17)) * [[0.5], [0.9], [0.7]],
                  np.tile([0, 0, 90, 90.0], (3, 1)))  # fmt: skip
    assert PeopleChoice().kept(poses).tolist() == [False, True, True]
    assert PeopleChoice(nms_thr=1).kept(poses).tolist() == [True] * 3
    with pytest.raises(InputError, match='nms_thr'):
        PeopleChoice(nms_thr=0)
