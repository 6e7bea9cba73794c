"""Definitions: found from anywhere, parsed as mmpose's, and refused when they contradict themselves."""

import copy
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from mmpose_dark.datasets import DefinitionError, known_definitions, parse_pose_metainfo
from mmpose_dark.keypoint_sets import WHOLEBODY_FIELDS, WHOLEBODY_PARTS, numbers_of
from mmpose_dark.keypoint_sets.builtin.coco import dataset_info as coco

# sha256, first half, of `plain(parse_pose_metainfo(dict(from_file=name)))` as JSON, when each definition was still
# written out in a file of its own.
DIGESTS = dict(
    aic='7ce507b09ab1c01c039405d942b24969',
    coco='7b9ab97b7d78f14b2ee1d66b95c32a80',
    coco_wholebody='d0bac90e9144b0fcc276c1ae7f49d990',
    crowdpose='b6dff3ef7f15313d06a6d16b38d64551',
    lspet='192181bb71d256924172fdc95122bee5',
    mpii='8ad1e6772b12b020cbbdd5fe56ebb8dc',
    posetrack18='b56ef9b3ea2e94ea563822244bac59fc',
)
COUNTS = dict(coco=17, coco_aic=19, coco_wholebody=133, mpii=16, aic=14, crowdpose=14, posetrack18=17, lspet=14)


@pytest.fixture
def info() -> dict:
    return copy.deepcopy(coco)


def write(folder, info, name='mine.py'):
    path = folder / name
    path.write_text(f'dataset_info = {info!r}\n')
    return str(path)


@pytest.mark.parametrize('name', sorted(COUNTS))
def test_built_in(name):
    m = parse_pose_metainfo(dict(from_file=name))
    count = COUNTS[name]
    assert m['dataset_name'] == name
    assert m['num_keypoints'] == len(m['flip_indices']) == count
    assert len(m['sigmas']) == len(m['dataset_keypoint_weights']) == count
    flip = np.array(m['flip_indices'])
    assert (flip[flip] == np.arange(count)).all()
    names = m['keypoint_id2name']
    for i, j in m['flip_pairs']:
        assert {names[i], names[j]} == {names[i], names[i].replace('left', 'right')} or 'left' not in names[i]
    # Left and right are one keypoint, mirrored; but AIC measured each joint by itself, and the release of
    # COCO-WholeBody has different sigmas for the two feet and sides of the face.
    if name not in ('aic', 'coco_wholebody'):
        np.testing.assert_array_equal(m['sigmas'][flip], m['sigmas'])
    assert {flip[i] for i in m['upper_body_ids']} == set(m['upper_body_ids'])
    assert {flip[i] for i in m['lower_body_ids']} == set(m['lower_body_ids'])
    assert m['skeleton_link_colors'].shape == (m['num_skeleton_links'], 3)
    # The skeleton is as symmetric as the person.
    links = {frozenset(link) for link in m['skeleton_links']}
    assert {frozenset((int(flip[a]), int(flip[b]))) for a, b in links} == links
    for array in (m['sigmas'], m['dataset_keypoint_weights'], m['keypoint_colors']):
        assert not array.flags.writeable


