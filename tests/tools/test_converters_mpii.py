"""The converter of MPII: its result is what the source says, MpiiDataset reads it, and PCKh measures by it."""

import json
import pathlib

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from mmpose_dark.annotations import AnnotationError, read_mat
from mmpose_dark.datasets import MpiiDataset
from mmpose_dark.evaluation.functional import mpii_pckh


def structs(records: list[dict]) -> np.ndarray:
    """A MATLAB struct array of 1 x n; records may lack fields, which are empty arrays then."""
    fields = dict.fromkeys(key for record in records for key in record)
    array = np.zeros((1, len(records)), dtype=[(key, object) for key in fields])
    for i, record in enumerate(records):
        for key in fields:
            array[0, i][key] = record.get(key, np.zeros((0, 0)))
    return array


def mpii_rect(rng, joints=range(16), **changes):
    points = [
        dict(
            x=float(rng.integers(50, 400)), y=round(float(rng.uniform(50, 400)), 4), id=j, is_visible=[1, '1', 0][j % 3]
        )
        for j in joints
    ]
    record = dict(
        x1=100.0,
        y1=50.0,
        x2=140.0,
        y2=90.0,
        annopoints=structs([dict(point=structs(points))]) if points else np.zeros((0, 0)),
        scale=round(float(rng.uniform(1, 4)), 6),
        objpos=structs([dict(x=200.0, y=210.0)]),
    )
    record.update(changes)
    return record, points


def write_mpii(path: pathlib.Path) -> list[list[dict]]:
    """A file in the layout of mpii_human_pose_v1_u12_1.mat: 12 images, the last three for testing.

    Returns:
        for each image the points of the people who can be used.
    """
    rng = np.random.default_rng(1)
    annolist, truth = [], []
    for i in range(12):
        rects, usable = [], []
        if i >= 9:
            rects.append(dict(scale=2.0, objpos=structs([dict(x=1.0, y=2.0)])))
        else:
            for r in range(1 + i % 3):
                rect, points = mpii_rect(rng, joints=[j for j in range(16) if (i + r + j) % 7])
                rects.append(rect)
                usable.append(points)
            if i == 2:
                rects.append(mpii_rect(rng, joints=[])[0])  # somebody without joints
            if i == 3:
                rects.insert(0, mpii_rect(rng, scale=np.zeros((0, 0)))[0])  # without scale
            if i == 4:
                rects = []  # nobody at all
                usable = []
        annolist.append(
            dict(
                image=structs([dict(name=f'{i:09d}.jpg')]),
                annorect=structs(rects) if rects else np.zeros((0, 0)),
                frame_sec=np.zeros((0, 0)),
                vididx=np.zeros((0, 0)),
            )
        )
        truth.append(usable)
    release = dict(
        annolist=structs(annolist),
        img_train=np.array([[1] * 9 + [0] * 3], np.uint8),
        version='12',
        single_person=np.zeros((12, 1), object),
    )
    savemat(path, dict(RELEASE=structs([release])))
    return truth


def expected_joints(points: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    joints, visible = np.full((16, 2), -1.0), np.zeros(16)
    for point in points:
        joints[point['id']], visible[point['id']] = (point['x'], point['y']), 1
    return joints, visible


@pytest.fixture
def mpii(tmp_path):
    for i in range(9):
        path = tmp_path / 'images' / f'{i:09d}.jpg'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.zeros((480, 640, 3), np.uint8))
    return tmp_path, write_mpii(tmp_path / 'release.mat')


def test_mpii_everybody(converter, mpii):
    root, truth = mpii
    converter('mpii2json').main([str(root / 'release.mat'), str(root)])
    people = json.loads((root / 'mpii_trainval.json').read_text())
    expected = [(f'{i:09d}.jpg', points) for i, usable in enumerate(truth) for points in usable]
    assert [p['image'] for p in people] == [name for name, _ in expected]
    assert len(people) == 16
    for person, (_, points) in zip(people, expected, strict=True):
        joints, visible = expected_joints(points)
        np.testing.assert_array_equal(person['joints'], joints)
        np.testing.assert_array_equal(person['joints_vis'], visible)
        assert person['center'] == [200.0, 210.0]
    dataset = MpiiDataset(ann_file='mpii_trainval.json', data_root=str(root), data_prefix=dict(img='images/'))
    info = dataset.get_data_info(5)
    joints, visible = expected_joints(expected[5][1])
    np.testing.assert_array_equal(info['keypoints_visible'][0], visible)
    np.testing.assert_allclose(info['keypoints'][0][visible > 0], joints[visible > 0] - 1, atol=1e-4)


