"""Scores of tracks: made by hand, and against two libraries that others wrote."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional.box_iou import box_iou
from mmpose_dark.evaluation.functional.identity import (
    TrackScores,
    box_similarity,
    pose_similarity,
    score_tracks,
)
from mmpose_dark.structures.poses import Poses
from mmpose_dark.utils.errors import InputError

Frame = tuple[list[int], list[int], np.ndarray]


def frame(people: list[int], tracks: list[int], same: dict[int, int]) -> Frame:
    """A frame in which track ``same[person]`` is exactly that person."""
    table = np.zeros((len(tracks), len(people)))
    for person, track in same.items():
        table[tracks.index(track), people.index(person)] = 0.9
    return people, tracks, table


def random_frames(seed: int, *, frames: int = 60, people: int = 5) -> list[Frame]:
    """Boxes that wander, tracks that are lost, swapped and false."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 60, (people, 2))
    number, last = np.arange(people) + 10, people + 10
    out = []
    for _ in range(frames):
        centres += rng.normal(0, 3, centres.shape)
        here = np.flatnonzero(rng.random(people) < 0.85)
        found = here[rng.random(len(here)) < 0.8]
        if rng.random() < 0.15 and people > 1:
            a, b = rng.choice(people, 2, replace=False)
            number[[a, b]] = number[[b, a]]
        if rng.random() < 0.15:
            number[rng.integers(people)] = last
            last += 1
        true = np.concatenate([centres[here] - 10, centres[here] + 10], 1)
        seen = np.concatenate([centres[found] - 10, centres[found] + 10], 1) + rng.normal(0, 2.5, (len(found), 4))
        ids = number[found].tolist()
        if rng.random() < 0.3:
            corner = rng.uniform(0, 60, 2)
            seen, ids = np.concatenate([seen, [[*corner, *(corner + 20)]]]), [*ids, last]
            last += 1
        out.append((here.tolist(), ids, box_iou(seen, true)))
    return out


def test_perfect_tracks_have_perfect_scores() -> None:
    found = score_tracks([frame([1, 2], [7, 9], {1: 7, 2: 9})] * 4)
    assert found['MOTA'] == found['IDF1'] == found['recall'] == found['precision'] == 100
    assert found['switches'] == found['fragmentations'] == found['misses'] == found['false_positives'] == 0
    assert found['objects'] == 8
    assert found['similarity'] == pytest.approx(90)


def test_two_people_who_swap_numbers_in_the_middle() -> None:
    frames = [frame([1, 2], [7, 9], {1: 7, 2: 9})] * 3 + [frame([1, 2], [7, 9], {1: 9, 2: 7})] * 3
    found = score_tracks(frames)
    assert found['switches'] == 2
    assert found['MOTA'] == pytest.approx(100 * (1 - 2 / 12))
    assert found['IDF1'] == found['IDP'] == found['IDR'] == pytest.approx(50)  # half of the frames, either way
    assert found['fragmentations'] == 0


def test_a_gap_is_a_fragmentation_and_misses_but_no_switch() -> None:
    seen, unseen, gone = frame([1], [7], {1: 7}), frame([1], [], {}), frame([], [], {})
    found = score_tracks([unseen, seen, unseen, unseen, seen, gone, seen, unseen])
    assert found['fragmentations'] == 1  # neither the beginning, nor the end, nor being out of sight is one
    assert found['misses'] == 4
    assert found['switches'] == 0
    assert found['IDF1'] == pytest.approx(100 * 2 * 3 / (7 + 3))


def test_false_tracks_and_those_without_number() -> None:
    found = score_tracks([([1], [5, -1, 6], np.array([[0.9], [0.95], [0.1]]))] * 2)
    assert found['false_positives'] == 2  # 6; -1 is no track
    assert found['MOTA'] == 0
    assert found['IDP'] == 50
    assert found['IDR'] == 100


def test_videos_do_not_share_numbers() -> None:
    scores = TrackScores()
    for sequence in ('a', 'b'):
        scores.update([1], [3 if sequence == 'a' else 4], np.array([[1.0]]), sequence=sequence)
    found = scores.compute()
    assert found['switches'] == 0
    assert found['IDF1'] == 100


def test_nothing_to_score_is_nan() -> None:
    found = score_tracks([frame([], [], {})])
    assert np.isnan(found['MOTA'])
    assert np.isnan(found['IDF1'])
    assert found['objects'] == 0
    assert score_tracks([frame([1], [], {})])['MOTA'] == 0


