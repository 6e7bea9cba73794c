"""Calibration files: what is written is read, and what is no calibration of this network is refused in one line."""

import json

import pytest

from mmpose_dark.checkpoint.calibration_file import (
    calibration_beside,
    calibration_record,
    find_calibration,
    read_calibration,
    write_calibration,
)
from mmpose_dark.checkpoint.download import sha256_of
from mmpose_dark.structures.calibration import Calibration, CovarianceMap, ProbabilityMap
from mmpose_dark.utils.errors import MissingFileError, UserError


def made(**network):
    return Calibration(
        ProbabilityMap((0.0, 0.5, 1.0), (-1.0, 0.0, 3.0), (0.1, -0.1)),
        CovarianceMap(0.5, 0.2, 1.0, (0.5, 0.9), (1.4, 5.0)),
        ('oks', 0.5),
        network=network,
    )


def test_written_and_read(tmp_path):
    path = tmp_path / 'a.calibration.json'
    write_calibration(path, made(codec='MSRAHeatmap'))
    found = read_calibration(path, num_keypoints=2)
    assert calibration_record(found) == calibration_record(made(codec='MSRAHeatmap'))
    assert found.source == str(path)


@pytest.mark.parametrize(
    'change',
    [
        dict(format='x'), dict(version=2), dict(version=None), dict(within=None), dict(within=dict(kind='px', bound=1)),
        dict(probability=None), dict(probability=dict(heights=[0, 1], logits=[1, 0], offsets=[0])), dict(covariance=3),
        dict(probability=dict(heights=[0, 1e999], logits=[0, 1], offsets=[0, 0])), dict(network=[1]),
        dict(covariance=dict(scale=-1, floor=0, power=0, levels=[0.5, 0.9], radii_squared=[1, 2])),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(tmp_path, change):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(calibration_record(made()) | change))
    with pytest.raises(UserError, match=r'a\.json'):
        read_calibration(path)


@pytest.mark.parametrize('text', ['', '{', '[]', '3', '"a"', '\0', '[' * 100000])
def test_what_is_no_calibration_is_refused(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(UserError, match=r'a\.json'):
        read_calibration(path)


def test_other_networks_and_weights_are_refused(tmp_path):
    weights, path = tmp_path / 'net.pth', calibration_beside(tmp_path / 'net.pth')
    weights.write_bytes(b'weights')
    write_calibration(path, made(checkpoint_sha256=sha256_of(weights)))
    assert find_calibration('auto', weights, {}, num_keypoints=2).num_keypoints == 2
    with pytest.raises(UserError, match='2 keypoints, the network gives 17'):
        find_calibration('auto', weights, {}, num_keypoints=17)
    weights.write_bytes(b'others')
    with pytest.raises(UserError, match='other weights'):
        find_calibration('auto', weights, {})
    with pytest.raises(MissingFileError, match=r'nowhere\.json'):
        find_calibration(tmp_path / 'nowhere.json', weights, {})


def test_one_inside_a_checkpoint_is_found_and_one_beside_goes_before(tmp_path):
    weights = tmp_path / 'net.pth'
    inside = dict(calibration=calibration_record(made()))
    assert find_calibration(None, weights, inside) is None
    assert '(inside)' in find_calibration('auto', weights, inside).source
    write_calibration(calibration_beside(weights), made())
    assert '(inside)' not in find_calibration('auto', weights, inside).source
