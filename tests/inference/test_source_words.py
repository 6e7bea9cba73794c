"""What the words of a command line mean, live sources, standard input and URLs."""

import functools
import http.server
import io
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.inference.sources import ImageSequence, LiveSource, VideoFile, open_source, open_sources
from mmpose_dark.inference.sources.live import open_capture
from mmpose_dark.utils.errors import InputError, MissingFileError


def write_image(path: Path, value: int = 50) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((6, 8, 3), value, np.uint8))
    return path


def write_video(path: Path, count: int = 4) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 48))
    for number in range(count):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def test_images_are_one_source_and_come_first(tmp_path):
    for name in ('photos/b.jpg', 'photos/a10.jpg', 'photos/a9.jpg', 'one.png'):
        write_image(tmp_path / name)
    (tmp_path / 'photos' / 'notes.txt').touch()
    write_video(tmp_path / 'clip.mp4')
    sources = open_sources([str(tmp_path / n) for n in ('clip.mp4', 'photos', 'one.png', 'photos/b.jpg')])
    assert [source.info.kind for source in sources] == ['images', 'video']
    assert [Path(f.path).name for f in sources[0]] == ['a9.jpg', 'a10.jpg', 'b.jpg', 'one.png']
    assert sources[0].info.stem == 'images'
    assert any('notes.txt' in note for note in sources[0].notes)
    assert any('1 image is given twice' in note for note in sources[0].notes)


@pytest.mark.parametrize(('word', 'stem'), [('photos', 'photos'), ('photos/a.jpg', 'a'), ('photos/*.jpg', 'photos')])
def test_stems_of_images(tmp_path, word, stem):
    write_image(tmp_path / 'photos' / 'a.jpg')
    assert open_source(tmp_path / word).info.stem == stem


def test_videos_of_one_name_get_stems_of_their_own(tmp_path):
    for folder in ('x', 'y'):
        (tmp_path / folder).mkdir()
        write_video(tmp_path / folder / 'clip.mp4')
    words = [str(tmp_path / f / 'clip.mp4') for f in ('x', 'y', 'x')]
    sources = open_sources(words)
    assert [source.info.stem for source in sources] == ['clip', 'clip_2']
    assert 'is given twice' in sources[0].notes[0]


@pytest.mark.parametrize('name', ['50%.mp4', 'a b.mp4', 'frame_%04d.mp4', 'видео.mp4', 'x[1].mp4', '-clip.mp4', '7'])
def test_odd_names_are_files(tmp_path, name, monkeypatch):
    write_video(tmp_path / 'plain.mp4').rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_source(name), VideoFile)


def test_a_folder_called_like_a_video(tmp_path):
    write_image(tmp_path / 'takes.mp4' / 'a.png')
    assert open_source(tmp_path / 'takes.mp4').info.kind == 'images'


def test_a_file_without_ending_is_what_it_holds(tmp_path):
    write_image(tmp_path / 'a.png').rename(tmp_path / 'photo')
    assert open_source(tmp_path / 'photo').info.kind == 'images'
    (tmp_path / 'text').write_text('just words')
    with pytest.raises(InputError, match='is no video'):
        open_source(tmp_path / 'text')


def test_sequences_of_images(tmp_path):
    for number in (1, 2, 4, 10):
        write_image(tmp_path / f'frame_{number:04d}.png')
    source = open_source(tmp_path / 'frame_%04d.png', fps=5)
    assert isinstance(source, ImageSequence)
    assert [frame.time for frame in source] == pytest.approx([0, 0.2, 0.6, 1.8])
    assert source.notes == ['6 numbers are missing between 1 and 10: 3, 5, 6, 7, 8, ...']
    assert source.info.stem == 'frame'
    folder = open_source(tmp_path, fps=5)
    assert [frame.time for frame in folder] == pytest.approx([0, 0.2, 0.4, 0.6])
    with pytest.raises(MissingFileError, match='no file is called as'):
        open_source(tmp_path / 'take_%04d.png')