@pytest.mark.parametrize(
    ('people', 'tracks', 'shape', 'told'),
    [([1, 1], [2], (1, 2), 'people'), ([1], [2, 2], (2, 1), 'tracks'), ([1], [2], (2, 1), 'shape')],
)
def test_impossible_frames_are_refused(people: list[int], tracks: list[int], shape: tuple, told: str) -> None:
    with pytest.raises(InputError, match=told):
        TrackScores().update(people, tracks, np.zeros(shape))
    with pytest.raises(InputError, match='threshold'):
        TrackScores(threshold=1.5)


@pytest.mark.parametrize('seed', range(6))
def test_like_motmetrics(seed: int) -> None:
    mm = pytest.importorskip('motmetrics')
    frames = random_frames(seed)
    accumulator = mm.MOTAccumulator(auto_id=True)
    for people, tracks, similarity in frames:
        distance = np.where(similarity.T >= 0.5, 1 - similarity.T, np.nan)
        accumulator.update(people, tracks, distance)
    wanted = dict(mota='MOTA', idf1='IDF1', idp='IDP', idr='IDR', num_switches='switches', num_misses='misses',
                  num_false_positives='false_positives', num_fragmentations='fragmentations')  # fmt: skip
    theirs = mm.metrics.create().compute(accumulator, metrics=list(wanted)).iloc[0]
    ours = score_tracks(frames)
    for name, key in wanted.items():
        factor = 1 if name.startswith('num') else 100
        assert ours[key] == pytest.approx(factor * theirs[name], abs=1e-6), name


@pytest.mark.parametrize('seed', range(6))
def test_like_trackeval(seed: int) -> None:
    trackeval = pytest.importorskip('trackeval')
    frames = random_frames(seed)
    people, tracks = [{v: i for i, v in enumerate(sorted({v for f in frames for v in f[k]}))} for k in (0, 1)]
    data = dict(
        num_gt_dets=sum(len(f[0]) for f in frames),
        num_tracker_dets=sum(len(f[1]) for f in frames),
        num_gt_ids=len(people),
        num_tracker_ids=len(tracks),
        num_timesteps=len(frames),
        gt_ids=[np.array([people[v] for v in f[0]], int) for f in frames],
        tracker_ids=[np.array([tracks[v] for v in f[1]], int) for f in frames],
        similarity_scores=[f[2].T for f in frames],
    )
    ours = score_tracks(frames)
    quiet = dict(PRINT_CONFIG=False, THRESHOLD=0.5)
    identity = trackeval.metrics.Identity(quiet).eval_sequence(data)
    for name in ('IDF1', 'IDP', 'IDR'):
        assert ours[name] == pytest.approx(100 * identity[name], abs=1e-6)
    clear = trackeval.metrics.CLEAR(quiet).eval_sequence(data)
    assert ours['objects'] == clear['CLR_TP'] + clear['CLR_FN']
    # its matching looks at the last frame only, ours (as motmetrics) at the last match: a few switches differ
    assert ours['MOTA'] == pytest.approx(100 * clear['MOTA'], abs=2.5)


def test_similarities() -> None:
    truth = np.array([[[0.0, 0.0], [10.0, 0.0]]])
    found = Poses([[[0, 0], [np.nan, 0]], [[300, 300], [300, 300]]], np.ones((2, 2)), [[0, 0, 4, 4], [2, 0, 6, 4]])
    visible, sigmas = np.array([[True, False]]), np.array([0.1, 0.1])
    options = dict(areas=np.array([100.0]), sigmas=sigmas)
    assert pose_similarity(found, truth, visible=visible, **options).tolist() == [[1.0], [0.0]]
    assert pose_similarity(found, truth, visible=~visible, **options).tolist() == [[0.0], [0.0]]
    assert pose_similarity(Poses.empty(2), truth, visible=visible, **options).shape == (0, 1)
    assert box_similarity(found, np.array([[0, 0, 4, 4]])).round(3).tolist() == [[1.0], [0.333]]


def test_overlap_of_boxes_that_are_none() -> None:
    boxes = np.array([[0, 0, 4, 4], [3, 3, 3, 5], [np.nan, 0, 1, 1], [4, 4, 0, 0]])
    overlap = box_iou(boxes, boxes)
    assert overlap[0, 0] == 1
    assert overlap.sum() == 1
    assert box_iou(np.zeros((0, 4)), boxes).shape == (0, 4)