@pytest.mark.slow
def test_mpii_own_validation_set(converter, mpii):
    """Predictions that are the truth score 100 on the files made; a second file of the same people finds them."""
    root, _ = mpii
    tool = converter('mpii2json')
    tool.main([str(root / 'release.mat'), str(root / 'own'), '--val-share', '0.3', '--seed', '3'])
    val = MpiiDataset(
        ann_file='own/mpii_val.json',
        headbox_file='own/mpii_gt_val.mat',
        data_root=str(root),
        data_prefix=dict(img='images/'),
        test_mode=True,
    )
    train = MpiiDataset(ann_file='own/mpii_train.json', data_root=str(root), data_prefix=dict(img='images/'))
    names = [{d.get_data_info(i)['img_path'] for i in range(len(d))} for d in (train, val)]
    assert not names[0] & names[1]
    assert len(train) + len(val) == 16
    assert val.get_data_info(0)['head_size'][0, 0] == pytest.approx(0.6 * np.hypot(40, 40))
    keypoints = np.concatenate([val.get_data_info(i)['keypoints'] for i in range(len(val))])
    figures = mpii_pckh(keypoints, root / 'own' / 'mpii_gt_val.mat')
    assert figures['Mean'] == 100
    # With that file as the one that says whom to validate on, in another order, the same split comes out.
    arguments = [str(root / 'release.mat'), str(root / 'again'), '--val-mat', str(root / 'own' / 'mpii_gt_val.mat')]
    tool.main(arguments)
    for name in ('mpii_train.json', 'mpii_val.json'):
        assert (root / 'again' / name).read_bytes() == (root / 'own' / name).read_bytes()


def test_mpii_finds_people_in_the_order_of_the_ground_truth(converter, mpii):
    root, _ = mpii
    tool = converter('mpii2json')
    people = tool.read_people(str(root / 'release.mat'))
    chosen = [9, 0, 4]
    joints = np.array([people[i]['joints'] for i in chosen]) + 1e-5
    missing = np.array([people[i]['joints_vis'] for i in chosen]) == 0
    joints[missing] = 0
    assert tool.find_people(people, joints, missing, 'gt') == chosen
    joints[1, ~missing[1]] += 3
    with pytest.raises(AnnotationError, match='1 of 3 people are not in the other file, the first is person 1'):
        tool.find_people(people, joints, missing, 'gt')


def test_mpii_official_validation_file(converter, shared, tmp_path):
    """The people of the published sample stand in gt_valid.mat where the converter looks for them."""
    tool = converter('mpii2json')
    mat = read_mat(shared / 'golden/published/mpii_pckh/gt_valid.mat', 'pos_gt_src', 'jnt_missing', structs=True)
    sample = json.loads((shared / 'data/samples/mpii/test_mpii.json').read_text())
    positions, missing = mat['pos_gt_src'].transpose(2, 0, 1), mat['jnt_missing'].T > 0
    assert tool.find_people(sample, positions[:5], missing[:5], 'gt_valid.mat') == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        ('other file', "no variable 'RELEASE'"),
        ('no annolist', "RELEASE has no 'annolist'"),
        ('joint 16', r'annolist\(1\) \(a\.jpg\), annorect\(1\) has a joint with the id 16'),
        ('nobody', 'no training image has a person'),
        ('lengths', '1 images in annolist, 2 entries in img_train'),
    ],
)
def test_mpii_bad_input(converter, tmp_path, damage, message):
    rect, _ = mpii_rect(np.random.default_rng(0), joints=[3, 16] if damage == 'joint 16' else [1, 2])
    image = dict(image=structs([dict(name='a.jpg')]), annorect=structs([rect]))
    release = dict(annolist=structs([image]), img_train=[[1]])
    if damage == 'no annolist':
        del release['annolist']
    if damage == 'nobody':
        release['img_train'] = [[0]]
    if damage == 'lengths':
        release['img_train'] = [[1, 1]]
    path = tmp_path / 'm.mat'
    savemat(path, {'OTHER' if damage == 'other file' else 'RELEASE': structs([release])})
    with pytest.raises(AnnotationError, match=message):
        converter('mpii2json').read_people(str(path))
