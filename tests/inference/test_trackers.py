"""Trackers: numbers that stay, births and deaths, people who come back, bad input."""

from collections.abc import Iterable

import numpy as np
import pytest

from mmpose_dark.evaluation.functional.identity import TrackScores, pose_similarity
from mmpose_dark.evaluation.functional.oks import COCO_SIGMAS
from mmpose_dark.inference.tracking import TRACKERS, BaseTracker, FlowTracker, PoseTracker, make_tracker
from mmpose_dark.structures.poses import Poses
from mmpose_dark.synthetic import DrawnVideo, VideoSettings, observe
from mmpose_dark.utils.errors import InputError, InputTypeError, UnknownNameError

SHAPE = np.random.default_rng(3).uniform((-12, -35), (12, 35), (17, 2))
BLACK = np.zeros((60, 80, 3), np.uint8)


def people(centres: Iterable[tuple[float, float]], scores: float | list[float] = 0.9) -> Poses:
    """The same body at each place, 24 x 70 pixels."""
    at = np.array(list(centres), float).reshape(-1, 1, 2)
    boxes = np.concatenate([at[:, 0] - (14, 38), at[:, 0] + (14, 38)], 1)
    keypoint_scores = np.broadcast_to(np.reshape(scores, (-1, 1)), (len(at), 17))
    return Poses(at + SHAPE, keypoint_scores, boxes)


def follow(tracker: BaseTracker, frames: Iterable[Poses], fps: float = 25.0) -> list[list[int]]:
    return [tracker(p, time=i / fps, image=BLACK).track_ids.tolist() for i, p in enumerate(frames)]


@pytest.fixture(params=TRACKERS)
def tracker(request: pytest.FixtureRequest) -> BaseTracker:
    return make_tracker(request.param)


def test_contract(tracker: BaseTracker) -> None:
    first = people([(40, 50), (200, 50)])
    found = tracker(first, time=0.0, image=BLACK)
    assert found.track_ids.tolist() == [1, 2]
    assert first.track_ids is None  # what came in stays
    for name in ('keypoints', 'keypoint_scores', 'boxes', 'scores'):
        np.testing.assert_array_equal(getattr(found, name), getattr(first, name))
    assert tracker(first[[1, 0]], time=0.04, image=BLACK).track_ids.tolist() == [2, 1]
    assert tracker(Poses.empty(), time=0.08, image=BLACK).track_ids.shape == (0,)
    assert tracker(first[[1]], time=0.12, image=BLACK).track_ids.tolist() == [2]
    tracker.reset()
    assert tracker(first[[1]], time=0.0, image=BLACK).track_ids.tolist() == [1]


def test_old_numbers_are_not_looked_at(tracker: BaseTracker) -> None:
    one = people([(40, 50)])
    marked = Poses(one.keypoints, one.keypoint_scores, one.boxes, track_ids=[77])
    assert tracker(marked, time=0.0, image=BLACK).track_ids.tolist() == [1]


def test_uncertain_people_go_on_but_do_not_begin(tracker: BaseTracker) -> None:
    frames = [people([(40, 50)], 0.22), people([(40, 50)], 0.9), people([(41, 50)], 0.22), people([(42, 50)], 0.05)]
    assert follow(tracker, frames) == [[-1], [1], [1], [-1]]


def test_a_certain_person_goes_before_an_uncertain_one(tracker: BaseTracker) -> None:
    follow(tracker, [people([(40, 50)])])
    both = tracker(people([(40, 50), (42, 50)], [0.22, 0.9]), time=0.04, image=BLACK)
    assert both.track_ids.tolist() == [-1, 1]


def test_lost_for_too_long_is_somebody_new(tracker: BaseTracker) -> None:
    here = people([(40, 50)])
    follow(tracker, [here] * 10)
    assert tracker(here, time=1.0, image=BLACK).track_ids.tolist() == [1]
    assert tracker(here, time=60.0, image=BLACK).track_ids.tolist() == [2]


def test_two_who_walk_past_each_other() -> None:
    ids = follow(PoseTracker(), (people([(20 + 3 * i, 50), (200 - 3 * i, 54)]) for i in range(60)))
    assert ids == [[1, 2]] * 60


