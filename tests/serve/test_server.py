"""The server: uploads to results, its limits, and requests that it refuses."""

import csv
import io
import json
import struct
import threading
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.cli.serve import parse_args
from mmpose_dark.inference import Inferencer
from mmpose_dark.serve.jobs import JobQueue
from mmpose_dark.serve.limits import Limits
from mmpose_dark.utils.errors import InputError, StateError


def post(client, content: bytes, name: str = 'a.png', **query: str):
    return client.post('/api/jobs', params=dict(name=name, **query), content=content)


def clip_of(tmp_path: Path, drawn: np.ndarray, count: int = 6) -> bytes:
    path = tmp_path / 'clip.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25, (drawn.shape[1], drawn.shape[0]))
    for _ in range(count):
        writer.write(drawn)
    writer.release()
    return path.read_bytes()


def test_an_image_comes_back_as_the_inferencer_gives_it(make_client, ended, png, drawn, pose_model):
    from mmpose_dark.synthetic.people_detector import shipped_detector

    client = make_client()
    token = post(client, png).json()['token']
    assert ended(client, token)['state'] == 'done'
    result = client.get(f'/api/jobs/{token}/result').json()
    (expected,) = Inferencer(pose_model, detector=shipped_detector())([drawn])
    assert len(result['people']) == len(expected.poses) == 2
    for person, pose in zip(result['people'], expected.poses, strict=True):
        np.testing.assert_allclose(person['keypoints'], pose.keypoints[0], atol=0.02)
        np.testing.assert_allclose(person['keypoint_scores'], pose.keypoint_scores[0], atol=1e-3)
        assert np.abs(np.subtract(person['quarter_pixel'], person['keypoints'])).max() > 0.01  # another decoding
        assert np.abs(np.subtract(person['quarter_pixel'], person['keypoints'])).max() < 20
    rows = list(csv.DictReader(io.StringIO(client.get(f'/api/jobs/{token}/files/csv').text)))
    assert [float(row['nose_x']) for row in rows] == [p['keypoints'][0][0] for p in result['people']]
    assert len(client.get(f'/api/jobs/{token}/files/coco').json()['annotations']) == 2
    drawn_file = client.get(f'/api/jobs/{token}/files/drawn')
    assert cv2.imdecode(np.frombuffer(drawn_file.content, np.uint8), 1).shape == drawn.shape
    assert 'a_poses.jpg' in drawn_file.headers['content-disposition']


def test_a_heatmap_lies_where_its_point_is(make_client, ended, png):
    client = make_client()
    token = post(client, png).json()['token']
    ended(client, token)
    person = client.get(f'/api/jobs/{token}/result').json()['people'][0]
    best = int(np.argmax(person['keypoint_scores']))
    content = client.get(f'/api/jobs/{token}/heatmaps/0/{best}').content
    heatmap = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert heatmap.max() == 255
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    a, b, c, d, e, f = person['heatmap_to_image']
    place = (a * column + c * row + e, b * column + d * row + f)
    # A peak's pixel is at most some pixels of the heatmap from the decoded point.
    assert np.hypot(*np.subtract(place, person['keypoints'][best])) < 2.5 * np.hypot(a, d)
    assert client.get(f'/api/jobs/{token}/heatmaps/0/99').status_code == 400


def test_boxes_replace_the_detector(make_client, ended, png):
    client = make_client()
    token = post(client, png, boxes='[[10, 10, 100, 160]]').json()['token']
    ended(client, token)
    people = client.get(f'/api/jobs/{token}/result').json()['people']
    assert [person['bbox'] for person in people] == [[10, 10, 100, 160]]
    for boxes in ('[[1, 2]]', 'words', '[["a", 1, 2, 3]]'):
        answer = post(client, png, boxes=boxes)
        state = answer.json() if answer.status_code == 400 else ended(client, answer.json()['token'])
        assert 'box' in state['error']


def test_a_video(make_client, ended, drawn, tmp_path):
    client = make_client()
    token = post(client, clip_of(tmp_path, drawn), 'clip.mp4').json()['token']
    assert ended(client, token)['done'] == 6
    result = client.get(f'/api/jobs/{token}/result').json()
    assert [len(frame['people']) for frame in result['frames']] == [2] * 6
    assert {person['track_id'] for frame in result['frames'] for person in frame['people']} == {1, 2}
    answer = client.get(f'/api/jobs/{token}/files/video')
    assert answer.headers['content-type'] == 'video/mp4'


def test_the_camera(make_client, png):
    assert len(make_client().post('/api/frame', content=png).json()['people']) == 2


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in some kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    head = struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        (b'only words', 'is no video'),
        (bomb(), 'more than max_pixels'),
        (b'\xff\xd8\xff\xe0' + b'\x00' * 40, 'a.png'),
        (b'\x89PNG\r\n\x1a\nhalf', 'a.png'),
    ],
)
def test_what_is_no_image_or_video(make_client, ended, content, told):
    client = make_client()
    state = ended(client, post(client, content).json()['token'])
    assert state['state'] == 'failed'
    assert told in state['error']
    assert 'mmpose_dark_serve' not in state['error']  # no path of the server