@pytest.mark.parametrize('word', ['nothing.mp4', 'nothing', 'no/such/*.jpg', 'gopher://host/a'])
def test_what_is_not_there_is_named(tmp_path, word, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((MissingFileError, InputError), match=word.split('*')[0].replace('.', r'\.')):
        open_source(word)


class FakeCapture:
    """A camera of numbered frames that breaks off, on a clock of its own."""

    fps, size, num_frames = 30.0, (4, 4), None

    def __init__(self, frames: list[int], pause: float = 0.0) -> None:
        self.frames, self.pause, self.released = list(frames), pause, False

    def read(self):
        if not self.frames:
            return None
        time.sleep(self.pause)
        return np.full((4, 4, 3), self.frames.pop(0), np.uint8)

    def release(self):
        self.released = True


def test_late_frames_of_a_camera_are_dropped_and_counted():
    source = LiveSource(0, opener=lambda address: FakeCapture(range(200), pause=0.001))
    taken = []
    for frame in source:
        taken.append(frame.index)
        time.sleep(0.02)
    source.close()
    assert taken == sorted(set(taken))
    assert source.dropped == taken[-1] + 1 - len(taken) > 20


def test_a_stream_that_dies_comes_back():
    captures = [FakeCapture([1, 2], 0.01), None, FakeCapture([3], 0.01), None, None, None]
    source = LiveSource('rtsp://me:secret@host/a', opener=lambda a: captures.pop(0), pauses=(0.01, 0.01))
    values = [int(frame.image[0, 0, 0]) for frame in source]
    assert values[-1] == 3
    told = ' '.join(source.notes)
    assert 'came back at try 2' in told
    assert 'did not come back in 2 tries' in told
    assert 'secret' not in source.info.name + told


def test_a_stream_that_gives_nothing_can_be_closed():
    class Silent(FakeCapture):
        def read(self):
            time.sleep(0.05)
            return np.zeros((2, 2, 3), np.uint8)

    source = LiveSource(1, opener=lambda a: Silent([]))
    frames = iter(source)
    next(frames)
    threading.Timer(0.2, source.close).start()
    assert sum(1 for _ in frames) < 100
    source._thread.join(2)
    assert not source._thread.is_alive()


def test_no_camera():
    with pytest.raises(InputError, match='camera 77 cannot be opened'):
        LiveSource(77, opener=lambda a: None)
    assert open_capture('rtsp://127.0.0.1:1/none') is None


@pytest.mark.parametrize('kind', ['image', 'video'])
def test_standard_input(tmp_path, kind):
    path = write_image(tmp_path / 'a.png') if kind == 'image' else write_video(tmp_path / 'a.mp4')
    source = open_sources(['-'], stdin=io.BytesIO(path.read_bytes()))[0]
    assert source.info.kind == ('images' if kind == 'image' else 'video')
    assert source.info.stem == 'stdin'
    frames = list(source)
    assert len(frames) == (1 if kind == 'image' else 4)
    kept = Path(frames[0].path) if kind == 'image' else source.path
    assert kept.is_file()
    source.close()
    assert not kept.exists()


def test_standard_input_without_anything():
    with pytest.raises(MissingFileError, match='nothing came in'):
        open_sources(['-'], stdin=io.BytesIO())
    with pytest.raises(InputError, match='is no video'):
        open_sources(['-'], stdin=io.BytesIO(b'words'))


@pytest.fixture
def server(tmp_path):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *args: None
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_urls_are_fetched_and_removed(tmp_path, server):
    write_image(tmp_path / 'a b.png')
    write_video(tmp_path / 'clip.mp4')
    images, video = open_sources([f'{server}/a%20b.png', f'{server}/clip.mp4?token=secret'])
    assert len(list(images)) == 1
    assert len(list(video)) == 4
    assert 'secret' not in video.info.name
    assert video.inputs == []
    path = video.path
    for source in (images, video):
        source.close()
    assert not path.exists()
