"""Poses: the people of one image as arrays."""

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mmpose_dark.keypoint_sets import parse_pose_metainfo
from mmpose_dark.structures import Poses
from mmpose_dark.utils.errors import InputError, MissingPackageError

PEOPLE, COUNT = 4, 17


@pytest.fixture
def coco() -> dict:
    return parse_pose_metainfo(dict(from_file='coco'))


@pytest.fixture
def poses(coco: dict) -> Poses:
    rng = np.random.default_rng(0)
    return Poses(
        rng.uniform(0, 200, (PEOPLE, COUNT, 2)),
        rng.uniform(0, 1, (PEOPLE, COUNT)),
        rng.uniform(0, 200, (PEOPLE, 4)),
        rng.uniform(0, 1, PEOPLE),
        covariances=rng.uniform(0, 9, (PEOPLE, COUNT, 2, 2)),
        track_ids=[3, 1, 4, 15],
        keypoint_set=coco,
    )


def test_score_is_that_of_the_loop_over_people(poses: Poses) -> None:
    for score, keypoints, box in zip(poses.scores, poses.keypoint_scores, poses.box_scores, strict=True):
        good = [float(s) for s in keypoints if s > 0.2]
        assert score == pytest.approx(float(box) * sum(good) / len(good), abs=1e-6)


def test_given_scores_stay() -> None:
    assert Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]], scores=[0.125]).scores.tolist() == [0.125]


@pytest.mark.parametrize(
    ('index', 'expected'),
    [
        (2, [2]),
        (-1, [3]),
        (np.int64(1), [1]),
        (slice(1, None), [1, 2, 3]),
        ([3, 0], [3, 0]),
        ([], []),
        (np.array([True, False, True, False]), [0, 2]),
        ([False] * PEOPLE, []),
        (slice(0, 0), []),
    ],
)
def test_index_takes_people_out_of_every_array(poses: Poses, index: object, expected: list[int]) -> None:
    chosen = poses[index]
    assert isinstance(chosen, Poses)
    assert len(chosen) == len(expected)
    for name in ('keypoints', 'keypoint_scores', 'boxes', 'box_scores', 'scores', 'covariances', 'track_ids'):
        np.testing.assert_array_equal(getattr(chosen, name), getattr(poses, name)[np.array(expected, int)])
    assert chosen.keypoint_set is poses.keypoint_set


def test_number_beyond_the_last_person(poses: Poses) -> None:
    with pytest.raises(IndexError, match='person 4 of 4'):
        poses[4]


def test_loop_goes_over_the_people_and_concatenate_joins_them_again(poses: Poses) -> None:
    people = list(poses)
    assert [len(person) for person in people] == [1] * PEOPLE
    assert Poses.concatenate(people).equals(poses)
    with_nobody = Poses.concatenate([Poses.empty(COUNT), *people, Poses.empty(COUNT)])
    assert with_nobody.equals(poses)


def test_concatenate_keeps_what_all_parts_know(poses: Poses) -> None:
    plain = dataclasses.replace(poses, covariances=None)
    joined = Poses.concatenate([poses, plain])
    assert joined.covariances is None
    assert joined.track_ids.tolist() == [3, 1, 4, 15] * 2
    with pytest.raises(InputError, match=r'\[2, 17\]'):
        Poses.concatenate([poses, Poses.empty(2)])
    with pytest.raises(InputError, match='same number'):
        Poses.concatenate([])


def test_nobody(coco: dict) -> None:
    nobody = Poses.empty(COUNT, coco)
    assert len(nobody) == 0
    assert not list(nobody)
    assert nobody.keypoints.shape == (0, COUNT, 2)
    assert nobody.to_coco(1) == []
    assert len(nobody[nobody.scores > 0.5]) == 0
    assert nobody.to_data_sample().pred_instances.keypoints.shape == (0, COUNT, 2)
    assert {column.shape for column in nobody.columns().values()} == {(0,)}
    assert repr(nobody) == 'Poses(nobody, 17 keypoints)'


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        (dict(keypoints=np.zeros((2, 3))), r'keypoints must have the shape \(N, K, 2\), got \(2, 3\)'),
        (dict(keypoint_scores=np.zeros((2, 2))), r'keypoint_scores must have the shape \(2, 3\)'),
        (dict(boxes=np.zeros((2, 5))), r'boxes must have the shape \(2, 4\).*got \(2, 5\)'),
        (dict(box_scores=[1.0]), r'box_scores must have the shape \(2,\)'),
        (dict(scores=[1.0]), r'scores must have the shape \(2,\)'),
        (dict(covariances=np.zeros((2, 3, 2))), r'covariances must have the shape \(2, 3, 2, 2\)'),
        (dict(track_ids=[1, 2, 3]), r'track_ids must have the shape \(2,\)'),
        (dict(keypoint_set=dict(num_keypoints=17, dataset_name='coco')), "3 keypoints, but keypoint_set 'coco' has 17"),
    ],
)
def test_shapes_that_do_not_fit_are_named(changed: dict, message: str) -> None:
    good = dict(keypoints=np.zeros((2, 3, 2)), keypoint_scores=np.zeros((2, 3)), boxes=np.zeros((2, 4)))
    Poses(**good)
    with pytest.raises(InputError, match=message):
        Poses(**(good | changed))


