"""Checkpoints that are damaged, or made to do harm: one clear error, at once, with little memory."""

import copy
import pickle
import random
import resource
import struct
import subprocess
import sys
import textwrap
import time
import zipfile
import zlib

import pytest
import torch
from torch import nn

from mmpose_dark.checkpoint import CheckpointError, load_backbone_weights, load_state_dict_file
from mmpose_dark.checkpoint.loading import check_weights
from mmpose_dark.checkpoint.pickle_check import CostlyPickleError, check_pickle


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def with_first(value):
    return {**network().state_dict(), '0.weight': value}


KINDS = {
    'nan': (torch.full((4, 3, 3, 3), float('nan')), '0.weight is not finite'),
    'infinite': (torch.full((4, 3, 3, 3), float('inf')), '0.weight is not finite'),
    'half nan': (torch.full((4, 3, 3, 3), float('nan')).half(), '0.weight is not finite'),
    'complex': (torch.ones(4, 3, 3, 3, dtype=torch.complex64), '0.weight is complex'),
    'integer': (torch.ones(4, 3, 3, 3, dtype=torch.int64), '0.weight is of type int64'),
    'boolean': (torch.ones(4, 3, 3, 3, dtype=torch.bool), '0.weight is of type bool'),
    'sparse': (torch.ones(4, 3, 3, 3).to_sparse(), '0.weight is sparse'),
    'quantised': (torch.quantize_per_tensor(torch.ones(4, 3, 3, 3), 0.1, 0, torch.qint8), '0.weight is quantised'),
    'meta': (torch.ones(4, 3, 3, 3, device='meta'), '0.weight is a meta tensor'),
    'claimed': (torch.ones(1).expand(4, 10**12), '0.weight is 4,000,000,000,000 values claimed'),
}


@pytest.mark.parametrize('kind', KINDS)
def test_values_that_are_no_weights_leave_the_network_as_it_was(kind):
    value, says = KINDS[kind]
    model = network()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(CheckpointError, match=says):
        check_weights(model, with_first(value), 'x.pth')
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize('kind', ['nan', 'infinite', 'integer', 'complex', 'sparse'])
def test_nothing_of_the_file_is_loaded(tmp_path, kind):
    """The last tensor is bad, so that a loader that goes on one by one has loaded all the others."""
    weights = {name: torch.zeros_like(value) for name, value in network().state_dict().items()}
    weights['1.running_var'] = {
        'nan': torch.tensor([1.0, 1, 1, float('nan')]),
        'infinite': torch.tensor([1.0, 1, 1, float('-inf')]),
        'integer': torch.ones(4, dtype=torch.int32),
        'complex': torch.ones(4, dtype=torch.complex64),
        'sparse': torch.ones(4).to_sparse(),
    }[kind]
    torch.save(weights, tmp_path / 'x.pth')
    model = network()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(CheckpointError, match=r'x\.pth.*1\.running_var is'):
        load_backbone_weights(model, tmp_path / 'x.pth')
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize('zipped', [True, False])
def test_no_flipped_bit_loads_unseen(tmp_path, zipped):
    model, rng = network(), random.Random(5)
    path, content = tmp_path / 'x.pth', dict(state_dict=network().state_dict(), meta=dict(epoch=1))
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    data, altered = path.read_bytes(), 0
    for _ in range(60):
        changed = bytearray(data)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        try:
            found = load_state_dict_file(path)
        except CheckpointError:
            continue
        same = found.get('meta') == dict(epoch=1) and found['state_dict'].keys() == model.state_dict().keys()
        altered += not same or any(
            not torch.equal(value, content['state_dict'][name]) for name, value in found['state_dict'].items()
        )
    assert altered == 0 or not zipped  # the older format has no checksums


def test_checksums_of_a_large_file_are_quick(tmp_path):
    torch.save({str(i): torch.zeros(250_000) for i in range(25)}, tmp_path / 'x.pth')
    started = time.process_time()
    load_state_dict_file(tmp_path / 'x.pth')
    assert time.process_time() - started < 2  # 25 MB; the checksums take some 0.03 s


