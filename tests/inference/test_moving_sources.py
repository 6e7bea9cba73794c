"""Frames of a source through detector, network, tracker, smoother and sinks, with toys of each in this file."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmpose_dark.inference import Inferencer, init_model
from mmpose_dark.inference.batch_size import auto_batch_size, fastest_size
from mmpose_dark.inference.detectors import BaseDetector
from mmpose_dark.inference.frames import Frame, SourceInfo
from mmpose_dark.inference.labelling import label_source
from mmpose_dark.inference.results import NOT_FINITE, ImageResult
from mmpose_dark.inference.sinks import BaseSink
from mmpose_dark.inference.smoothing import BaseSmoother, BaseTrackSmoother
from mmpose_dark.inference.sources import BaseSource
from mmpose_dark.inference.tracking import BaseTracker
from mmpose_dark.structures.poses import Poses
from mmpose_dark.utils.errors import InputError, OutputError


class ToyVideo(BaseSource):
    """Frames of noise; those of ``broken`` cannot be read."""

    def __init__(self, count: int = 9, *, kind: str = 'video', broken: Sequence[int] = ()) -> None:
        self.info = SourceInfo('toy.mp4', 'toy', kind, fps=10.0, size=(40, 30), num_frames=count)
        self.count, self.broken, self.taken, self.closed = count, broken, 0, False

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            self.taken += 1
            if index in self.broken:
                yield Frame(index, error='broken', source='toy.mp4')
            else:
                image = np.random.default_rng(index).integers(0, 255, (30, 40, 3), dtype=np.uint8)
                yield Frame(index, image, time=index / 10, source='toy.mp4')

    def close(self) -> None:
        self.closed = True


class ToyDetector(BaseDetector):
    """One person in even frames, two in odd ones, none in every fifth, told by the first pixels."""

    def __init__(self, batch_size: int = 4) -> None:
        self.batch_size, self.calls = batch_size, []

    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.calls.append(len(images))
        return [self.boxes(int(image.sum())) for image in images]

    @staticmethod
    def boxes(number: int) -> np.ndarray:
        every = np.array([[2, 3, 20, 28, 0.9], [15, 1, 38, 29, 0.6]], np.float32)
        return every[: number % 3]


class ToyTracker(BaseTracker):
    """Numbers people by their place in the frame, and remembers when it was called."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, poses: Poses, *, time: float, image: np.ndarray | None = None) -> Poses:
        self.times.append(time)
        return replace(poses, track_ids=np.arange(1, len(poses) + 1))

    def reset(self) -> None:
        self.times = []


class ToySmoother(BaseSmoother):
    """Moves everybody by the time."""

    def __call__(self, poses: Poses, *, time: float) -> Poses:
        return replace(poses, keypoints=poses.keypoints + np.float32(time))

    def reset(self) -> None:
        """Nothing to forget."""


class ToyTrackSmoother(BaseTrackSmoother):
    """Adds the number of frames there are to all keypoints."""

    def smooth(self, poses: Sequence[Poses], times: Sequence[float]) -> list[Poses]:
        assert len(poses) == len(times) == len(set(times))
        return [replace(p, keypoints=p.keypoints + len(poses), filled=np.zeros(len(p), bool)) for p in poses]


class ListSink(BaseSink):
    """Keeps what it is given; can refuse a frame, or send a signal in the middle of one."""

    def __init__(self, *, images: bool = False, fails_at: int | None = None, signals_at: int | None = None) -> None:
        super().__init__(Path('out'), 'toy')
        self.needs_images, self.fails_at, self.signals_at = images, fails_at, signals_at
        self.events: list[str] = []
        self.results: list[ImageResult] = []

    @property
    def outputs(self) -> Sequence[Path]:
        return []

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        self.events.append(f'open {info.stem} {keypoint_set["num_keypoints"]}')

    def write(self, result: ImageResult) -> None:
        if result.index == self.fails_at:
            raise OutputError('out/toy: no space')
        if result.index == self.signals_at:
            os.kill(os.getpid(), signal.SIGINT)
        self.results.append(result)

    def close(self) -> None:
        self.events.append('close')

    def abort(self) -> None:
        self.events.append('abort')


@pytest.fixture(scope='module')
def model(tiny_config: str, tiny_checkpoint: str) -> torch.nn.Module:
    return init_model(tiny_config, tiny_checkpoint)


def same_places(one: Poses, other: Poses) -> bool:
    """Batches of other sizes add in another order: 1.5e-3 px were seen, and other people are pixels away."""
    return len(one) == len(other) and np.allclose(one.keypoints, other.keypoints, rtol=0, atol=0.02)


def expected(model: torch.nn.Module, source: ToyVideo) -> list[Poses]:
    """One frame after the other, with the boxes given."""
    found = []
    for frame in source:
        boxes = [] if frame.image is None else ToyDetector.boxes(int(frame.image.sum()))
        images = [np.zeros((30, 40, 3), np.uint8) if frame.image is None else frame.image]
        found += [result.poses for result in Inferencer(model, batch_size=1)(images, [boxes])]
    return found


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('batch_size', [1, 3, 16])
def test_batches_of_a_video_give_what_single_frames_give(model, batch_size, workers):
    detector = ToyDetector()
    inferencer = Inferencer(model, batch_size=batch_size, num_workers=workers, detector=detector)
    results = list(inferencer(ToyVideo(11, broken=[4])))
    assert [result.index for result in results] == list(range(11))
    assert [result.error for result in results if result.error] == ['broken']
    assert max(detector.calls) == 4 and sum(detector.calls) == 10  # noqa: PT018
    for result, alone in zip(results, expected(model, ToyVideo(11, broken=[4])), strict=True):
        assert same_places(result.poses, alone)
        assert result.source == 'toy.mp4'
    assert results[1].time == pytest.approx(0.1)
    assert [len(r.detections) for r in results if r.error is None] == [len(r.poses) for r in results if r.error is None]


