"""Safetensors files: read as their library writes them, refused where the header and the file disagree."""

import json
import struct
import sys

import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file

safetensors = pytest.importorskip('safetensors.torch')

TENSORS = {
    'a.weight': torch.arange(6.0).reshape(2, 3),
    'b': torch.tensor([1.5, -2], dtype=torch.bfloat16),
    'n': torch.tensor(7),
    'none': torch.zeros(0, 3),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'model.safetensors'
    safetensors.save_file(TENSORS, path, metadata={'format': 'pt'})
    return path


def rewritten(path, change):
    """Write the file anew with a changed header; the numbers stay."""
    content = path.read_bytes()
    length = struct.unpack('<Q', content[:8])[0]
    header = json.dumps(change(json.loads(content[8 : 8 + length]))).encode()
    path.write_bytes(struct.pack('<Q', len(header)) + header + content[8 + length :])


def set_entry(**values):
    def change(header):
        header['a.weight'] |= values
        return header

    return change


@pytest.mark.parametrize('name', ['model.safetensors', 'model.bin', 'checkpoint.pth'])
def test_every_tensor_is_read_whatever_the_name(path, name):
    found = load_state_dict_file(path.rename(path.with_name(name)))
    assert found.keys() == TENSORS.keys()
    for key, tensor in TENSORS.items():
        assert found[key].dtype == tensor.dtype
        assert torch.equal(found[key], tensor)


@pytest.mark.parametrize('device', ['cpu', torch.device('cpu'), None, lambda storage, _: storage])
def test_where_tensors_go(path, device):
    assert load_state_dict_file(path, device)['b'].device.type == 'cpu'


@pytest.mark.parametrize('left', [1, 7, 8, 60, -1, -20])
def test_cut_off(path, left):
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(CheckpointError, match=r'model\.safetensors: is (cut off|no safetensors file)') as info:
        load_state_dict_file(path)
    assert '\n' not in str(info.value)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (set_entry(shape=[2**40, 3]), r"tensor 'a\.weight' has shape \(1099511627776, 3\) of F32"),
        (set_entry(shape=[2**40, 3], data_offsets=[0, 3 * 2**42]), r'is cut off or damaged: its tensors need 13,194'),
        (set_entry(shape=[-2, 3]), r"entry of tensor 'a\.weight' is not"),
        (set_entry(shape=[2.0, 3]), 'is not a type, a shape and two offsets'),
        (set_entry(data_offsets=[24, 0]), 'are its own'),
        (set_entry(data_offsets=[0]), 'is not a type, a shape and two offsets'),
        (set_entry(dtype='Q128'), "KeyError: 'Q128'"),
        (lambda header: header | {'x': 3}, "entry of tensor 'x'"),
        (lambda header: [header], 'header cannot be read'),
        (lambda header: 'a' * 30, 'header cannot be read'),
    ],
)
def test_a_header_that_does_not_fit(path, change, words):
    rewritten(path, change)
    with pytest.raises(CheckpointError, match=words) as info:
        load_state_dict_file(path)
    assert '\n' not in str(info.value)


def test_tensors_that_share_bytes_are_the_librarys_to_refuse(path):
    rewritten(path, lambda header: header | {'twin': header['a.weight']})
    with pytest.raises(CheckpointError, match='cannot be read as a safetensors file'):
        load_state_dict_file(path)


@pytest.mark.parametrize('length', [2**63, 2**40, 2**24 + 1])
def test_a_header_of_absurd_length_is_not_read(path, length):
    path.write_bytes(struct.pack('<Q', length) + path.read_bytes()[8:])
    with pytest.raises(CheckpointError, match='announce a header of'):
        load_state_dict_file(path)


@pytest.mark.parametrize('content', [b'{' * 100, b'{"a": ' * 3000, b'\xff' * 20, b''])
def test_a_header_that_is_no_json(path, content):
    path.write_bytes(struct.pack('<Q', len(content)) + content)
    with pytest.raises(CheckpointError, match='header cannot be read'):
        load_state_dict_file(path)


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'<!DOCTYPE html><title>log in</title>', 'a web page'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'a Git LFS pointer'),
        (b'', 'is empty'),
    ],
)
def test_what_is_something_else_is_called_so(path, content, words):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        load_state_dict_file(path)


def test_without_the_package(path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'safetensors', None)
    with pytest.raises(CheckpointError, match='pip install safetensors'):
        load_state_dict_file(path)
