"""Each format, read back by another library or by the format's own rules; kills and full disks."""

import csv
import importlib
import json
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.inference.frames import SourceInfo
from mmpose_dark.inference.results import ImageResult
from mmpose_dark.inference.sinks import SINKS, VideoSink, make_sinks
from mmpose_dark.inference.sinks.openpose import OPENPOSE_COCO
from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.structures.poses import Poses
from mmpose_dark.utils.choices import SINK_FORMATS, SMOOTHERS, TRACKERS
from mmpose_dark.utils.errors import InputError, OutputError, UnknownNameError

CLIP = SourceInfo('clip.mp4', 'clip', 'video', fps=10.0, size=(64, 48))
PHOTOS = SourceInfo('photos', 'photos', 'images')


@pytest.fixture(scope='module')
def coco():
    return parse_pose_metainfo(dict(from_file='coco'))


def people(coco, index: int, count: int = 2) -> Poses:
    rng = np.random.default_rng(index)
    keypoints = rng.uniform(5, 40, (count, 17, 2))
    scores = rng.uniform(0.1, 1, (count, 17))
    root = rng.normal(0, 1, (count, 17, 2, 2))
    covariances = root @ root.swapaxes(-1, -2)
    covariances[:, 3] = np.nan
    return Poses(
        keypoints, scores, np.tile([2.0, 3, 44, 45], (count, 1)), np.full(count, 0.8), covariances=covariances,
        track_ids=np.array([7, -1])[:count], filled=np.array([False, True])[:count], keypoint_set=coco,
    )  # fmt: skip


def results_of(coco, *, moving: bool = True, count: int = 5) -> list[ImageResult]:
    """Two people; nobody in frame 1; frame 3 could not be read."""
    found = []
    for index in range(count):
        image = np.full((48, 64, 3), 40 * index, np.uint8)
        path = '' if moving else ('a/x.jpg', 'b/x.jpg', 'c/y 100%.png', 'd/z.jpg', 'e/фото.jpg')[index % 5]
        poses = people(coco, index)[: 0 if index in (1, 3) else 2]
        found.append(
            ImageResult(
                path,
                poses,
                None if index == 3 else image,
                'broken' if index == 3 else None,
                index=index,
                time=index * 0.1 if moving else None,
            )
        )
    return found


def write(name: str, folder: Path, results, info=CLIP, keypoint_set=None, **options) -> list[Path]:
    (sink,) = make_sinks([name], folder, info.stem, **options)
    sink.open(info, keypoint_set)
    for result in results:
        sink.write(result)
    sink.close()
    return list(sink.outputs)


def test_the_names_of_the_command_line_are_those_of_the_tables():
    assert SINK_FORMATS == SINKS
    assert TRACKERS == importlib.import_module('mmpose_dark.inference.tracking.names').TRACKERS
    assert SMOOTHERS == importlib.import_module('mmpose_dark.inference.smoothing.names').SMOOTHERS


def test_csv(tmp_path, coco):
    results = results_of(coco)
    path, twin = write('csv', tmp_path, results, keypoint_set=coco)
    rows = list(csv.DictReader(path.open(encoding='utf-8', newline='')))
    assert [int(row['frame']) for row in rows] == [0, 0, 2, 2, 4, 4]
    assert [row['track_id'] for row in rows] == ['7', ''] * 3
    poses = results[2].poses
    assert float(rows[2]['left_ankle_x']) == pytest.approx(poses.keypoints[0, 15, 0], abs=0.006)
    assert float(rows[3]['nose_score']) == pytest.approx(poses.keypoint_scores[1, 0], abs=6e-5)
    assert float(rows[2]['nose_cov_xy']) == pytest.approx(poses.covariances[0, 0, 0, 1], abs=6e-4)
    assert rows[2]['left_ear_var_x'] == ''
    assert rows[3]['filled'] == '1'
    assert b'\r\n' in path.read_bytes()
    about = json.loads(twin.read_text())
    assert about['columns'] == list(rows[0])
    assert about['source']['fps'] == 10.0


def test_columns_do_not_depend_on_the_first_frame(tmp_path, coco):
    plain = Poses(np.zeros((1, 17, 2)), np.ones((1, 17)), [[0, 0, 4, 4]], keypoint_set=coco)
    headers = []
    for i, poses in enumerate((plain, people(coco, 1), Poses.empty(17, coco))):
        path, _ = write('csv', tmp_path / str(i), [ImageResult('', poses, index=0, time=0.0)], keypoint_set=coco)
        headers.append(path.read_text().splitlines()[0])
    assert len(set(headers)) == 1


