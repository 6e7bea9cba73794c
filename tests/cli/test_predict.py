"""`mmpose-dark predict`: from words to files, with the shipped networks on drawn people; bad input."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.cli import status
from mmpose_dark.cli.predict import main, parse_args
from mmpose_dark.synthetic.video import DrawnVideo
from mmpose_dark.synthetic.video_settings import VideoSettings
from mmpose_dark.utils.errors import UserError

DEMO = ['--model', 'demo', '--detector', 'demo', '--device', 'cpu']
VIDEO = DrawnVideo(VideoSettings(frames=200, people=2, plot='stay', width=240, height=180), seed=5)


@pytest.fixture(scope='module')
def clip(tmp_path_factory) -> Path:
    """Twelve frames of two drawn people."""
    path = tmp_path_factory.mktemp('clips') / 'two people 100%.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25, (240, 180))
    for index in range(60, 72):
        writer.write(VIDEO.image(index))
    writer.release()
    return path


@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('photos')
    for index in (60, 65, 70):
        cv2.imwrite(str(folder / f'{index}.png'), VIDEO.image(index))
    (folder / 'cut.jpg').write_bytes(cv2.imencode('.jpg', VIDEO.image(60))[1].tobytes()[:900])
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding='utf-8', newline='')))


def test_a_video(clip, tmp_path, capsys):
    arguments = [str(clip), *DEMO, '--save', 'video', 'csv', 'jsonl', '--out-dir', str(tmp_path), '--batch-size', '4']
    assert main(arguments) == status.OK
    rows = rows_of(tmp_path / 'two people 100%.csv')
    assert {int(row['frame']) for row in rows} == set(range(12))
    assert {row['track_id'] for row in rows} == {'1', '2'}
    assert float(rows[-1]['time']) == pytest.approx(11 / 25, abs=1e-3)
    capture, count = cv2.VideoCapture(str(tmp_path / 'two people 100%_poses.mp4')), 0
    while capture.read()[0]:
        count += 1
    assert count == 12
    truth = VIDEO.truth(66)
    found = np.array([[float(r['box_x1']), float(r['box_x2'])] for r in rows if r['frame'] == '6']).mean(1)
    np.testing.assert_allclose(sorted(found), sorted(truth.boxes[:, [0, 2]].mean(1)), atol=8)
    told = capsys.readouterr().out
    for part in ('drawn people only', '12 frames, 2 tracks', 'busy: read', 'network'):
        assert part in told


@pytest.mark.parametrize(
    'options', [['--track', 'none'], ['--smooth', 'none', '--detect-every', '3'], ['--smooth', 'kalman']]
)
def test_ways_to_follow(clip, tmp_path, options):
    assert main([str(clip), *DEMO, '--save', 'csv', '--out-dir', str(tmp_path), *options]) == status.OK
    rows = rows_of(tmp_path / 'two people 100%.csv')
    assert len(rows) >= 20
    assert {row['track_id'] for row in rows} == ({''} if 'none' in options and '--track' in options else {'1', '2'})


def test_a_sequence_of_images_is_a_video(tmp_path):
    for number, index in enumerate(range(60, 66)):
        cv2.imwrite(str(tmp_path / f'f_{number:03d}.png'), VIDEO.image(index))
    arguments = [str(tmp_path / 'f_%03d.png'), *DEMO, '--fps', '10', '--save', 'video', 'csv']
    assert main([*arguments, '--out-dir', str(tmp_path / 'out')]) == status.OK
    capture, count = cv2.VideoCapture(str(tmp_path / 'out' / 'f_poses.mp4')), 0
    while capture.read()[0]:
        count += 1
    assert count == 6
    assert rows_of(tmp_path / 'out' / 'f.csv')[-1]['time'] == '0.5'


def test_batches_do_not_change_numbers(clip, tmp_path):
    tables = []
    for size in ('1', '16'):
        folder = tmp_path / size
        main([str(clip), *DEMO, '--save', 'csv', '--out-dir', str(folder), '--batch-size', size, '--smooth', 'none'])
        tables.append(rows_of(folder / 'two people 100%.csv'))
    for one, other in zip(*tables, strict=True):
        assert (one['frame'], one['track_id']) == (other['frame'], other['track_id'])
        assert float(one['nose_x']) == pytest.approx(float(other['nose_x']), abs=0.05)


def test_images_with_one_that_is_cut_off(photos, tmp_path, capsys):
    arguments = [str(photos), *DEMO, '--save', 'images', 'csv', 'coco', 'coco-annotations', '--out-dir', str(tmp_path)]
    assert main(arguments) == status.SOME_UNUSABLE
    name = photos.name
    assert sorted(p.name for p in (tmp_path / f'{name}_poses').iterdir()) == ['60.jpg', '65.jpg', '70.jpg']
    assert len(rows_of(tmp_path / f'{name}.csv')) == 6
    images = json.loads((tmp_path / f'{name}_annotations.json').read_text())['images']
    assert [image['file_name'] for image in images] == ['60.png', '65.png', '70.png']
    assert 'cut.jpg' in capsys.readouterr().err


def test_boxes_of_a_user(photos, tmp_path):
    boxes = {'60.png': [[10, 10, 100, 160]], '65.png': []}
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    words = [str(photos / n) for n in ('60.png', '65.png')]
    arguments = [*words, '--model', 'demo', '--save', 'csv', '--out-dir', str(tmp_path)]
    assert main([*arguments, '--bboxes', str(tmp_path / 'boxes.json')]) == status.OK
    rows = rows_of(tmp_path / 'images.csv')
    assert [(row['image'], row['box_x2']) for row in rows] == [(words[0], '110.0')]
    assert main([*arguments, '--whole-image']) == status.OK
    assert len(rows_of(tmp_path / 'images.csv')) == 2


def test_max_people_and_region(photos, tmp_path):
    arguments = [str(photos / '60.png'), *DEMO, '--save', 'csv', '--out-dir', str(tmp_path)]
    assert main([*arguments, '--max-people', '1']) == status.OK
    assert len(rows_of(tmp_path / '60.csv')) == 1
    assert main([*arguments, '--region', '0', '0', '1', '1']) == status.OK
    assert rows_of(tmp_path / '60.csv') == []


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (['nothing.mp4'], 'nothing.mp4'),
        (['{photos}/60.png', '--save', 'video'], 'with --fps N'),
        (['{photos}/60.png', '--save', 'csv', 'csv'], 'would be written'),
        (['{clip}', '--bboxes', 'boxes.json'], 'is a video'),
        (['{clip}', '--model', 'no_such_model'], 'no model'),
        (['{clip}', '--config', 'a.py', '--model', 'demo'], 'give one of the two'),
        (['{clip}', '--config', 'a.py'], 'needs --checkpoint'),
        (['{clip}', '--detector', 'yolo'], 'no detector'),
        (['{clip}', '--region', '9', '9', '1', '1'], 'region'),
        (['{clip}', '--out-dir', '/proc/none'], 'cannot be written'),
    ],
)
def test_bad_input_is_named_before_the_work(clip, photos, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    words = [word.format(clip=clip, photos=photos) for word in arguments]
    rest = [] if '--model' in words or '--config' in words else ['--model', 'demo']
    rest += [] if '--detector' in words or '--bboxes' in words else ['--detector', 'demo']
    with pytest.raises(UserError, match=told):
        main([*words, *rest])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'words',
    [
        ['a', '--batch-size', '0'],
        ['a', '--fps', '-1'],
        ['a', '--region', '1', '2', '3'],
        ['a', '--smooth', 'kalman', '--track', 'none'],
        ['a', '--save', 'mp3'],
        ['a', '--workers', '2'],
        ['a', '--shard-size', '9'],
        ['a', '--engine', 'ray', '--track'],
        ['a', '--engine', 'ray', '--detect-every', '3'],
        ['a', '--engine', 'ray', '--draw-bbox'],
        [],
    ],
)
def test_wrong_arguments(words, capsys):
    with pytest.raises(SystemExit) as end:
        parse_args(words)
    assert end.value.code == status.USER_ERROR


def test_weights_that_cannot_be_had(clip, tmp_path, monkeypatch):
    from mmpose_dark.checkpoint import download

    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', 'http://127.0.0.1:1')
    monkeypatch.setattr(download, '_WAITS', ())
    with pytest.raises(UserError, match=r'given by --config .* --checkpoint FILE; --model demo needs no download'):
        main([str(clip), '--detector', 'demo', '--out-dir', str(tmp_path / 'out')])


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_finished(tmp_path):
    path = tmp_path / 'long.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25, (240, 180))
    for index in range(600):
        writer.write(VIDEO.image(60 + index % 10))
    writer.release()
    command = [
        sys.executable,
        '-m',
        'mmpose_dark',
        'predict',
        str(path),
        *DEMO,
        '--smooth',
        'none',
        '--save',
        'video',
        'csv',
    ]
    process = subprocess.Popen([*command, '--out-dir', str(tmp_path / 'out')], stderr=subprocess.PIPE, text=True)
    table, deadline = tmp_path / 'out' / 'long.csv', time.monotonic() + 120
    while (not table.is_file() or table.stat().st_size < 20_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    assert 'what was finished is written' in process.communicate(timeout=60)[1]
    assert process.returncode == status.INTERRUPTED
    frames = {int(row['frame']) for row in rows_of(table)}
    capture, count = cv2.VideoCapture(str(tmp_path / 'out' / 'long_poses.mp4')), 0
    while capture.read()[0]:
        count += 1
    assert max(frames) + 1 == count < 600
