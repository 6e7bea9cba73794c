"""However long a source is, only a few of its frames are kept."""

import gc
import os
import weakref
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_videos import drawn, evenly, write_video

from mmpose_dark.inference.frames import Frame
from mmpose_dark.inference.sources import ArraySource, BaseSource, JpegStream, VideoFile

STATM = Path('/proc/self/statm')


def resident_mb() -> float:
    return int(STATM.read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6


def most_alive(frames: Iterable[Frame]) -> int:
    """How many images are alive at most while one after the other is let go."""
    seen, most = [], 0
    for frame in frames:
        seen.append(weakref.ref(frame.image))
        del frame
        gc.collect(0)
        most = max(most, sum(reference() is not None for reference in seen))
        seen = [reference for reference in seen if reference() is not None]
    return most


@pytest.mark.skipif(not STATM.exists(), reason='resident memory is read from /proc')
@pytest.mark.parametrize('decoder', ['av', 'opencv'])
def test_resident_memory_of_a_long_video(tmp_path, decoder):
    """700 frames are 480 MB; after the first 100, memory is flat within what allocators do."""
    pytest.importorskip('av')
    source = VideoFile(write_video(tmp_path / 'long.mp4', evenly(700), size=(640, 360)), decoder=decoder)
    at = {frame.index: resident_mb() for frame in source}
    assert len(at) == 700
    assert max(list(at.values())[100:]) - at[100] < 20


def sources(tmp_path: Path) -> dict[str, BaseSource]:
    jpeg = cv2.imencode('.jpg', drawn(0))[1].tobytes()
    return {
        'arrays': ArraySource((drawn(i) for i in range(300)), fps=25),
        'jpegs': JpegStream((jpeg for _ in range(300)), name='pipe', stem='pipe'),
    }


@pytest.mark.parametrize('kind', ['arrays', 'jpegs'])
def test_streams_keep_no_frames(tmp_path, kind):
    assert most_alive(sources(tmp_path)[kind]) <= 2


def test_a_decoder_that_is_left_lets_go(tmp_path):
    """A loop that ends early closes the file."""
    pytest.importorskip('av')
    source = VideoFile(write_video(tmp_path / 'a.mp4', evenly(100)))
    before = len(os.listdir('/proc/self/fd')) if STATM.exists() else 0
    for _ in range(20):
        frames = iter(source)
        next(frames)
        frames.close()
    assert (len(os.listdir('/proc/self/fd')) if STATM.exists() else 0) <= before
    assert isinstance(next(iter(source)).image, np.ndarray)