def test_parquet_is_the_same_table(tmp_path, coco):
    parquet = pytest.importorskip('pyarrow.parquet')
    pandas = pytest.importorskip('pandas')
    results = results_of(coco)
    path, _, _ = write('parquet', tmp_path, results, keypoint_set=coco)
    table = parquet.read_table(path)
    rows = pandas.read_csv(write('csv', tmp_path, results, keypoint_set=coco)[0])
    assert table.column_names == [*rows.columns, 'image_id', 'shard']
    found = table.to_pandas()
    for name in rows.columns:
        if name != 'image':
            np.testing.assert_allclose(found[name].astype(float), rows[name].astype(float), atol=0.006)
    assert found['track_id'].isna().tolist() == [False, True] * 3
    assert json.loads(table.schema.metadata[b'mmpose_dark'])['keypoint_names'][0] == 'nose'


def test_json_lines(tmp_path, coco):
    (path,) = write('jsonl', tmp_path, results_of(coco), keypoint_set=coco)
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert head['keypoint_names'][16] == 'right_ankle'
    assert [line['index'] for line in lines] == list(range(5))
    assert lines[3]['error'] == 'broken'
    assert lines[1]['people'] == []
    person = lines[0]['people'][1]
    assert (person['track_id'], person['filled']) == (-1, True)
    assert person['covariances'][3] is None
    assert len(person['covariances'][0]) == 3


def test_coco_results(tmp_path, coco):
    (path,) = write('coco', tmp_path, results_of(coco), keypoint_set=coco)
    records = json.loads(path.read_text())
    assert [r['image_id'] for r in records] == [1, 1, 3, 3, 5, 5]
    assert records[0]['track_id'] == 7
    assert len(records[0]['keypoints']) == 51


def test_coco_ids_of_images(tmp_path, coco):
    results = results_of(coco, moving=False)
    ids = {'a/x.jpg': 139, 'c/y 100%.png': 5}
    (path,) = write('coco', tmp_path, results, PHOTOS, coco, image_ids=ids, category_id=3)
    assert [(r['image_id'], r['category_id']) for r in json.loads(path.read_text())] == [(139, 3)] * 2 + [(5, 3)] * 2


def test_coco_annotations_are_read_by_the_coco_api(tmp_path, coco):
    api = pytest.importorskip('xtcocotools.coco')
    results = results_of(coco)
    (path,) = write('coco-annotations', tmp_path, results, keypoint_set=coco, kpt_thr=0.5)
    found = api.COCO(str(path))
    assert [i['file_name'] for i in found.loadImgs(found.getImgIds())] == [f'frame_{i:06d}.png' for i in (0, 1, 2, 4)]
    category = found.loadCats(1)[0]
    assert category['keypoints'][0] == 'nose'
    assert [min(link) >= 1 for link in category['skeleton']] == [True] * 19
    record = found.loadAnns(found.getAnnIds(imgIds=[3]))[0]
    marks = np.array(record['keypoints']).reshape(17, 3)
    labelled = results[2].poses.keypoint_scores[0] >= 0.5
    assert (marks[:, 2] == np.where(labelled, 2, 0)).all()
    assert (marks[~labelled] == 0).all()
    assert record['bbox'] == [2, 3, 42, 42]
    assert record['num_keypoints'] == labelled.sum()
    assert {'area', 'iscrowd', 'id', 'category_id'} <= set(record)


def test_openpose(tmp_path, coco):
    results = results_of(coco)
    (folder,) = write('openpose', tmp_path, results, keypoint_set=coco)
    files = sorted(folder.iterdir())
    assert [f.name for f in files] == [f'clip_{i:012d}_keypoints.json' for i in range(5)]
    people = json.loads(files[0].read_text())['people']
    values = np.array(people[0]['pose_keypoints_2d']).reshape(18, 3)
    poses = results[0].poses
    by_name = dict(zip(OPENPOSE_COCO, values, strict=True))
    for name, point, score in zip(poses.keypoint_names, poses.keypoints[0], poses.keypoint_scores[0], strict=True):
        np.testing.assert_allclose(by_name[name], [*point, score], atol=1e-3)
    np.testing.assert_allclose(by_name['neck'][:2], poses.keypoints[0, [5, 6]].mean(0), atol=1e-3)
    assert people[0]['person_id'] == [7]
    assert json.loads(files[1].read_text())['people'] == []