@pytest.mark.parametrize('hidden', [5, 12, 20])
def test_who_is_hidden_while_walking_comes_out_on_the_other_side(hidden: int) -> None:
    walk = [people([(20 + 4 * i, 50)]) for i in range(60)]
    walk[20 : 20 + hidden] = [Poses.empty(17)] * hidden
    ids = follow(PoseTracker(), walk)
    assert {i for frame in ids for i in frame} == {1}


def test_somebody_far_away_does_not_take_the_number_of_who_left() -> None:
    frames = [people([(20, 50)])] * 20 + [Poses.empty(17)] * 5 + [people([(400, 50)])]
    assert follow(PoseTracker(), frames)[-1] == [2]


def test_somebody_else_of_another_size_does_not_either() -> None:
    small = people([(20, 50)])
    middle = small.keypoints.mean(1, keepdims=True)
    large = Poses((small.keypoints - middle) * 4 + middle, small.keypoint_scores, small.boxes * 4 - (60, 150, 60, 150))
    assert follow(PoseTracker(), [small] * 20 + [Poses.empty(17)] * 20 + [large])[-1] == [2]


def test_a_false_person_is_forgotten_at_once() -> None:
    here = people([(40, 50)])
    tracker = PoseTracker(lost_after=0.1)
    follow(tracker, [here, *[Poses.empty(17)] * 5])
    assert tracker(here, time=0.5).track_ids.tolist() == [2]


@pytest.mark.parametrize('fps', [5.0, 25.0, 240.0])
def test_settings_mean_seconds(fps: float) -> None:
    """1.3 metres a second (66 pixels at this size), and two seconds out of sight, at any frame rate."""
    count = int(2 * fps)
    walk = [people([(20 + 66 * i / fps, 50)]) for i in range(count)]
    ids = follow(PoseTracker(), [*walk, *[Poses.empty(17)] * count, people([(20 + 66 * 2.2, 50)])], fps)
    assert {i for frame in ids for i in frame} == {1}


