"""Standard input: through real pipes, which cannot be gone back in, and whose other end may say nothing."""

import contextlib
import io
import os
import pty
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_videos import drawn, evenly, number_of, write_video

from mmpose_dark.inference.sources import JpegStream, VideoFile, open_sources, standard_input
from mmpose_dark.inference.sources.jpeg_stream import is_jpeg_stream, jpeg_end, split_jpegs
from mmpose_dark.utils.errors import InputError, MissingFileError, OutputError


def jpeg(number: int) -> bytes:
    return cv2.imencode('.jpg', drawn(number), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def with_thumbnail(content: bytes) -> bytes:
    """The same JPEG with another one in its header, as cameras write it."""
    small = jpeg(9)
    return content[:2] + b'\xff\xe1' + (len(small) + 8).to_bytes(2, 'big') + b'Exif\0\0' + small + content[2:]


@contextlib.contextmanager
def piped(*blocks: bytes, wait: float = 0.0, keep_open: bool = False) -> Iterator[io.BufferedReader]:
    """A pipe whose other end writes blocks, with a pause behind each."""
    reading, writing = os.pipe()

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), open(writing, 'wb', buffering=0, closefd=not keep_open) as file:
            for block in blocks:
                view = memoryview(block)
                while view:
                    view = view[file.write(view) :]
                time.sleep(wait)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, 'rb') as stream:
        yield stream
    thread.join(5)
    if keep_open:
        os.close(writing)


@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.avi'])
def test_a_video_through_a_pipe(tmp_path, name):
    pytest.importorskip('av')
    content = write_video(tmp_path / name, evenly(12)).read_bytes()
    half = len(content) // 2
    with piped(content[:half], content[half:], wait=0.01) as stream:
        (source,) = open_sources(['-'], stdin=stream)
    assert isinstance(source, VideoFile)
    assert (source.info.name, source.info.kind, source.info.stem) == ('standard input', 'video', 'stdin')
    assert source.inputs == []
    for _ in range(2):  # two-pass smoothing reads it again
        assert [number_of(frame.image) for frame in source] == list(range(12))
    folder = source.path.parent
    assert folder.is_dir()
    source.close()
    assert not folder.exists()


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.webp', '.bmp', '.tiff'])
def test_an_image_through_a_pipe(ending):
    content = cv2.imencode(ending, drawn(3))[1].tobytes()
    with piped(content) as stream:
        (source,) = open_sources(['-'], stdin=stream)
    assert source.info.kind == 'images'
    (frame,) = source
    assert Path(frame.path).read_bytes() == content
    source.close()
    assert not Path(frame.path).exists()


def test_jpegs_come_out_while_the_pipe_is_open():
    with piped(*map(jpeg, range(4)), wait=0.05, keep_open=True) as stream:
        (source,) = open_sources(['-'], stdin=stream, fps=50)
        assert isinstance(source, JpegStream)
        frames = iter(source)
        found = [next(frames) for _ in range(3)]
    assert [number_of(frame.image) for frame in found] == [0, 1, 2]
    assert [frame.time for frame in found] == [0, 0.02, 0.04]
    assert source.info.kind == 'stream'
    assert source.notes == []


def test_jpegs_in_parts_of_a_web_answer():
    """As ``curl http://camera/video`` gives them."""
    parts = [
        b'--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(jpeg(i)) + jpeg(i) for i in range(3)
    ]
    with piped(b'\r\n'.join(parts) + b'\r\n--x--') as stream:
        (source,) = open_sources(['-'], stdin=stream)
        assert [number_of(frame.image) for frame in source] == [0, 1, 2]
    assert '25 frames a second are assumed' in source.notes[0]


def test_a_jpeg_that_is_cut_off_or_broken_is_passed_over():
    """In its pixels, in its header, and at the end of all."""
    in_scan = jpeg(2)[: jpeg(2).index(b'\xff\xda') + 200]
    with piped(jpeg(0), in_scan, jpeg(3), jpeg(5)[:150], jpeg(6), jpeg(7)[:-100]) as stream:
        (source,) = open_sources(['-'], stdin=stream)
        frames = list(source)
    assert [f.index for f in frames] == list(range(len(frames)))
    assert [number_of(f.image) for f in frames if f.image is not None] in ([0, 3, 6], [0, 3])
    assert [f.error is None for f in frames][:3] == [True, False, True]
    assert frames[-1].error