def test_yolo_labels(tmp_path, coco):
    """After Ultralytics' description of its pose format: class, box by its centre, then x, y, visibility."""
    yaml = pytest.importorskip('yaml')
    results = results_of(coco, moving=False)
    (folder,) = write('yolo', tmp_path, results, PHOTOS, coco, kpt_thr=0.4)
    assert sorted(p.name for p in (folder / 'labels').iterdir()) == ['x.txt', 'x_2.txt', 'y 100%.txt', 'фото.txt']
    data = yaml.safe_load((folder / 'data.yaml').read_text())
    assert data['kpt_shape'] == [17, 3]
    assert data['flip_idx'] == [int(i) for i in coco['flip_indices']]
    lines = (folder / 'labels' / 'x.txt').read_text().splitlines()
    values = np.array(lines[0].split(), float)
    assert values.shape == (5 + 51,)
    centre, size = values[1:3] * (64, 48), values[3:5] * (64, 48)
    np.testing.assert_allclose([*(centre - size / 2), *(centre + size / 2)], [2, 3, 44, 45], atol=1e-3)
    marks, poses = values[5:].reshape(17, 3), results[0].poses
    seen = poses.keypoint_scores[0] >= 0.4
    np.testing.assert_allclose(marks[seen, :2] * (64, 48) - 0.5, poses.keypoints[0][seen], atol=1e-3)
    assert (folder / 'labels' / 'x_2.txt').read_text() == ''


def test_drawn_images(tmp_path, coco):
    (folder,) = write('images', tmp_path, results_of(coco, moving=False), PHOTOS, coco)
    assert sorted(p.name for p in folder.iterdir()) == ['x.jpg', 'x_2.jpg', 'y 100%.jpg', 'фото.jpg']
    assert cv2.imread(str(folder / 'x.jpg')).std() > 5  # somebody is drawn
    assert cv2.imread(str(folder / 'x_2.jpg')).std() < 5


@pytest.mark.parametrize('codec', ['h264', 'mp4v'])
def test_video(tmp_path, coco, codec):
    if codec == 'h264':
        av = pytest.importorskip('av')
    results = results_of(coco, count=7)
    results[5] = replace(results[5], image=np.full((30, 50, 3), 200, np.uint8), time=0.73)
    results[6] = replace(results[6], time=0.8)
    sink = VideoSink(tmp_path, 'clip', codec=codec)
    sink.open(CLIP, coco)
    for result in results:
        sink.write(result)
    sink.close()
    path = sink.outputs[0]
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    assert count == (6 if codec == 'h264' else 9)  # the frame that could not be read is left out, or stood for
    if codec == 'h264':
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ('h264', 'yuv420p')
            assert [f.time for f in file.decode(stream)] == pytest.approx([0, 0.1, 0.2, 0.4, 0.73, 0.8], abs=1e-3)
        content = path.read_bytes()
        assert content.index(b'moov') < content.index(b'mdat')  # browsers start before all is there


def test_odd_sizes_of_a_video(tmp_path, coco):
    results = [
        ImageResult('', people(coco, i), np.zeros((47, 63, 3), np.uint8), index=i, time=i / 10) for i in range(3)
    ]
    write('video', tmp_path, results, keypoint_set=coco)
    assert cv2.VideoCapture(str(tmp_path / 'clip_poses.mp4')).read()[1].shape == (48, 64, 3)


def test_plots(tmp_path, coco):
    pytest.importorskip('matplotlib')
    for path in write('plots', tmp_path, results_of(coco), keypoint_set=coco):
        assert cv2.imread(str(path)).std() > 5
    assert all(p.is_file() for p in write('plots', tmp_path / 'nobody', [], keypoint_set=coco))


@pytest.mark.parametrize('name', SINKS)
def test_a_source_without_people_or_frames(tmp_path, coco, name):
    nobody = ImageResult('a.jpg', Poses.empty(17, coco), np.zeros((8, 8, 3), np.uint8), index=0, time=0.0)
    write(name, tmp_path / 'one', [nobody], keypoint_set=coco)
    write(name, tmp_path / 'none', [], keypoint_set=coco)


