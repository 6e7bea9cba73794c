"""A drawn video as a file, with its truth beside it."""

import json
from pathlib import Path

import numpy as np

from ..inference.sinks.video import open_video_writer
from ..utils.atomic_file import write_atomic
from ..utils.output_paths import check_outputs
from ..utils.progress import show_progress
from .video import DrawnVideo, FrameTruth
from .video_settings import VideoSettings

__all__ = ['truth_record', 'write_drawn_video']


def truth_record(truth: FrameTruth) -> dict[str, object]:
    """Return what is true of a frame as plain types, positions with two decimals of a pixel.

    Returns:
        ``frame``, ``time`` and ``people``: for each ``id``, ``bbox`` [left, top, right, bottom], ``keypoints`` 17 times
        [x, y] and ``visible`` 17 times 2 in sight, 1 hidden, 0 outside the image.
    """
    people = [
        dict(id=int(i), bbox=box.round(2).tolist(), keypoints=points.round(2).tolist(), visible=seen.tolist())
        for i, box, points, seen in zip(truth.ids, truth.boxes, truth.keypoints, truth.visible, strict=True)
    ]
    return dict(frame=truth.index, time=round(truth.time, 6), people=people)


def write_drawn_video(path: Path, settings: VideoSettings, seed: int = 0) -> Path:
    """Draw a video into a file.

    Args:
        path: to write, ending in .mp4.
        settings: what to draw.
        seed: another one gives other people, ways and places.

    Returns:
        The file of the truth, beside it: settings, seed, and each frame's `truth_record`.

    Raises:
        OutputError: it cannot be written.
    """
    beside = path.with_suffix('.json')
    check_outputs([path, beside])
    video = DrawnVideo(settings, seed)
    writer = open_video_writer(path, (settings.width, settings.height), fps=settings.fps)
    frames = []
    try:
        with show_progress('drawing', len(video), 'frames') as report:
            for image, truth in video:
                writer.add(np.ascontiguousarray(image), truth.time)
                frames.append(truth_record(truth))
                report(len(frames))
        writer.close()
    except BaseException:
        writer.abort()
        raise
    people = len({person['id'] for frame in frames for person in frame['people']})
    write_atomic(beside, json.dumps(dict(settings=vars(settings), seed=seed, people=people, frames=frames)) + '\n')
    return beside