def plain(value):
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), value.tolist()]
    if isinstance(value, dict):
        return [[plain(k), plain(v)] for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [type(value).__name__, [plain(v) for v in value]]
    return [type(value).__name__, value]


@pytest.mark.parametrize('name', sorted(DIGESTS))
def test_built_from_each_other_they_are_what_they_were(name):
    parsed = parse_pose_metainfo(dict(from_file=name))
    assert hashlib.sha256(json.dumps(plain(parsed)).encode()).hexdigest()[:32] == DIGESTS[name]


def test_only_numpy_is_imported():
    code = (
        'import sys; from mmpose_dark.keypoint_sets import parse_pose_metainfo; '
        "parse_pose_metainfo(dict(from_file='coco_wholebody')); "
        "sys.exit(str([m for m in ('torch', 'mmengine', 'cv2', 'scipy') if m in sys.modules] or ''))"
    )
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stderr.strip() == ''


def test_all_built_in_are_tested():
    assert known_definitions() == sorted(COUNTS)


def test_orders_are_those_of_the_samples(shared):
    """The names in the datasets' own files, in our order."""
    files = dict(coco='coco/test_coco.json', aic='aic/test_aic.json', crowdpose='crowdpose/test_crowdpose.json')
    for name, file in files.items():
        theirs = json.loads((shared / 'data/samples' / file).read_text())['categories'][0]['keypoints']
        ours = list(parse_pose_metainfo(dict(from_file=name))['keypoint_name2id'])
        if name == 'crowdpose':
            theirs[-2] = 'top_head'  # called head there
        assert [t.lower().replace(' ', '_') for t in theirs] == ours


def test_wholebody_parts():
    fields = {part.keypoints: part.count for part in WHOLEBODY_PARTS.values() if part.keypoints}
    assert fields == dict(keypoints=17, foot_kpts=6, face_kpts=68, lefthand_kpts=21, righthand_kpts=21)
    assert fields == WHOLEBODY_FIELDS
    places = [range(133)[part.place] for part in WHOLEBODY_PARTS.values() if part.keypoints]
    assert (
        [i for place in places for i in place]
        == list(range(133))
        == list(range(133)[WHOLEBODY_PARTS['wholebody'].place])
    )


def test_wholebody_keypoints():
    m = parse_pose_metainfo(dict(from_file='coco_wholebody'))
    names = m['keypoint_name2id']
    assert [names[n] for n in ('left_big_toe', 'face-0', 'left_hand_root', 'right_hand_root')] == [17, 23, 91, 112]
    assert m['num_skeleton_links'] == 65
    assert m['sigmas'][:17].tolist() == parse_pose_metainfo(dict(from_file='coco'))['sigmas'].tolist()


@pytest.mark.parametrize('form', ['py', 'json', 'builtin path'])
def test_found_from_any_folder(form, info, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    info['dataset_name'] = 'mine'
    if form == 'py':
        name = write(tmp_path, info)
    elif form == 'json':
        (tmp_path / 'mine.json').write_text(json.dumps(dict(dataset_info=info)))
        name = 'mine.json'
    else:
        name = 'configs/_base_/datasets/coco.py'
    m = parse_pose_metainfo(dict(from_file=name))
    assert m['dataset_name'] == ('coco' if form == 'builtin path' else 'mine')
    assert m['keypoint_id2name'][16] == 'right_ankle'


def test_a_users_file_wins_over_the_built_in_name(info, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    info['dataset_name'] = 'mine'
    write(tmp_path, info, 'coco.py')
    assert parse_pose_metainfo(dict(from_file='coco.py'))['dataset_name'] == 'mine'
    assert parse_pose_metainfo(dict(from_file='coco'))['dataset_name'] == 'coco'


def test_entries_beside_from_file_replace_those_of_the_file():
    m = parse_pose_metainfo(dict(from_file='coco', sigmas=[0.05] * 17))
    np.testing.assert_allclose(m['sigmas'], 0.05)


def test_already_parsed_stays():
    m = parse_pose_metainfo(dict(from_file='coco'))
    assert parse_pose_metainfo(m).keys() == m.keys()


def test_not_found_lists_what_is_known():
    with pytest.raises(DefinitionError, match=r"'cocoo'.*did you mean 'coco'.*Built in: aic, coco, "):
        parse_pose_metainfo(dict(from_file='cocoo'))


def test_a_file_that_does_not_run(tmp_path):
    path = tmp_path / 'broken.py'
    path.write_text('dataset_info = dict(')
    with pytest.raises(DefinitionError, match=r'broken\.py.*cannot be read: SyntaxError'):
        parse_pose_metainfo(dict(from_file=str(path)))


def test_a_file_without_definition(tmp_path):
    path = tmp_path / 'other.py'
    path.write_text('x = 1')
    with pytest.raises(DefinitionError, match=r"other\.py.*no `dataset_info`, only \['x'\]"):
        parse_pose_metainfo(dict(from_file=str(path)))


def change(where, value):
    def apply(info):
        target = info
        for key in where[:-1]:
            target = target[key]
        if value is None:
            del target[where[-1]]
        else:
            target[where[-1]] = value

    return apply


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (change(['keypoint_info', 1, 'swap'], 'right_eyes'), r"'left_eye' swaps with 'right_eyes', which is unknown"),
        (change(['keypoint_info', 2, 'swap'], 'left_ear'), r"'left_eye' swaps with 'right_eye', but 'right_eye' swaps"),
        (change(['keypoint_info', 5], None), r'ids 0 to K-1.*missing: \[5\]'),
        (change(['keypoint_info'], {}), r'ids 0 to K-1'),
        (change(['keypoint_info', 3, 'name'], 'nose'), r"keypoints 0 and 3 are both 'nose'"),
        (change(['keypoint_info', 3, 'type'], 'middle'), r"'left_ear' has type 'middle'"),
        (change(['keypoint_info', 0, 'name'], None), r'keypoint 0 has no name'),
        (change(['sigmas'], [0.1] * 16 + [0.0]), r'sigmas\[16\] is 0.0; it must be at least'),
        (change(['joint_weights'], [1.0] * 16 + [float('nan')]), r'joint_weights\[16\] is nan'),
        (change(['skeleton_info', 0, 'link'], ('nose', 'tail')), r"skeleton link 0 .*'tail' is none"),
        (change(['skeleton_info', 0, 'link'], ('nose',)), r'skeleton link 0 .*two keypoint names'),
        (change(['dataset_name'], None), r"no 'dataset_name'"),
    ],
)
def test_contradictions_are_refused(edit, message, info):
    edit(info)
    with pytest.raises(DefinitionError, match=message):
        parse_pose_metainfo(info)


@pytest.mark.parametrize('given', [None, [], 'absent', [0.1] * 16])
@pytest.mark.parametrize(('entry', 'key'), [('sigmas', 'sigmas'), ('joint_weights', 'dataset_keypoint_weights')])
@pytest.mark.filterwarnings('ignore:.*has 16 numbers for 17 keypoints and is not used')
def test_numbers_are_missed_where_they_are_needed(info, given, entry, key):
    info.pop(entry)
    if given != 'absent':
        info[entry] = given
    parsed = parse_pose_metainfo(info)
    assert parsed[key] is None
    assert parsed['flip_pairs'] == parse_pose_metainfo(coco)['flip_pairs']
    with pytest.raises(DefinitionError, match=rf"OKS needs {entry}, and the definition 'coco' has none.*17 numbers"):
        numbers_of(parsed, key, 'OKS')


def test_keys_count_and_ids_are_not_read(info):
    info['keypoint_info'][3]['id'] = 4
    parsed, expected = parse_pose_metainfo(info), parse_pose_metainfo(coco)
    assert parsed['keypoint_id2name'] == expected['keypoint_id2name']


def test_a_swap_that_one_side_names_is_of_both(info):
    info['keypoint_info'][2]['swap'] = ''
    with pytest.warns(UserWarning, match="'left_eye' swaps with 'right_eye', which names no partner"):
        assert parse_pose_metainfo(info)['flip_indices'] == parse_pose_metainfo(coco)['flip_indices']


def test_colors_may_be_none(info):
    info['keypoint_info'][0]['color'] = info['skeleton_info'][0]['color'] = None
    parsed = parse_pose_metainfo(info)
    assert parsed['keypoint_colors'].shape == (17, 3)
    assert parsed['skeleton_link_colors'].shape == (19, 3)