@pytest.mark.parametrize('name', SINKS)
def test_a_set_of_133_keypoints_and_unknown_sets(tmp_path, name):
    wholebody = parse_pose_metainfo(dict(from_file='coco_wholebody'))
    for i, (count, definition) in enumerate(((133, wholebody), (5, None))):
        poses = Poses(np.full((1, count, 2), 9.0), np.ones((1, count)), [[0, 0, 20, 20]], keypoint_set=definition)
        result = ImageResult('', poses, np.zeros((48, 64, 3), np.uint8), index=0, time=0.0)
        given = definition if definition is not None else None
        if definition is None and name in ('csv', 'parquet'):
            continue  # without a definition the columns are those of no keypoint: the command always has one
        write(name, tmp_path / str(i), [result], keypoint_set=given)


def test_two_sinks_to_one_place_and_unknown_names(tmp_path):
    with pytest.raises(InputError, match=r'clip\.csv would be written by csv and by csv'):
        make_sinks(['csv', 'csv'], tmp_path, 'clip')
    with pytest.raises(UnknownNameError, match="did you mean 'parquet'"):
        make_sinks(['parket'], tmp_path, 'clip')


def test_images_make_no_video(tmp_path, coco):
    with pytest.raises(InputError, match='with --fps N'):
        write('video', tmp_path, results_of(coco, moving=False), PHOTOS, coco)


STREAMED = ('jsonl', 'csv', 'openpose', 'images', 'yolo', 'video')
KILLED = """
    import os, signal, sys
    import numpy as np
    sys.path.insert(0, {tests!r})
    from test_sinks import CLIP, people
    from mmpose_dark.inference.results import ImageResult
    from mmpose_dark.inference.sinks import make_sinks
    from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
    coco = parse_pose_metainfo(dict(from_file='coco'))
    (sink,) = make_sinks([{name!r}], {folder!r}, 'clip')
    sink.open(CLIP, coco)
    for i in range(200):
        image = np.random.default_rng(i).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        sink.write(ImageResult('', people(coco, i), image, index=i, time=i / 10))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize('name', STREAMED)
def test_a_kill_loses_at_most_the_frame_at_hand(tmp_path, name):
    code = KILLED.format(tests=str(Path(__file__).parent), name=name, folder=str(tmp_path))
    done = subprocess.run([sys.executable, '-c', textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    if name == 'jsonl':
        assert len([json.loads(line) for line in (tmp_path / 'clip.jsonl').open()]) == 201
    elif name == 'csv':
        assert len(list(csv.DictReader((tmp_path / 'clip.csv').open()))) == 400
    elif name == 'video':
        capture, count = cv2.VideoCapture(str(tmp_path / 'clip_poses.mp4')), 0
        while capture.read()[0]:
            count += 1
        assert count >= 100  # what the encoder held back is lost: up to two groups of frames
    else:
        folder = next(p for p in tmp_path.iterdir() if p.is_dir())
        assert len([p for p in folder.rglob('*') if p.suffix in ('.json', '.jpg', '.txt')]) == 200


def _fill(sink, coco):
    sink.open(CLIP, coco)
    for i in range(300):
        image = np.random.default_rng(i).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        sink.write(ImageResult('', people(coco, i), image, index=i, time=i / 10))
    sink.close()


@pytest.mark.parametrize('name', [n for n in SINKS if n != 'plots'])
def test_a_full_disk_is_named_and_old_files_stay(tmp_path, coco, name):
    """A limit on the size of files stands for the full disk."""
    if name in ('video', 'parquet'):
        pytest.importorskip(dict(video='av', parquet='pyarrow')[name])
    (sink,) = make_sinks([name], tmp_path, 'clip')
    old = {
        p: 'old' for p in sink.outputs if name in ('coco', 'coco-annotations', 'parquet') and p.suffix != '.json.json'
    }
    for path, text in old.items():
        path.write_text(text)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        with pytest.raises(OutputError, match='clip'):
            _fill(sink, coco)
        sink.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    if old:
        assert sink.outputs[0].read_text() == 'old'


def test_supervision_gets_covariances_and_tracks(coco):
    sv = pytest.importorskip('supervision')
    poses = people(coco, 0)
    points = poses.to_supervision()
    assert isinstance(points, sv.KeyPoints)
    assert points.data['covariance'].shape == (2, 17, 2, 2)
    np.testing.assert_allclose(points.xy, poses.keypoints)
    assert points.data['track_id'].tolist() == [7, -1]
