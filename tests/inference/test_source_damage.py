"""Videos that are broken, cut off, of changing size, without times or with absurd ones, and what is no video."""

import os
import sys

import cv2
import numpy as np
import pytest
from drawn_videos import drawn, evenly, number_of, write_video

from mmpose_dark.inference.sources import VideoError, VideoFile, open_source
from mmpose_dark.inference.sources.rising_times import RisingTimes
from mmpose_dark.inference.sources.upright import upright
from mmpose_dark.utils.errors import InputError

av = pytest.importorskip('av')
needs_x264 = pytest.mark.skipif('libx264' not in av.codecs_available, reason='this PyAV writes no H.264')
BOTH = pytest.mark.parametrize('decoder', ['av', 'opencv'])


@pytest.fixture(scope='module')
def long_h264(tmp_path_factory):
    """A video of 120 frames with B-frames, its index at the beginning."""
    path = tmp_path_factory.mktemp('damage') / 'whole.mp4'
    options = {'g': '30', 'threads': '1', 'sc_threshold': '0'}
    return write_video(
        path, evenly(120), codec='libx264', size=(320, 96), b_frames=2, options=options,
        container={'movflags': 'faststart'},
    )  # fmt: skip


@needs_x264
def test_broken_packets_leave_all_other_frames_at_their_times(tmp_path, long_h264):
    content = bytearray(long_h264.read_bytes())
    start = content.index(b'mdat') + 4
    at = start + (len(content) - start) // 2
    content[at : at + 300] = np.random.default_rng(0).integers(0, 255, 300, dtype=np.uint8).tobytes()
    path = tmp_path / 'broken.mp4'
    path.write_bytes(content)
    source = VideoFile(path, decoder='av')
    frames = list(source)
    good, bad = ([f for f in frames if (f.image is not None) is kind] for kind in (True, False))
    assert bad
    assert len(good) > 60
    assert all(f.error.startswith('its data is broken') for f in bad)
    assert [f.index for f in frames] == list(range(len(frames)))
    # The square tells which frame it is. Frames of the group after the damage may show an older one.
    right = [f for f in good if f.time == pytest.approx(number_of(f.image) / 25, abs=1e-3)]
    assert len(right) > 0.7 * len(good)
    assert {round(25 * f.time, 3) for f in good} <= set(range(120))
    times = [f.time for f in frames if f.time is not None]
    assert times == sorted(set(times))
    assert source.notes == [f'{len(bad)} frames are broken and were passed over']


