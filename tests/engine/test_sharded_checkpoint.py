"""Checkpoints written by two processes: one's share each, one error for both, and never a mixture."""

import pathlib

import pytest
import torch
from several_processes import in_processes

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file
from mmpose_dark.engine import sharded_checkpoint
from mmpose_dark.engine.sharded_checkpoint import check_folder_is_shared, save_sharded_checkpoint
from mmpose_dark.utils.errors import InputError


def a_checkpoint(rank, epoch):
    weights = {name: torch.full((100,), float(epoch + i)) for i, name in enumerate('abcd')}
    weights['mean'] = torch.full((100,), float(rank))
    return dict(meta=dict(epoch=epoch), state_dict=weights, optimizer=dict(state={0: dict(m=torch.ones(80))}))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob('*') if path.is_file())


def refused(epoch, rank, path):
    try:
        save_sharded_checkpoint(a_checkpoint(rank, epoch), path, own=['mean'])
    except CheckpointError as err:
        return str(err)
    return None


def writings(rank, folder):
    """Write, write again, fail in one process, see no part: what was told and is there. Then look at two folders."""
    path = pathlib.Path(folder, 'run', 'epoch_1.pth')
    told = [refused(1, rank, path), refused(2, rank, path)]
    left = files(path.parent)
    actual = sharded_checkpoint.save_checkpoint
    for failing in (1, 0):
        if rank == failing:
            sharded_checkpoint.save_checkpoint = lambda obj, file: fail(file)
        told.append(refused(3, rank, path))
        sharded_checkpoint.save_checkpoint = actual
    sharded_checkpoint._PATIENCE = 0.3
    sharded_checkpoint._size = lambda part: 0  # as if the other machine's disk were another one
    told.append(refused(4, rank, path))
    end = files(path.parent)
    check_folder_is_shared(pathlib.Path(folder, 'shared'))
    with pytest.raises(InputError) as err:
        check_folder_is_shared(pathlib.Path(folder, f'own_{rank}'))
    return told, left, end, str(err.value)


def fail(file):
    raise CheckpointError(f'{file.name}: no space')


def test_two_processes_write_one_checkpoint(tmp_path):
    (first, left, end, refused_one), (second, *_, refused_other) = in_processes(writings, tmp_path, 2)
    assert first[:2] == second[:2] == [None, None]
    assert len(left) == 3  # two parts of the second writing, and none of the first
    assert end == left
    for failing, i in ((1, 2), (0, 3)):
        own, other = ((first, second), (second, first))[failing]
        assert 'no space' in own[i]
        assert own[i] in other[i] or other[i] in own[i]
        assert f'(process {failing} on ' in (first, second)[1 - failing][i]
    assert 'the part that process 0 wrote has 0 bytes instead of' in first[4]
    assert 'need a work folder that all machines see' in second[4]
    found = load_state_dict_file(tmp_path / 'run' / 'epoch_1.pth')
    expected = a_checkpoint(0, 2)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    parts = [torch.load(path) for path in sorted((tmp_path / 'run' / 'epoch_1.parts').glob('*-of-2.pth'))]
    assert [len(part['tensors']) for part in parts] == [3, 2]
    for told in (refused_one, refused_other):
        assert 'default_hooks.checkpoint.sharded: process 1 (' in told
        assert 'does not see the folder' in told
        assert 'Use a work folder that all machines see' in told
    assert not [name for name in files(tmp_path) if 'seen' in name]
