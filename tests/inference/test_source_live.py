"""Cameras and streams: fakes with a clock of their own, and a real MJPEG server that goes away and comes back."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from drawn_videos import drawn, evenly, write_video
from stream_server import MjpegServer, serve_folder

from mmpose_dark.inference.sources import LiveSource, open_sources
from mmpose_dark.utils.errors import InputError


class Fake:
    """A camera that gives its frames, then nothing."""

    def __init__(self, values: Iterator[int] | list[int], *, num_frames: int | None = None, wait: float = 0.0) -> None:
        self.values, self.wait, self.released = iter(values), wait, False
        self.fps, self.size, self.num_frames = 30.0, (4, 4), num_frames

    def read(self) -> np.ndarray | None:
        time.sleep(self.wait)
        value = next(self.values, None)
        return None if value is None else np.full((4, 4, 3), value, np.uint8)

    def release(self) -> None:
        self.released = True


def threads_of(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if name in thread.name]


def test_what_the_camera_says_is_known_at_once():
    source = LiveSource(0, opener=lambda address: Fake([1]))
    assert (source.info.fps, source.info.size, source.info.kind) == (30.0, (4, 4), 'stream')
    assert not threads_of('reads camera 0')  # nothing is read before somebody asks
    source.close()


def test_the_newest_frame_comes_first():
    """A consumer that takes its time sees frames that are at most one camera's step old."""
    source = LiveSource(3, opener=lambda address: Fake(range(120), wait=0.002))
    ages, indices = [], []
    begin = None
    for frame in source:
        now = time.monotonic()
        begin = now - frame.time if begin is None else begin
        ages.append(now - begin - frame.time)
        indices.append(frame.index)
        assert int(frame.image[0, 0, 0]) == frame.index
        time.sleep(0.03)
    assert np.median(ages) < 0.02
    assert indices[0] < 3
    assert source.dropped == indices[-1] + 1 - len(indices)
    assert source.dropped > 60


def test_after_close_the_thread_and_the_camera_are_gone():
    fake = Fake(iter(int, 1))
    source = LiveSource(4, opener=lambda address: fake)
    frames = iter(source)
    next(frames)
    assert threads_of('reads camera 4')
    source.close()
    assert not threads_of('reads camera 4')
    assert fake.released
    assert list(frames) == []


def test_closed_before_it_began():
    fake = Fake([1])
    source = LiveSource(5, opener=lambda address: fake)
    source.close()
    assert fake.released


def test_an_error_of_the_driver_is_raised_where_frames_are_taken():
    class Failing(Fake):
        def read(self) -> np.ndarray | None:
            raise RuntimeError('driver')

    source = LiveSource(6, opener=lambda address: Failing([]))
    with pytest.raises(RuntimeError, match='driver'):
        list(source)


def test_pauses_grow_and_tries_end():
    moments: list[float] = []

    def opener(address: str) -> Fake | None:
        moments.append(time.monotonic())
        return Fake([1]) if len(moments) == 1 else None

    source = LiveSource('rtsp://host/a', opener=opener, pauses=(0.02, 0.05, 0.1))
    assert len(list(source)) == 1
    assert len(moments) == 4
    assert np.diff(moments[1:]) == pytest.approx([0.05, 0.1], abs=0.04)
    assert source.notes == [
        'rtsp://host/a broke off after 1 frames',
        'rtsp://host/a ended and did not come back in 3 tries',
    ]


def test_each_loss_has_all_tries():
    captures = [Fake([1]), None, Fake([2]), None, Fake([3]), None, None]
    source = LiveSource('rtsp://host/a', opener=lambda address: captures.pop(0), pauses=(0.01, 0.01))
    values = [int(frame.image[0, 0, 0]) for frame in source]
    assert values[-1] == 3
    assert sum('came back at try 2' in note for note in source.notes) == 2


def test_a_stream_that_has_an_end_is_not_opened_again():
    opened = []

    def opener(address: str) -> Fake:
        opened.append(address)
        return Fake([1, 2, 3], num_frames=3)

    source = LiveSource('http://host/a.m3u8', opener=opener)
    list(source)
    assert len(opened) == 1
    assert source.notes == ['http://host/a.m3u8 ended']


def test_a_stream_without_a_frame():
    with pytest.raises(InputError, match='camera 7: no frame came'):
        list(LiveSource(7, opener=lambda address: Fake([])))


@pytest.mark.parametrize('words', [['0', 'camera:0', '/dev/video0'], ['camera:2', '2']])
def test_cameras_by_their_names(monkeypatch, words):
    """The opener is replaced: there is no camera here."""
    opened = []

    def opener(address: int) -> Fake:
        opened.append(address)
        return Fake([1])

    monkeypatch.setattr('mmpose_dark.inference.sources.live.open_capture', opener)
    sources = open_sources(words)
    assert [source.info.name for source in sources] == [f'camera {words[0][-1]}']
    assert opened == [int(words[0][-1])]
    assert sources[0].info.stem == f'camera_{words[0][-1]}'
    assert all('is given twice' in note for note in sources[0].notes)
    assert len(sources[0].notes) == len(words) - 1


def test_no_camera_is_said_in_one_line(capfd):
    with pytest.raises(InputError, match='camera 98 cannot be opened: is it plugged in'):
        open_sources(['98'])
    assert capfd.readouterr().err == ''


def test_a_real_stream_that_dies_and_comes_back():
    """JPEGs over HTTP, told by what the server says of them; then the server goes, and comes back on its port."""
    with MjpegServer() as server:
        (source,) = open_sources([f'http://me:secret@127.0.0.1:{server.port}/live?key=secret'])
        assert isinstance(source, LiveSource)
        assert 'secret' not in source.info.name
        source.pauses = (0.1,) * 40
        frames = iter(source)
        first = [next(frames) for _ in range(3)]
    server.wait_until_gone()
    with MjpegServer(server.port):
        until = time.monotonic() + 20
        while not any('came back' in note for note in source.notes) and time.monotonic() < until:
            next(frames)
        later = next(frames)
        source.close()
    assert first[0].image.shape == (48, 64, 3)
    assert [frame.index for frame in first] == sorted({frame.index for frame in first})
    assert later.index > first[-1].index
    assert later.time > first[-1].time
    told = ' '.join(source.notes)
    assert 'broke off after' in told
    assert 'came back at try' in told
    assert 'secret' not in told


def test_hls(tmp_path):
    if 'libx264' not in pytest.importorskip('av').codecs_available:
        pytest.skip('this PyAV writes no H.264')
    write_video(tmp_path / 'live.m3u8', evenly(30), codec='libx264', form='hls', container={'hls_list_size': '0'})
    with serve_folder(tmp_path) as url:
        (source,) = open_sources([f'{url}/live.m3u8'])
        assert isinstance(source, LiveSource)
        with contextlib.closing(source):
            frames = list(source)
    assert frames
    assert frames[0].image.shape == (48, 64, 3)
    assert len(frames) + source.dropped <= 30
    assert source.notes[-1].endswith('ended')


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    for url in (f'rtsp://127.0.0.1:{port}/a', f'http://127.0.0.1:{port}/a.m3u8'):
        with pytest.raises(InputError, match='cannot be opened: is it on'):
            open_sources([url])
    with pytest.raises(InputError, match=r'no answer .*is the server on'):
        open_sources([f'http://127.0.0.1:{port}/live'])


def test_the_drawn_frames_are_jpegs():
    """What the server sends can be told from noise."""
    image = cv2.imdecode(np.frombuffer(MjpegServer.jpeg(2), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(image.astype(int) - drawn(2)).mean() < 4