def test_a_stereo_image_is_one_image():
    """MPO: two JPEGs in one file, and the first one says so."""
    marked = jpeg(0)[:2] + b'\xff\xe2\x00\x06MPF\0' + jpeg(0)[2:]
    (source,) = open_sources(['-'], stdin=io.BytesIO(marked + jpeg(1)))
    assert source.info.kind == 'images'


@pytest.mark.parametrize('size', [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize('thumbnail', [False, True])
def test_where_jpegs_end(size, thumbnail):
    images = [with_thumbnail(jpeg(i)) if thumbnail else jpeg(i) for i in range(3)]
    stream = b''.join(images)
    blocks = (stream[i : i + size] for i in range(0, len(stream), size))
    assert list(split_jpegs(blocks)) == images
    assert jpeg_end(stream) == len(images[0])


def test_progressive_jpegs_have_tables_between_their_scans():
    image = cv2.imencode('.jpg', drawn(0), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert image.count(b'\xff\xda') > 1
    assert jpeg_end(image + image) == len(image)
    assert is_jpeg_stream(image) is None
    assert is_jpeg_stream(image + image[:3]) is True


def test_a_jpeg_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr('mmpose_dark.inference.sources.jpeg_stream._MOST', 10_000)
    with pytest.raises(InputError, match='is this a stream of images'):
        list(split_jpegs([jpeg(0), b'\xff\xd8\xff\xda\x00\x02' + bytes(20_000)]))
    assert list(split_jpegs([b'no image'] * 5000)) == []  # and what is none is not kept


def test_a_pipe_that_nobody_writes_to(monkeypatch):
    monkeypatch.setattr(standard_input, '_SILENCE', 0.2)
    begin = time.monotonic()
    with piped(keep_open=True) as stream, pytest.raises(InputError, match=r'nothing came in for 0\.2 s'):
        open_sources(['-'], stdin=stream)
    with piped(b'RIFF', keep_open=True) as stream, pytest.raises(InputError, match='does the other program write'):
        open_sources(['-'], stdin=stream)
    assert time.monotonic() - begin < 3


def test_what_comes_is_not_kept_without_end(monkeypatch):
    monkeypatch.setattr(standard_input, '_LIMIT', 1000)
    with pytest.raises(InputError, match=r'more than .* came in; give a file'):
        open_sources(['-'], stdin=io.BytesIO(bytes(5000)))


@pytest.mark.parametrize(
    ('content', 'kind', 'text'),
    [(b'', MissingFileError, 'nothing came in'), (b'words', InputError, 'standard input: is no video')],
)
def test_neither_image_nor_video(content, kind, text):
    with piped(content) as stream, pytest.raises(kind, match=text):
        open_sources(['-'], stdin=stream)


def test_nothing_is_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    for content in (b'words', b'\x89PNG\r\n\x1a\n' + bytes(50)):
        with contextlib.suppress(InputError):
            for source in open_sources(['-'], stdin=io.BytesIO(content)):
                source.close()
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_and_no_input(monkeypatch):
    master, slave = pty.openpty()
    with open(slave, 'rb', buffering=0) as terminal, pytest.raises(InputError, match='is a terminal; pipe'):
        open_sources(['-'], stdin=terminal)
    os.close(master)
    monkeypatch.setattr('sys.stdin', None)
    with pytest.raises(InputError, match='has no standard input'):
        open_sources(['-'])


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='a full disk is played by /dev/full')
def test_a_full_disk(monkeypatch, tmp_path):
    class Full:
        name = str(tmp_path)

        def cleanup(self) -> None:
            pass

    (tmp_path / 'stdin').symlink_to('/dev/full')
    monkeypatch.setattr(standard_input, 'temporary_folder', Full)
    with pytest.raises(OutputError, match=r'cannot be kept in .*No space left.*TMPDIR'):
        open_sources(['-'], stdin=io.BytesIO(bytes(1 << 21)))


def test_given_twice():
    png = cv2.imencode('.png', np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    (source,) = open_sources(['-', '-'], stdin=io.BytesIO(png))
    assert source.notes == ['- is given twice: passed over the second time']
