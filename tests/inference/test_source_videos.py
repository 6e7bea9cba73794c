"""Video files: written here by PyAV and OpenCV, with the oddities that cameras and phones produce."""

import os
import struct
import sys
import weakref
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.inference.sources import ArraySource, VideoError, VideoFile, open_source
from mmpose_dark.inference.sources.decoders import decoder_name
from mmpose_dark.utils.errors import InputError, MissingFileError, MissingPackageError

av = pytest.importorskip('av')


def picture_of(number: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Grey, with a white square that is further right in each frame, and a red corner at top left."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    image[:8, :8] = (0, 0, 255)
    image[20:30, 10 + 2 * number : 20 + 2 * number] = 255
    return image


def place_of(image: np.ndarray) -> float:
    """Left edge of the white square."""
    return float(np.flatnonzero((image[25] > 200).all(-1))[0])


def write_av(path: Path, times: list[float], *, codec: str = 'mpeg4', pix_fmt: str = 'yuv420p', size=(64, 48)) -> Path:
    with av.open(str(path), 'w') as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = Fraction(1, 12800)
        if codec in ('mpeg4', 'libx264'):
            stream.codec_context.max_b_frames = 0
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture_of(number, size), format='bgr24')
            frame.pts, frame.time_base = round(time * 12800), Fraction(1, 12800)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def even_times(count: int, fps: float = 25.0) -> list[float]:
    return [i / fps for i in range(count)]


@pytest.mark.parametrize('decoder', ['av', 'opencv'])
def test_frames_and_times_of_a_plain_video(tmp_path, decoder):
    path = write_av(tmp_path / 'clip.mp4', even_times(12))
    source = VideoFile(path, decoder=decoder)
    assert source.info.size == (64, 48)
    assert source.info.fps == pytest.approx(25)
    assert source.info.num_frames == 12
    for _ in range(2):  # a file can be read again
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(12))
        assert [frame.time for frame in frames] == pytest.approx(even_times(12), abs=1e-3)
        assert [place_of(frame.image) for frame in frames] == pytest.approx([10 + 2 * i for i in range(12)], abs=1)
    assert source.inputs == [path]


@pytest.mark.parametrize('decoder', ['av', 'opencv'])
def test_times_of_variable_rate_are_kept(tmp_path, decoder):
    times = [0.0, 0.04, 0.2, 0.24, 0.9, 1.0]
    source = VideoFile(write_av(tmp_path / 'clip.mp4', times), decoder=decoder)
    assert [frame.time for frame in source] == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize('decoder', ['av', 'opencv'])