@needs_x264
@BOTH
def test_a_video_that_is_cut_off(tmp_path, long_h264, decoder):
    path = tmp_path / 'cut.mp4'
    content = long_h264.read_bytes()
    start = content.index(b'mdat')
    path.write_bytes(content[: start + (len(content) - start) * 6 // 10])
    source = VideoFile(path, decoder=decoder)
    good = [frame for frame in source if frame.image is not None]
    assert 20 < len(good) < 100
    assert [number_of(frame.image) for frame in good[:20]] == list(range(20))
    assert any('its header promises 4.80 s and 120 frames: is it whole?' in note for note in source.notes)


@needs_x264
def test_an_index_at_the_end_that_was_cut_off(tmp_path):
    content = write_video(tmp_path / 'a.mp4', evenly(30), codec='libx264').read_bytes()
    path = tmp_path / 'cut.mp4'
    path.write_bytes(content[: len(content) // 2])
    for decoder in ('av', 'opencv'):
        with pytest.raises(VideoError, match=r'cut\.mp4: is no video .*is it whole'):
            VideoFile(path, decoder=decoder)


def test_a_whole_video_has_no_notes(tmp_path):
    for name in ('a.mp4', 'a.mkv', 'a.avi'):
        for decoder in ('av', 'opencv'):
            source = VideoFile(write_video(tmp_path / name, evenly(20)), decoder=decoder)
            assert len(list(source)) == 20
            assert list(source.notes) == []


@needs_x264
@BOTH
def test_a_size_that_changes(tmp_path, decoder):
    """Two raw streams one behind the other; OpenCV brings all frames to the size of the first."""
    parts = [
        write_video(tmp_path / f'{i}.h264', evenly(10), codec='libx264', size=size, form='h264').read_bytes()
        for i, size in enumerate([(64, 48), (96, 64)])
    ]
    path = tmp_path / 'both.h264'
    path.write_bytes(b''.join(parts))
    source = VideoFile(path, decoder=decoder)
    shapes = [frame.image.shape for frame in source]
    if decoder == 'av':
        assert shapes == [(48, 64, 3)] * 10 + [(64, 96, 3)] * 10
        assert source.notes[0] == 'its size changes: 96 x 64 from frame 10'
    else:
        assert shapes == [(48, 64, 3)] * 20
    assert source.notes[-1] == 'it has no times: 25 frames a second are assumed (--fps)'


@needs_x264
@BOTH
def test_a_file_without_times(tmp_path, decoder):
    path = write_video(tmp_path / 'raw.h264', evenly(8), codec='libx264', form='h264')
    assert [frame.time for frame in VideoFile(path, decoder=decoder)] == pytest.approx(evenly(8))
    slow = VideoFile(path, decoder=decoder, fps=5)
    assert [frame.time for frame in slow] == pytest.approx(evenly(8, 5))
    assert slow.info.fps == 5


@BOTH
def test_a_rate_that_is_a_clock_is_measured_instead(tmp_path, decoder):
    path = write_video(tmp_path / 'a.avi', [0, 0.04, 0.08, 0.2, 0.24, 0.4], form='avi')
    with av.open(str(path)) as file:
        header = float(file.streams.video[0].average_rate)
    assert header > 240
    source = VideoFile(path, decoder=decoder)
    assert 5 < source.info.fps < 40
    assert [frame.time for frame in source] == pytest.approx([0, 0.04, 0.08, 0.2, 0.24, 0.4], abs=1e-3)


@BOTH
def test_a_header_of_no_frames_a_second(tmp_path, decoder):
    content = bytearray(write_video(tmp_path / 'a.avi', evenly(6), form='avi').read_bytes())
    main, stream = content.index(b'avih') + 8, content.index(b'strh') + 8
    content[main : main + 4] = bytes(4)  # microseconds a frame
    content[stream + 20 : stream + 28] = bytes(8)  # scale and rate
    path = tmp_path / 'zero.avi'
    path.write_bytes(content)
    times = [frame.time for frame in VideoFile(path, decoder=decoder)]
    assert len(times) == 6
    assert times == sorted(set(times))
    assert times[0] == 0


def test_a_clock_that_begins_anew(tmp_path):
    """Recordings that were put together: each part says times from its own beginning."""
    part = write_video(tmp_path / 'a.ts', evenly(20), codec='mpeg4', form='mpegts').read_bytes()
    path = tmp_path / 'twice.ts'
    path.write_bytes(part + part)
    for decoder in ('av', 'opencv'):
        times = [frame.time for frame in VideoFile(path, decoder=decoder)]
        assert len(times) >= 38
        assert np.diff(times) == pytest.approx(0.04, abs=0.021)
        assert times[-1] == pytest.approx(39 / 25, abs=0.1)


def test_rising_times():
    times = RisingTimes(0.1)
    found = [times(t)[0] for t in (5.0, 5.1, 5.3, 5.2, 5.4, 100.0, 5.0, 5.1, None)]
    assert found == pytest.approx([0, 0.1, 0.3, 0.35, 0.4, 95.0, 95.1, 95.2, 95.3])
    assert [times(t)[1] for t in (5.35, 5.4)] == [False, False]
    assert RisingTimes(0.1).of_lost(3.0) is None
    assert times.of_lost(5.0) is None  # before the last one
    assert times.of_lost(5.45) == pytest.approx(95.55)


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('angle', [0, 90, 180, 270])
def test_all_eight_ways_to_hold_a_camera(tmp_path, angle, mirrored):
    """The matrix is written by PyAV; what it means is NumPy's turning to the left, then mirroring."""
    path = write_video(tmp_path / 'a.mp4', evenly(2), turn=(angle, mirrored))
    plain = next(iter(VideoFile(write_video(tmp_path / 'b.mp4', evenly(2))))).image
    expected = np.rot90(plain, angle // 90)
    expected = expected[:, ::-1] if mirrored else expected
    source = VideoFile(path, decoder='av')
    image = next(iter(source)).image
    assert source.info.size == image.shape[1::-1]
    np.testing.assert_array_equal(image, expected)
    assert image.flags['C_CONTIGUOUS']


def test_turns_that_are_not_quarters_are_rounded():
    image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    angle = np.deg2rad(85)
    c, s = round(np.cos(angle) * 65536), round(np.sin(angle) * 65536)
    np.testing.assert_array_equal(upright(image, [c, -s, 0, s, c, 0, 0, 0, 1]), np.rot90(image))
    np.testing.assert_array_equal(upright(image, [0] * 9), image)


def test_a_cover_is_no_video(tmp_path):
    """Music with an image of its sleeve."""
    path = tmp_path / 'song.m4v'
    with av.open(str(path), 'w', format='mp4') as file:
        sound = file.add_stream('aac', rate=44100)
        cover = file.add_stream('mjpeg', rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, 'yuvj420p'
        cover.disposition = av.stream.Disposition.attached_pic
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format='fltp', layout='mono')
        silence.rate = 44100
        file.mux(cover.encode(av.VideoFrame.from_ndarray(drawn(0), format='bgr24')))
        for packet in [*sound.encode(silence), *sound.encode(), *cover.encode()]:
            file.mux(packet)
    with av.open(str(path)) as file:
        assert len(file.streams.video) == 1
    with pytest.raises(VideoError, match='has no images, only audio'):
        VideoFile(path, decoder='av')


def test_an_image_called_a_video_is_an_image(tmp_path):
    path = tmp_path / 'photo.mp4'
    path.write_bytes(cv2.imencode('.png', drawn(0))[1].tobytes())
    assert open_source(path).info.kind == 'images'


@BOTH
@pytest.mark.parametrize('text', ['#EXTM3U\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n', 'ffconcat version 1.0\nfile {}\n'])
def test_a_list_of_other_files_is_no_video(tmp_path, decoder, text):
    """FFmpeg would open what such a text names."""
    secret = write_video(tmp_path / 'secret.mp4', evenly(3))
    path = tmp_path / 'list.mp4'
    path.write_text(text.format(secret))
    with pytest.raises(VideoError, match=r'list\.mp4: is no video'):
        VideoFile(path, decoder=decoder)


def test_names_that_are_no_utf8(tmp_path):
    plain = write_video(tmp_path / 'a.mp4', evenly(3))
    path = tmp_path / os.fsdecode(b'caf\xe9.mp4')
    os.rename(plain, path)
    assert len(list(VideoFile(path, decoder='av'))) == 3
    with pytest.raises(VideoError, match='not in UTF-8; rename it'):
        VideoFile(path, decoder='opencv')


@BOTH
def test_frames_of_too_many_pixels(tmp_path, monkeypatch, decoder):
    path = write_video(tmp_path / 'a.mp4', evenly(3))
    monkeypatch.setattr(f'mmpose_dark.inference.sources.{decoder}_decoder.MAX_PIXELS', 1000)
    with pytest.raises(VideoError, match=r'has no frame that can be read|64 x 48 pixels are more than'):
        VideoFile(path, decoder=decoder)


def test_both_decoders_give_the_same(tmp_path):
    for name, codec in (('a.mp4', 'mpeg4'), ('a.webm', 'libvpx-vp9'), ('a.mkv', 'libx264')):
        if codec not in av.codecs_available:
            continue
        path = write_video(tmp_path / name, [0, 0.04, 0.2, 0.24, 0.9], codec=codec)
        first, second = (list(VideoFile(path, decoder=decoder)) for decoder in ('av', 'opencv'))
        assert [f.time for f in first] == pytest.approx([f.time for f in second], abs=1e-3)
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a.image, b.image)  # both by FFmpeg


def test_nothing_is_written_to_the_error_stream(tmp_path, capfd):
    path = tmp_path / 'a.mp4'
    path.write_bytes(bytes(5000))
    for decoder in ('av', 'opencv'):
        with pytest.raises(VideoError):
            VideoFile(path, decoder=decoder)
    assert capfd.readouterr().err == ''


def test_pyav_that_is_not_there_is_not_needed(tmp_path, monkeypatch):
    path = write_video(tmp_path / 'a.mp4', evenly(4))
    monkeypatch.setitem(sys.modules, 'av', None)
    source = open_source(path)
    assert source.decoder == 'opencv'
    assert [number_of(frame.image) for frame in source] == [0, 1, 2, 3]


def test_a_video_that_changes_while_it_is_read(tmp_path):
    source = VideoFile(write_video(tmp_path / 'a.mp4', evenly(4)))
    source.path.write_bytes(b'')
    with pytest.raises(InputError, match=r'a\.mp4'):
        list(source)
