"""Left and right in the ways that people write names."""

import pytest

from mmpose_dark.data_check.settings import check_definition
from mmpose_dark.keypoint_sets import known_definitions, parse_pose_metainfo
from mmpose_dark.keypoint_sets.sides import other_side, side_of

HABITS = [
    ('left_eye', 'right_eye'),
    ('front_left_paw', 'front_right_paw'),
    ('L_Eye', 'R_Eye'),
    ('eye_l', 'eye_r'),
    ('eye.L', 'eye.R'),
    ('eye.l', 'eye.r'),
    ('eye left', 'eye right'),
    ('Left Eye', 'Right Eye'),
    ('left-eye', 'right-eye'),
    ('LeftEye', 'RightEye'),
    ('eyeLeft', 'eyeRight'),
    ('lefteye', 'righteye'),
    ('eyeleft', 'eyeright'),
    ('lEye', 'rEye'),
    ('LEye', 'REye'),
    ('eyeL', 'eyeR'),
    ('paw_l_2', 'paw_r_2'),
    ('mouth_left_corner', 'mouth_right_corner'),
]
LETTERS = [('lank', 'rank'), ('Lknee', 'Rknee'), ('lsho', 'rsho')]


@pytest.mark.parametrize(('left', 'right'), HABITS)
def test_sides(left, right):
    assert (side_of(left), side_of(right)) == ('left', 'right')


@pytest.mark.parametrize(
    'name', ['nose', 'tail', 'bright_spot', 'l', 'right', 'thumb1', 'upper_lip', 'relbow', 'face-0']
)
def test_names_of_no_side(name):
    assert side_of(name) == ''


@pytest.mark.parametrize(('left', 'right'), HABITS + LETTERS)
def test_the_other_side(left, right):
    names = ['nose', 'left_other', right, left, 'tail']
    assert other_side(left, names) == right
    assert other_side(right, names) == left
    assert other_side(left, ['nose', left]) == ''


def definition(names, swaps):
    keypoints = {i: dict(name=n, swap=s) for i, (n, s) in enumerate(zip(names, swaps, strict=True))}
    return parse_pose_metainfo(dict(dataset_name='x', keypoint_info=keypoints))


@pytest.mark.parametrize(('left', 'right'), HABITS + LETTERS)
def test_the_check_finds_pairs_that_do_not_swap(left, right):
    (finding,) = [
        f for f in check_definition(definition(['nose', left, right], ['', '', ''])) if f.check == 'flip-pairs'
    ]
    assert (finding.severity, finding.count) == ('warning', 2)
    assert f"{left} (swap='{right}'?)" in finding.examples
    sound = check_definition(definition(['nose', left, right], ['', right, left]))
    assert [f for f in sound if f.check == 'flip-pairs'] == []


def test_swapping_with_the_same_side_is_an_error():
    names = ['L_Eye', 'R_Eye', 'L_Ear', 'R_Ear']
    (finding,) = [
        f for f in check_definition(definition(names, ['L_Ear', 'R_Ear', 'L_Eye', 'R_Eye'])) if f.check == 'flip-pairs'
    ]
    assert (finding.severity, finding.count) == ('error', 2)


@pytest.mark.parametrize('name', known_definitions())
def test_built_in_definitions_swap(name):
    assert [f for f in check_definition(parse_pose_metainfo(dict(from_file=name))) if f.check == 'flip-pairs'] == []