def test_odd_images_and_names(make_client, ended, drawn):
    client = make_client()
    grey16 = cv2.imencode('.png', cv2.cvtColor(drawn, cv2.COLOR_BGR2GRAY).astype(np.uint16) * 256)[1].tobytes()
    alpha = cv2.imencode('.png', cv2.cvtColor(drawn, cv2.COLOR_BGR2BGRA))[1].tobytes()
    nobody = cv2.imencode('.jpg', np.full((90, 120, 3), 90, np.uint8))[1].tobytes()
    for content in (grey16, alpha, nobody):
        job = post(client, content, '../../etc/passwd\n').json()
        assert job['name'] == 'passwd'
        assert ended(client, job['token'])['state'] == 'done'


def test_uploads_that_are_too_large_or_empty(make_client, png):
    client = make_client(max_upload_mb=0.01)
    assert post(client, b'').status_code == 400
    assert post(client, bytes(20_000)).status_code == 413

    def parts():
        for _ in range(50):
            yield bytes(1000)

    assert client.post('/api/jobs', content=parts()).status_code == 413  # of unknown length: refused while it comes
    assert not list(client.app.state.jobs.folder.iterdir())


def test_videos_that_are_too_long(make_client, ended, drawn, tmp_path):
    client = make_client(max_seconds=0.1)
    state = ended(client, post(client, clip_of(tmp_path, drawn), 'clip.mp4').json()['token'])
    assert '0.1 s' in state['error']


def test_ten_uploads_at_once(make_client, ended, png):
    client = make_client(max_jobs=4)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post(client, png))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {202, 429}
    assert codes.count(202) >= 4
    for answer in answers:
        if answer.status_code == 202:
            assert ended(client, answer.json()['token'])['state'] == 'done'
        else:
            assert 'try again' in answer.json()['error']


def test_other_names_and_pages_are_refused(make_client, png):
    client = make_client()
    assert client.get('/', headers=dict(host='evil.example')).status_code == 403
    assert client.post('/api/jobs', content=png, headers=dict(origin='http://evil.example')).status_code == 403
    page = client.get('/')
    assert "default-src 'none'" in page.headers['content-security-policy']
    assert 'http' not in page.text.replace('http-equiv', '')  # nothing from elsewhere
    for path in ('/static/../jobs.py', '/static/index.html', '/api/jobs/none', '/api/jobs/none/files/csv', '/docs'):
        assert client.get(path).status_code == 404


def test_nothing_is_kept(make_client, ended, png):
    client = make_client()
    folder = client.app.state.jobs.folder
    token = post(client, png).json()['token']
    ended(client, token)
    assert (folder / token).is_dir()
    assert client.delete(f'/api/jobs/{token}').status_code == 204
    assert not (folder / token).exists()
    assert client.get(f'/api/jobs/{token}').status_code == 404
    post(client, png)
    client.__exit__(None, None, None)
    assert not folder.exists()
    client.__enter__()


def test_jobs_end_when_they_are_cancelled_or_take_too_long():
    jobs = JobQueue(Limits(max_job_seconds=0.2, keep_minutes=1e-9, max_jobs=2))

    def work(job):
        for i in range(10_000):
            job.step(i)
            time.sleep(0.005)

    slow, other = jobs.make('slow'), jobs.make('other')
    with pytest.raises(StateError, match='2 jobs are waiting'):
        jobs.make('third')
    jobs.submit(slow, work)
    jobs.submit(other, work)
    jobs.remove(other.token)
    deadline = time.monotonic() + 10
    while slow.state in ('waiting', 'running') and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (slow.state, slow.error) == ('cancelled', 'it took longer than --max-job-seconds')
    assert jobs.get(slow.token) is None  # long ago
    assert not other.folder.exists()
    jobs.close()
    assert not jobs.folder.exists()


def test_a_fault_does_not_end_the_server():
    jobs = JobQueue(Limits())
    job, after = jobs.make('a'), jobs.make('b')
    jobs.submit(job, lambda job: 1 / 0)
    jobs.submit(after, lambda job: dict(kind='done'))
    deadline = time.monotonic() + 10
    while after.state != 'done' and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 'ZeroDivisionError' in job.error
    assert json.dumps(after.result) == '{"kind": "done"}'
    jobs.close()


def test_limits_and_arguments(capsys):
    with pytest.raises(InputError, match='--max-upload-mb must be a number above 0'):
        Limits(max_upload_mb=0)
    args = parse_args(['--max-seconds', '5'])
    assert (args.host, args.max_seconds, args.max_pixels) == ('127.0.0.1', 5.0, Limits().max_pixels)