def test_nan_positions_are_kept_and_compare_equal(poses: Poses) -> None:
    """A box or a covariance may be unknown; comparing must not call the same result another one."""
    broken = dataclasses.replace(poses, boxes=np.full((PEOPLE, 4), np.nan))
    assert broken.equals(broken[:])
    assert not broken.equals(poses)


def test_coco_results_hold_the_same_numbers(poses: Poses) -> None:
    records = poses.to_coco(785, 3)
    assert {(r['image_id'], r['category_id']) for r in records} == {(785, 3)}
    rows = np.array([r['keypoints'] for r in records]).reshape(PEOPLE, COUNT, 3)
    again = Poses(
        rows[..., :2], rows[..., 2], poses.boxes, poses.box_scores, covariances=poses.covariances,
        track_ids=poses.track_ids, keypoint_set=poses.keypoint_set,
    )  # fmt: skip
    assert again.equals(poses)
    assert [r['score'] for r in records] == poses.scores.tolist()
    rounded = np.array([r['keypoints'] for r in poses.to_coco(785, decimals=2)]).reshape(PEOPLE, COUNT, 3)
    assert 0 < np.abs(rounded - rows)[..., :2].max() < 0.0051
    assert 0 < np.abs(rounded - rows)[..., 2].max() < 0.000051


def test_columns_are_named_after_the_keypoints(poses: Poses) -> None:
    table = poses.columns()
    assert list(table)[:7] == ['track_id', 'score', 'box_x1', 'box_y1', 'box_x2', 'box_y2', 'box_score']
    assert len(table) == 7 + 3 * COUNT
    np.testing.assert_array_equal(table['left_ankle_y'], poses.keypoints[:, 15, 1])
    np.testing.assert_array_equal(table['nose_score'], poses.keypoint_scores[:, 0])


def test_data_sample_has_mmpose_s_fields(poses: Poses) -> None:
    sample = poses.to_data_sample(dict(img_path='a.jpg'))
    found = sample.pred_instances
    assert sample.img_path == 'a.jpg'
    assert len(found) == PEOPLE
    np.testing.assert_array_equal(found.keypoints, poses.keypoints)
    np.testing.assert_array_equal(found.keypoint_scores, poses.keypoint_scores)
    np.testing.assert_array_equal(found.bboxes, poses.boxes)
    np.testing.assert_array_equal(found.bbox_scores, poses.box_scores)


@dataclasses.dataclass
class OldKeyPoints:
    xy: np.ndarray
    class_id: np.ndarray
    confidence: np.ndarray
    data: dict


@dataclasses.dataclass
class NewKeyPoints:
    xy: np.ndarray
    class_id: np.ndarray
    keypoint_confidence: np.ndarray
    detection_confidence: np.ndarray
    data: dict


@pytest.mark.parametrize('kind', [OldKeyPoints, NewKeyPoints])
def test_supervision_gets_positions_scores_and_covariances(
    poses: Poses, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setitem(sys.modules, 'supervision', SimpleNamespace(KeyPoints=kind))
    found = poses.to_supervision()
    np.testing.assert_array_equal(found.xy, poses.keypoints)
    assert found.data['covariance'].shape == (PEOPLE, COUNT, 2, 2)
    assert found.data['track_id'].tolist() == [3, 1, 4, 15]
    assert found.class_id.tolist() == [0] * PEOPLE
    scores = found.confidence if kind is OldKeyPoints else found.keypoint_confidence
    np.testing.assert_array_equal(scores, poses.keypoint_scores)
    assert Poses.empty(3).to_supervision().data == {}


def test_pandas_gets_the_columns(poses: Poses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'pandas', SimpleNamespace(DataFrame=dict))
    assert list(poses.to_dataframe()) == list(poses.columns())


@pytest.mark.parametrize(('method', 'package'), [('to_dataframe', 'pandas'), ('to_supervision', 'supervision')])
def test_missing_package_is_named(poses: Poses, monkeypatch: pytest.MonkeyPatch, method: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=f'pip install {package}'):
        getattr(poses, method)()


def test_poses_print_themselves_briefly(poses: Poses) -> None:
    assert str(poses[:1]).startswith('Poses(1 person, 17 keypoints, scores 0.')
    assert 'tracks 3 1 4 15' in str(poses)
    many = Poses(np.zeros((100, 1, 2)), np.ones((100, 1)), np.zeros((100, 4)))
    assert len(str(many)) < 100


def test_import_needs_neither_torch_nor_mmengine() -> None:
    code = 'import sys; from mmpose_dark.structures import Poses; Poses.empty(2); print(*sys.modules)'
    loaded = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.split()
    assert not {'torch', 'mmengine', 'cv2', 'pandas'} & set(loaded)