@pytest.mark.parametrize(('angle', 'corner'), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_the_rotation_flag_is_applied(tmp_path, decoder, angle, corner):
    """Phones write a matrix into the track's header: by how far clockwise the image is to be turned."""
    path = write_av(tmp_path / 'clip.mp4', even_times(3))
    content = bytearray(path.read_bytes())
    at = content.index(b'tkhd') + 4 + 40
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[angle]
    fixed = [v * 65536 for v in (cos, sin)] + [0] + [v * 65536 for v in (-sin, cos)] + [0, 0, 0, 1 << 30]
    content[at : at + 36] = struct.pack('>9i', *fixed)
    path.write_bytes(content)
    source = VideoFile(path, decoder=decoder)
    image = next(iter(source)).image
    assert image.shape == ((48, 64, 3) if angle == 180 else (64, 48, 3))
    assert source.info.size == (image.shape[1], image.shape[0])
    red = image[4 if corner[0] == 0 else -4, 4 if corner[1] == 0 else -4]
    assert red[2] > 180 > red[0]


@pytest.mark.parametrize(
    ('name', 'codec', 'pix_fmt'),
    [('ten.mp4', 'libx264', 'yuv420p10le'), ('clip.webm', 'libvpx-vp9', 'yuv420p'), ('full.mkv', 'ffv1', 'bgr0')],
)
def test_other_codecs_and_depths(tmp_path, name, codec, pix_fmt):
    if codec not in av.codecs_available:
        pytest.skip(f'this PyAV writes no {codec}')
    frames = list(VideoFile(write_av(tmp_path / name, even_times(5), codec=codec, pix_fmt=pix_fmt)))
    assert [frame.image.dtype for frame in frames] == [np.uint8] * 5
    assert [place_of(frame.image) for frame in frames] == pytest.approx([10 + 2 * i for i in range(5)], abs=1)


def test_odd_sizes(tmp_path):
    path = write_av(tmp_path / 'odd.mkv', even_times(3), codec='ffv1', pix_fmt='bgr0', size=(63, 47))
    assert [frame.image.shape for frame in VideoFile(path)] == [(47, 63, 3)] * 3


def test_times_that_fall_are_put_right_and_said(tmp_path):
    path = write_av(tmp_path / 'a.mkv', even_times(6), codec='ffv1', pix_fmt='bgr0')
    source = VideoFile(path)
    from mmpose_dark.inference.sources import video_file

    times = [0.0, 0.04, 0.04, 0.02, 0.16, 0.2]
    frames = (video_file.Decoded(np.zeros((4, 4, 3), np.uint8), time) for time in times)
    real = video_file.open_video
    try:
        video_file.open_video = lambda path, decoder: (real(path, decoder)[0], frames)
        found = [frame.time for frame in source]
    finally:
        video_file.open_video = real
    assert found == sorted(set(found))
    assert found[-2:] == pytest.approx([0.16, 0.2])
    assert '2 frames said a time' in source.notes[0]


def test_a_video_that_breaks_off(tmp_path):
    path = write_av(tmp_path / 'whole.mkv', even_times(60))
    content = path.read_bytes()
    cut = tmp_path / 'cut.mkv'
    cut.write_bytes(content[: len(content) // 2])
    found = [frame for frame in VideoFile(cut) if frame.image is not None]
    assert 5 < len(found) < 60
    assert [frame.time for frame in found] == sorted(frame.time for frame in found)


def test_broken_data_in_the_middle_is_passed_over(tmp_path):
    path = write_av(tmp_path / 'clip.mkv', even_times(30), codec='ffv1', pix_fmt='bgr0')
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    frames = list(VideoFile(path))
    assert sum(frame.image is not None for frame in frames) >= 15
    assert all('broken' in frame.error or 'breaks off' in frame.error for frame in frames if frame.image is None)


def test_sound_only(tmp_path):
    path = tmp_path / 'sound.mp4'
    with av.open(str(path), 'w') as file:
        stream = file.add_stream('aac', rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format='fltp', layout='mono')
        frame.rate = 44100
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    with pytest.raises(VideoError, match='has no images, only audio'):
        VideoFile(path)


@pytest.mark.parametrize('decoder', ['av', 'opencv'])
@pytest.mark.parametrize('content', [b'a text, not a video', b'\x00' * 5000])
def test_no_video(tmp_path, decoder, content):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r'clip\.mp4: is no video'):
        VideoFile(path, decoder=decoder)


def test_nothing_hangs_and_all_is_named(tmp_path):
    (tmp_path / 'empty.mp4').touch()
    os.mkfifo(tmp_path / 'pipe.mp4')
    with pytest.raises(VideoError, match='0 bytes'):
        open_source(tmp_path / 'empty.mp4')
    with pytest.raises(InputError, match='is no file'):
        open_source(tmp_path / 'pipe.mp4')
    with pytest.raises(MissingFileError, match=r'gone\.mp4'):
        VideoFile(tmp_path / 'gone.mp4')


def test_without_pyav_opencv_reads(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'av', None)
    assert decoder_name() == 'opencv'
    with pytest.raises(MissingPackageError, match='pip install av'):
        decoder_name('av')
    with pytest.raises(InputError, match='not one of auto'):
        decoder_name('ffmpeg')


def test_memory_does_not_grow(tmp_path):
    """Frames that nobody keeps are gone: at most a few are alive at any time."""
    path = write_av(tmp_path / 'clip.mp4', even_times(80))
    seen, alive = [], []
    for number, frame in enumerate(VideoFile(path)):
        seen.append(weakref.ref(frame.image))
        if number % 20 == 19:
            alive.append(sum(reference() is not None for reference in seen))
    assert len(alive) == 4
    assert max(alive) <= 3


def test_writers_of_opencv(tmp_path):
    path = tmp_path / 'cv.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 48))
    for number in range(6):
        writer.write(picture_of(number))
    writer.release()
    frames = list(open_source(path))
    assert [frame.time for frame in frames] == pytest.approx(even_times(6, 10), abs=1e-3)


def test_arrays_as_a_video():
    images = [np.zeros((4, 6, 3), np.uint8)] * 3
    assert ArraySource(images, fps=2).info.kind == 'video'
    assert ArraySource((i for i in images), fps=2).info.kind == 'stream'  # can be gone through once
    assert ArraySource(images).info.kind == 'images'
    assert [frame.time for frame in ArraySource(images, fps=2)] == [0, 0.5, 1.0]
    with pytest.raises(InputError, match='must be a number above 0, got 0'):
        ArraySource(images, fps=0)