def test_the_answer_does_not_depend_on_the_order_of_people() -> None:
    video = DrawnVideo(VideoSettings(frames=40, people=5, plot='cross'), 3)
    one, other = PoseTracker(), PoseTracker()
    rng = np.random.default_rng(0)
    names: dict[int, int] = {}
    for index in range(len(video)):
        poses = observe(video.truth(index), seed=3)
        order = rng.permutation(len(poses))
        a = one(poses, time=index / 25).track_ids[order]
        b = other(poses[order], time=index / 25).track_ids
        assert all(names.setdefault(x, y) == y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def test_covariances_are_used() -> None:
    """A keypoint known to be far off does not pull the body along."""
    here, tracker = people([(40, 50)]), PoseTracker()
    off = here.keypoints.copy()
    off[:, :8] += 25
    covariances = np.tile(np.eye(2), (1, 17, 1, 1))
    covariances[:, :8] *= 1e4
    expected = []
    for known in (covariances, np.tile(np.eye(2), (1, 17, 1, 1))):
        tracker.reset()
        tracker(here, time=0.0)
        tracker(Poses(off, here.keypoint_scores, here.boxes, covariances=known), time=0.04)
        expected.append(tracker._tracks.centre[0, 0])
    assert abs(expected[0] - 40) < 1.5 < abs(expected[1] - 40)


def broken(kind: str) -> Poses:
    """Two people, the first of them odd."""
    both = people([(40, 50), (200, 50)])
    keypoints, scores, boxes = both.keypoints.copy(), both.keypoint_scores.copy(), both.boxes.copy()
    if kind == 'nan keypoints':
        keypoints[0] = np.nan
    elif kind == 'one keypoint':
        scores[0, 1:] = 0.0
    elif kind == 'no keypoint':
        scores[0] = 0.0
    elif kind == 'nan box':
        boxes[0] = np.nan
    elif kind == 'empty box':
        boxes[0] = 40, 50, 40, 50
    elif kind == 'nan scores':
        scores[0] = np.nan
    return Poses(keypoints, scores, boxes, covariances=np.full((2, 17, 2, 2), np.nan), scores=[0.9, 0.9])


@pytest.mark.parametrize('kind', ['one keypoint', 'nan box', 'empty box'])
def test_odd_people_are_followed(tracker: BaseTracker, kind: str) -> None:
    whole = people([(40, 50), (200, 50)])
    assert follow(tracker, [whole, broken(kind), whole, broken(kind)]) == [[1, 2]] * 4


@pytest.mark.parametrize('kind', ['nan keypoints', 'no keypoint', 'nan scores'])
def test_people_of_whom_only_the_box_is_known(kind: str) -> None:
    whole = people([(40, 50), (200, 50)])
    assert follow(PoseTracker(), [whole, broken(kind), whole]) == [[1, 2]] * 3


def test_people_of_whom_nothing_is_known(tracker: BaseTracker) -> None:
    nothing = Poses(np.full((1, 17, 2), np.nan), np.ones((1, 17)), np.full((1, 4), np.nan))
    nowhere = Poses(np.zeros((1, 17, 2)), np.full((1, 17), np.nan), [[0, 0, 9, 9]])  # a score of NaN
    assert follow(tracker, [nothing, nowhere, people([(40, 50)]), nothing]) == [[-1], [-1], [1], [-1]]


def test_two_hundred_people(tracker: BaseTracker) -> None:
    at = np.stack(np.meshgrid(40.0 * np.arange(20), 90.0 * np.arange(10)), -1).reshape(-1, 2)
    order = np.random.default_rng(0).permutation(200)
    ids = follow(tracker, [people(at), people(at + 1)[order]])
    assert ids[1] == (order + 1).tolist()


@pytest.mark.parametrize('time', [0.0, -1.0, float('nan'), float('inf')])
def test_times_must_rise(tracker: BaseTracker, time: float) -> None:
    tracker(people([(40, 50)]), time=0.0, image=BLACK)
    with pytest.raises(InputError, match='rise'):
        tracker(people([(40, 50)]), time=time, image=BLACK)


def test_refusals(tracker: BaseTracker) -> None:
    tracker(people([(40, 50)]), time=0.0, image=BLACK)
    with pytest.raises(InputError, match='3 keypoints after frames with 17'):
        tracker(Poses(np.zeros((1, 3, 2)), np.ones((1, 3)), [[0, 0, 4, 4]]), time=1.0, image=BLACK)
    with pytest.raises(InputError, match='sigmas'):
        type(tracker)(sigmas=np.ones(3))(people([(40, 50)]), time=0.0, image=BLACK)
    for bad in (dict(certain=0.1, uncertain=0.2), dict(max_gap=-1), dict(min_similarity=0), dict(trial=np.nan)):
        with pytest.raises(InputError, match='tracker'):
            type(tracker)(**bad)


def test_refusals_of_one_kind() -> None:
    for bad in (dict(oks_weight=0, box_weight=0), dict(oks_weight=-1), dict(gate=0)):
        with pytest.raises(InputError):
            PoseTracker(**bad)
    for bad in (dict(memory=0), dict(flow='horn'), dict(longest=5)):
        with pytest.raises(InputError):
            FlowTracker(**bad)
    with pytest.raises(InputError, match='image'):
        FlowTracker()(people([(40, 50)]), time=0.0)
    with pytest.raises(InputError, match='uint8'):
        FlowTracker()(people([(40, 50)]), time=0.0, image=np.zeros((4, 4)))
    with pytest.raises(UnknownNameError, match="did you mean 'kalman'"):
        make_tracker('kalmann')
    with pytest.raises(InputTypeError, match='memry'):
        make_tracker('flow', dict(memry=2))


@pytest.mark.parametrize(
    ('plot', 'least'),
    [
        pytest.param('stay', 90.0, marks=pytest.mark.slow),
        ('cross', 75.0),
        pytest.param('leave', 75.0, marks=pytest.mark.slow),
    ],
)
def test_drawn_people_keep_their_numbers(plot: str, least: float) -> None:
    """4 seconds of 4 people each; pairs of boxes alone have an IDF1 of 50 to 60 here."""
    scores = TrackScores()
    for seed in (30, 31, 32):
        tracker, video = PoseTracker(), DrawnVideo(VideoSettings(frames=100, plot=plot), seed)
        for index in range(len(video)):
            truth = video.truth(index)
            found = tracker(observe(truth, seed=seed), time=truth.time)
            could = truth.share_in_sight > 0.2
            similarity = pose_similarity(
                found,
                truth.keypoints[could],
                visible=truth.visible[could] == 2,
                areas=truth.areas[could],
                sigmas=np.array(COCO_SIGMAS),
            )
            scores.update(truth.ids[could], found.track_ids, similarity, sequence=seed)
    assert scores.compute()['IDF1'] > least