class _Calls:
    """Pickled as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def nested(depth, make):
    value = ()
    for _ in range(depth):
        value = make(value)
    return value


def doubled(kind):
    """A pickle of ``((x, x), (x, x)) ...``, each level written once."""
    body = b'\x80\x02' + {'tuple': b')', 'list': b']'}[kind]
    for i in range(60):
        body += (
            b'q'
            + bytes([i])
            + (b'h' + bytes([i]) + b'\x86' if kind == 'tuple' else b'0](h' + bytes([i]) * 1 + b'h' + bytes([i]) + b'e')
        )
    return body


BOMBS = {
    'bytearray of a number': pickle.dumps(_Calls(bytearray, 8_000_000_000), 2),
    'tensor of a number': b'\x80\x02ctorch\nTensor\nJ\xff\xff\xff\x7f\x85R.',
    'storage of a number': b'\x80\x02ctorch\nFloatStorage\nJ\xff\xff\xff\x7f\x85R.',
    'key that takes for ever': doubled('tuple') + b'}q\xfe0}h' + bytes([59]) + b'K\x01s.',
    'text of a list': doubled('list') + b'\x85q\xfd0cbuiltins\nstr\nh\xfdR.',
    'copies of a list': b'\x80\x02](' + b'N' * 50_000 + b'eq\x00' + b'cbuiltins\nlist\nh\x00\x85R' * 20_000 + b'.',
    'absurd storage': b'\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu'
    b'\x8a\x05\x00\x00\x00\x00\x10tQ.',
}


@pytest.mark.parametrize('bomb', BOMBS)
def test_a_bomb_is_seen_before_it_goes_off(bomb):
    with pytest.raises(CostlyPickleError):
        check_pickle(BOMBS[bomb], len(BOMBS[bomb]))


def archive(path, pickled, members=()):
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('x/data.pkl', pickled)
        for name, content in members:
            file.writestr(name, content)


@pytest.mark.slow
@pytest.mark.parametrize('bomb', BOMBS)
@pytest.mark.parametrize('zipped', [True, False])
def test_a_bomb_ends_at_once_with_little_memory(tmp_path, bomb, zipped):
    path = tmp_path / 'x.pth'
    archive(path, BOMBS[bomb]) if zipped else path.write_bytes(BOMBS[bomb])
    script = f"""
    import resource, time, torch
    from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    try:
        load_state_dict_file({str(path)!r})
    except CheckpointError as err:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(grown // 1024, time.monotonic() - started)
    """
    done = subprocess.run([sys.executable, '-c', textwrap.dedent(script)], capture_output=True, text=True, timeout=100)
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 200
    assert seconds < 10


@pytest.mark.parametrize('limit', [1 << 20])
def test_a_member_that_claims_more_than_the_file_has(tmp_path, limit):
    """A deflated member of zeros, a thousandth of its size."""
    path = tmp_path / 'x.pth'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('x/data.pkl', pickle.dumps({}, 2))
        file.writestr('x/data/0', b'\0' * 50 * limit)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=r'damaged .*its members claim 52,428,8\d\d bytes'):
        load_state_dict_file(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_a_size_that_the_directory_only_claims(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save(dict(a=torch.zeros(100)), path)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b'PK\x01\x02')
    data[entry + 20 : entry + 28] = struct.pack('<II', 0x7FFFFFFF, 0x7FFFFFFF)
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match='damaged'):
        load_state_dict_file(path)


def test_plain_checkpoints_pass(tmp_path):
    """Long logs, nested settings, shared values: what real checkpoints hold is not taken for an attack."""
    shared = [float(i) for i in range(50_000)]
    content = dict(log=shared, again=shared, key={(1, ('a', 2)): 3}, text='x' * 1_000_000, weights=torch.zeros(1000))
    for zipped in (True, False):
        torch.save(content, tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
        found = load_state_dict_file(tmp_path / 'x.pth')
        assert found['log'] == shared
        assert found['key'] == content['key']
    assert zlib.crc32(b'') == 0