def test_frames_of_a_stream_do_not_wait_for_others(model):
    source = ToyVideo(8, kind='stream')
    results = Inferencer(model, batch_size=16, num_workers=0, detector=ToyDetector())(source)
    for number, _ in enumerate(results, 1):
        assert source.taken == number


def test_people_are_tracked_and_smoothed_in_order_whatever_the_batches(model):
    tracker = ToyTracker()
    runs = []
    for batch_size in (1, 16):
        inferencer = Inferencer(
            model, batch_size=batch_size, detector=ToyDetector(), tracker=tracker, smoother=ToySmoother()
        )
        runs.append(list(inferencer(ToyVideo(7, broken=[2]))))
        assert tracker.times == pytest.approx([0, 0.1, 0.3, 0.4, 0.5, 0.6])
    plain = expected(model, ToyVideo(7, broken=[2]))
    for one, other, raw in zip(*runs, plain, strict=True):
        assert same_places(one.poses, other.poses)
        if len(raw):
            assert one.poses.keypoints == pytest.approx(raw.keypoints + one.time, abs=0.02)
            assert one.poses.track_ids.tolist() == list(range(1, len(raw) + 1))


def test_images_without_a_time_cannot_be_tracked(model):
    with pytest.raises(InputError, match=r'ArraySource\(frames, fps'):
        list(Inferencer(model, tracker=ToyTracker())([np.zeros((30, 40, 3), np.uint8)]))
    with pytest.raises(InputError, match='give a tracker too'):
        Inferencer(model, smoother=ToySmoother())


def test_a_video_is_read_twice_where_a_smoother_knows_its_end(model):
    source, drawn, table = ToyVideo(6, broken=[3]), ListSink(images=True), ListSink()
    inferencer = Inferencer(model, detector=ToyDetector(), tracker=ToyTracker())
    outcome = label_source(source, inferencer, [drawn, table], whole=ToyTrackSmoother())
    assert source.taken == 12
    assert source.closed
    assert outcome.frames == 5
    assert outcome.bad == ['frame 3: broken']
    assert outcome.tracks == {1, 2}
    assert table.events == ['open toy 17', 'close']
    for frame, result, raw in zip(ToyVideo(6, broken=[3]), drawn.results, expected(model, ToyVideo(6)), strict=True):
        assert result.index == frame.index
        if frame.error is None:
            assert np.array_equal(result.image, frame.image)
            assert result.poses.keypoints == pytest.approx(raw.keypoints + 5, abs=0.02)
    assert 'second reading' in inferencer.times.seconds


def test_a_video_is_read_once_where_nobody_draws(model):
    source = ToyVideo(4)
    label_source(
        source, Inferencer(model, detector=ToyDetector(), tracker=ToyTracker()), [ListSink()], whole=ToyTrackSmoother()
    )
    assert source.taken == 4


def test_a_stream_has_no_end_to_smooth_from(model):
    inferencer = Inferencer(model, tracker=ToyTracker())
    with pytest.raises(InputError, match='needs one that ends'):
        label_source(ToyVideo(kind='stream'), inferencer, [], whole=ToyTrackSmoother())


@pytest.mark.parametrize('whole', [None, ToyTrackSmoother()])
def test_an_interrupted_run_finishes_its_files(model, whole):
    sink = ListSink(signals_at=2)
    inferencer = Inferencer(model, batch_size=1, detector=ToyDetector(), tracker=ToyTracker())
    handler = signal.getsignal(signal.SIGINT)
    outcome = label_source(ToyVideo(9), inferencer, [sink], whole=whole)
    assert outcome.interrupted
    assert [result.index for result in sink.results] == [0, 1, 2]
    assert sink.events[-1] == 'close'
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_full_disk_of_one_sink_does_not_cost_the_others(model):
    full, other = ListSink(fails_at=3), ListSink()
    with pytest.raises(OutputError, match='no space'):
        label_source(ToyVideo(9), Inferencer(model, detector=ToyDetector()), [other, full])
    assert full.events[-1] == 'abort'
    assert other.events[-1] == 'close'
    assert [result.index for result in other.results] == [0, 1, 2, 3]


def test_values_that_are_not_finite_are_an_error(model, tiny_config, tiny_checkpoint):
    broken = init_model(tiny_config, tiny_checkpoint)
    with torch.no_grad():
        broken.head.final_layer.bias[3] = torch.nan
    sink = ListSink()
    outcome = label_source(ToyVideo(2), Inferencer(broken), [sink])
    assert {result.error for result in sink.results} == {NOT_FINITE}
    assert outcome.people == 0


def test_the_fastest_batch_size():
    now = [0.0]

    def run(count: int) -> None:
        if count > 32:
            raise torch.OutOfMemoryError
        now[0] += 0.01 + 0.001 * count + 0.0005 * max(0, count - 8) ** 1.5  # from 8 on it is slower

    assert fastest_size(run, clock=lambda: now[0]) in (8, 16)
    assert fastest_size(lambda count: None, clock=lambda: now[0], seconds=0.0) == 1

    def never(count: int) -> None:
        raise torch.OutOfMemoryError

    assert fastest_size(never) == 1


def test_auto_batch_size_runs_the_network(model):
    assert auto_batch_size(model) >= 1
