"""From a source to files: results to all sinks, once or, for smoothers that know the future, in two readings."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..structures.poses import Poses
from ..utils.errors import InputError, OutputError
from ..utils.interrupts import Interrupts
from ..utils.progress import Report, show_progress
from .box_lists import Boxes
from .frames import SourceInfo
from .inferencer import Inferencer
from .results import NOT_FINITE, ImageResult
from .sinks import BaseSink
from .smoothing import BaseTrackSmoother
from .sources import BaseSource
from .stage_times import StageTimes

__all__ = ['Outcome', 'collect', 'label_source', 'smoothed_results', 'write_results']


@dataclass
class Outcome:
    """What became of a source.

    Attributes:
        frames: images or frames that were used.
        people: found in these.
        filled: of these, people that were put into gaps.
        tracks: numbers of the people that were followed.
        bad: what could not be used, a line each with the place and the reason.
        interrupted: the user ended it; what came before is written.
        seconds: it took.
    """

    frames: int = 0
    people: int = 0
    filled: int = 0
    tracks: set[int] = field(default_factory=set)
    bad: list[str] = field(default_factory=list)
    interrupted: bool = False
    seconds: float = 0.0

    def add(self, result: ImageResult) -> None:
        """Count a result.

        >>> outcome = Outcome()
        >>> outcome.add(ImageResult('a.jpg', error='no image'))
        >>> outcome.bad, outcome.frames
        (['a.jpg: no image'], 0)
        """
        if result.error is not None:
            self.bad.append(f'{result.path or f"frame {result.index}"}: {result.error}')
            return
        poses = result.poses
        self.frames += 1
        self.people += len(poses)
        if poses.filled is not None:
            self.filled += int(poses.filled.sum())
        if poses.track_ids is not None:
            self.tracks.update(int(i) for i in poses.track_ids if i >= 0)


def label_source(
    source: BaseSource,
    inferencer: Inferencer,
    sinks: Sequence[BaseSink],
    *,
    bboxes: Callable[[str], Boxes] | Iterable[Boxes] | None = None,
    bbox_format: str = 'xyxy',
    whole: BaseTrackSmoother | None = None,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Find the people of a source, write them to all sinks, and show how far it is.

    Args:
        source: images, a video or a stream; closed at the end.
        inferencer: with a tracker where people are to be followed.
        sinks: not yet opened.
        bboxes: boxes of the images, see `Inferencer`; None asks its detector.
        bbox_format: ``'xyxy'`` or ``'xywh'``.
        whole: smooths the whole video when all of it was seen; the video is read again for the images.
        interrupts: entered, by a caller who wants to know of a signal between two sources; by default its own.

    Raises:
        InputError: ``whole`` for a stream, or without a tracker.
        OutputError: a sink cannot write; the others finished what there was.
    """
    info = source.info
    if whole is not None and (info.kind == 'stream' or inferencer.tracker is None):
        raise InputError(f'{info.name}: to smooth a whole video needs one that ends, and a tracker')
    unit = 'frames' if info.is_moving else 'images'
    with contextlib.ExitStack() as stack:
        stack.callback(source.close)
        if interrupts is None:
            interrupts = stack.enter_context(Interrupts())
        results, total, title = inferencer(source, bboxes, bbox_format), info.num_frames, info.name
        start = time.perf_counter()
        if whole is not None:
            with show_progress(title, total, unit) as report:
                kept = collect(results, interrupts, on_result=_Counter(report, total))
            again = source if any(sink.needs_images for sink in sinks) else None
            results, total, title = smoothed_results(kept, whole, again, inferencer.steps.read), len(kept), 'writing'
        stopped, interrupts.requested = interrupts.requested, False
        report = stack.enter_context(show_progress(title, total, unit))
        definition = inferencer.model.dataset_meta
        outcome = write_results(
            _timed(results, inferencer) if whole is not None else results, sinks, info, definition,
            interrupts=interrupts, times=inferencer.times, on_result=_Counter(report, total),
        )  # fmt: skip
        outcome.interrupted |= stopped
        outcome.seconds = time.perf_counter() - start
        return outcome


class _Counter:
    """Reports frames, and people a second."""

    def __init__(self, report: Report, total: int | None) -> None:
        self.report, self.total = report, total
        self.frames, self.people, self.start = 0, 0, time.perf_counter()

    def __call__(self, result: ImageResult) -> None:
        self.frames += 1
        self.people += len(result.poses)
        rate = self.people / max(time.perf_counter() - self.start, 1e-9)
        self.report(self.frames, self.total, note=f'{rate:.0f} people/s')


def _timed(results: Iterator[ImageResult], inferencer: Inferencer) -> Iterator[ImageResult]:
    """Count what the second reading takes, smoothing included, as a stage of its own."""
    with contextlib.closing(results):
        while True:
            with inferencer.times.measure('second reading'):
                result = next(results, None)
            if result is None:
                return
            yield result


def collect(
    results: Iterator[ImageResult],
    interrupts: Interrupts,
    *,
    on_result: Callable[[ImageResult], None] = lambda result: None,
) -> list[ImageResult]:
    """Return the results of a whole video without its images, for a smoother that wants to know all of them.

    A frame takes a few hundred bytes a person. After an interruption by the user it is what there was until then.

    Args:
        results: of an `Inferencer` with a tracker.
        interrupts: entered.
        on_result: is called with each.
    """
    kept: list[ImageResult] = []
    try:
        for result in results:
            kept.append(replace(_finite(result), image=None, crops=(), heatmaps=()))
            on_result(result)
            if interrupts.requested:
                break
    except KeyboardInterrupt:
        pass
    return kept


def smoothed_results(
    results: Sequence[ImageResult],
    smoother: BaseTrackSmoother,
    source: BaseSource | None,
    read: Callable[[str], np.ndarray],
) -> Iterator[ImageResult]:
    """Yield the results of a video again, with smoothed poses.

    Args:
        results: of `collect`.
        smoother: of whole tracks.
        source: is read again for the images; None where nobody needs them.
        read: returns the image (H, W, 3) of a path, for sources of image files.
    """
    timed = [i for i, result in enumerate(results) if result.time is not None and result.error is None]
    smooth = smoother.smooth([results[i].poses for i in timed], [results[i].time for i in timed])
    poses: dict[int, Poses] = dict(zip(timed, smooth, strict=True))
    frames = {} if source is None else iter(source)
    for i, result in enumerate(results):
        frame = next(frames, None) if source is not None else None
        while frame is not None and frame.index < result.index:
            frame = next(frames, None)
        image = None if frame is None else frame.image
        if image is None and frame is not None and frame.path and result.error is None:
            image = read(frame.path)
        yield replace(result, poses=poses.get(i, result.poses), image=image)


def write_results(
    results: Iterator[ImageResult],
    sinks: Sequence[BaseSink],
    info: SourceInfo,
    keypoint_set: Mapping[str, object] | None,
    *,
    interrupts: Interrupts,
    times: StageTimes | None = None,
    on_result: Callable[[ImageResult], None] = lambda result: None,
) -> Outcome:
    """Give each result to all sinks.

    Where one of them can write no more, the others finish what they have before the error goes on.

    Args:
        results: of one source; closed at the end.
        sinks: not yet opened.
        info: of the source.
        keypoint_set: definition of the keypoints.
        interrupts: entered; after the first signal the frame at hand is written, and the files are finished.
        times: what writing takes is added to these.
        on_result: is called with each result that was written.

    Raises:
        OutputError: a sink cannot write.
    """
    outcome, start, times = Outcome(), time.perf_counter(), times or StageTimes()
    opened: list[BaseSink] = []
    try:
        with contextlib.ExitStack() as stack:
            if hasattr(results, 'close'):
                stack.callback(results.close)
            for sink in sinks:
                opened.append(sink)
                sink.open(info, keypoint_set)
            try:
                for result in results:
                    with interrupts.held():
                        result = _finite(result)
                        with times.measure('write'):
                            _write(result, opened)
                        outcome.add(result)
                    on_result(result)
                    if interrupts.requested:
                        break
            except KeyboardInterrupt:
                interrupts.requested = True
        with interrupts.held(), times.measure('write'):
            while opened:
                opened[0].close()
                opened.pop(0)
    except OutputError:
        _end(opened)
        raise
    except BaseException:
        for sink in opened:
            sink.abort()
        raise
    outcome.interrupted, outcome.seconds = interrupts.requested, time.perf_counter() - start
    return outcome


def _write(result: ImageResult, sinks: list[BaseSink]) -> None:
    for i, sink in enumerate(sinks):
        try:
            sink.write(result)
        except OutputError:
            sinks.insert(0, sinks.pop(i))  # the one that failed stands first
            raise


def _end(sinks: Iterable[BaseSink]) -> None:
    """Give up the first sink, which failed, and finish the others where they can."""
    for i, sink in enumerate(sinks):
        if i == 0:
            sink.abort()
            continue
        try:
            sink.close()
        except OutputError:
            sink.abort()


def _finite(result: ImageResult) -> ImageResult:
    """Return a result whose network gave no numbers as one with an error."""
    if result.error is not None or result.poses.is_finite:
        return result
    return replace(result, poses=result.poses[:0], error=NOT_FINITE, crops=(), heatmaps=())
