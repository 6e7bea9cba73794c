"""Checkpoints in parts: joined when read, refused where a part is not what it should be."""

import math

import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint
from mmpose_dark.checkpoint.parts import (
    PARTS,
    large_tensors,
    part_name,
    parts_folder,
    remove_checkpoint,
    remove_orphans,
    remove_other_parts,
    remove_unnamed_parts,
    shares,
    take_out,
)


def a_checkpoint(value=1.0):
    weights = {name: torch.full((8, 16), value + i) for i, name in enumerate(('a', 'b', 'bn.running_mean', 'c'))}
    moments = {i: dict(step=torch.tensor(3.0), exp_avg=torch.full((8, 16), -value - i)) for i in range(3)}
    return dict(meta=dict(epoch=3), state_dict=weights, optimizer=dict(state=moments, param_groups=[dict(lr=0.1)]))


def write(path, checkpoint, tag='t1', count=2, left_out=('bn.running_mean',)):
    """Write a checkpoint in parts, as several processes do."""
    places = list(large_tensors(checkpoint, left_out))
    rest, tensors = take_out(checkpoint, places)
    names = [part_name(tag, number, count) for number in range(count)]
    for name, numbers in zip(names, shares([t.nbytes for t in tensors], count), strict=True):
        tensors_of = [(places[i], tensors[i]) for i in numbers]
        save_checkpoint(dict(part_of=path.name, tag=tag, tensors=tensors_of), parts_folder(path) / name)
    save_checkpoint({**rest, PARTS: dict(tag=tag, files=names, tensors=len(places))}, path)
    return [parts_folder(path) / name for name in names]


@pytest.mark.parametrize('count', [1, 2, 3, 9])
@pytest.mark.parametrize('mmap', [False, True])
def test_what_is_read_is_what_was_written(tmp_path, count, mmap):
    path, expected = tmp_path / 'epoch_3.pth', a_checkpoint()
    files = write(path, expected, count=count)
    save_checkpoint(expected, path.with_name('whole.pth'))
    assert len(files) == count
    assert path.stat().st_size < path.with_name('whole.pth').stat().st_size
    found = load_state_dict_file(path, mmap=mmap)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert list(found['state_dict']) == list(expected['state_dict'])
    assert list(found) == list(expected)
    assert all(value is not None for value in expected['state_dict'].values())  # the one given is left as it is


def test_tensors_of_mapped_files_may_be_changed_and_the_file_stays(tmp_path):
    save_checkpoint(a_checkpoint(), tmp_path / 'a.pth')
    before = (tmp_path / 'a.pth').read_bytes()
    found = load_state_dict_file(tmp_path / 'a.pth', mmap=True)
    found['state_dict']['a'] += 1
    assert float(found['state_dict']['a'][0, 0]) == 2
    assert (tmp_path / 'a.pth').read_bytes() == before


def test_a_file_of_old_torch_is_read_whole_where_it_cannot_be_mapped(tmp_path):
    torch.save(dict(a=torch.ones(3)), tmp_path / 'old.pth', _use_new_zipfile_serialization=False)
    assert load_state_dict_file(tmp_path / 'old.pth', mmap=True)['a'].tolist() == [1, 1, 1]


def test_shares_are_of_about_the_same_size():
    sizes = [int(1000 * math.sin(i) ** 2) for i in range(200)]
    dealt = shares(sizes, 7)
    assert sorted(i for numbers in dealt for i in numbers) == list(range(200))
    loads = [sum(sizes[i] for i in numbers) for numbers in dealt]
    assert max(loads) - min(loads) <= max(sizes)


def test_weights_of_the_average_are_found_behind_their_wrapper():
    averaged = {'module.a': torch.ones(100), 'module.bn.running_mean': torch.ones(100), 'steps': torch.tensor(1)}
    assert list(large_tensors(dict(ema_state_dict=averaged), ['bn.running_mean'])) == [('ema_state_dict', 'module.a')]


def test_what_stands_in_no_dictionary_stays():
    inside = dict(optimizer=dict(state=[torch.ones(100)]), state_dict=None)
    assert list(large_tensors(inside)) == []
    assert take_out(inside, [])[0] == inside


def change(path, **entries):
    save_checkpoint({**torch.load(path), **entries}, path)


def spoil(what, path, files):
    said = torch.load(path)[PARTS]
    first = torch.load(files[0])
    if what == 'gone':
        files[1].unlink()
    elif what == 'folder gone':
        parts_folder(path).rename(path.with_name('elsewhere'))
    elif what == 'cut off':
        files[0].write_bytes(files[0].read_bytes()[:-40])
    elif what == 'a bit':
        content = bytearray(files[0].read_bytes())
        content[len(content) // 2] ^= 4
        files[0].write_bytes(content)
    elif what == 'another writing':
        change(files[0], tag='t2')
    elif what == 'no part':
        save_checkpoint(dict(state_dict={}), files[0])
    elif what == 'another place':
        change(files[0], tensors=[(('state_dict', 'new'), torch.ones(1))])
    elif what == 'a deeper place':
        change(files[0], tensors=[(('meta', 'epoch', 'x'), torch.ones(1))])
    elif what == 'no place':
        change(files[0], tensors=[((), torch.ones(1))])
    elif what == 'no pair':
        change(files[0], tensors=[3])
    elif what == 'no tensor':
        change(files[0], tensors=[(first['tensors'][0][0], 'text')])
    elif what == 'too few':
        change(files[0], tensors=first['tensors'][:-1])
    elif what == 'twice':
        change(path, **{PARTS: dict(said, files=[files[0].name, files[0].name])})
    elif what == 'another folder':
        change(path, **{PARTS: dict(said, files=['../../secret-1-of-2.pth'])})
    elif what == 'no names':
        change(path, **{PARTS: dict(said, files=[1])})


@pytest.mark.parametrize(
    ('what', 'told'),
    [
        ('gone', r'1 of its 2 parts are not there \(.*t1-2-of-2.pth\). Keep the folder epoch_3.parts beside it'),
        ('folder gone', '2 of its 2 parts are not there .* tools/misc/publish_model.py'),
        ('cut off', 't1-1-of-2.pth: the file is cut off or damaged'),
        ('a bit', 't1-1-of-2.pth: the file is cut off or damaged'),
        ('another writing', 't1-1-of-2.pth: is not the part that .*epoch_3.pth names'),
        ('no part', 't1-1-of-2.pth: is not the part'),
        ('another place', 'has a tensor that the checkpoint has no place for'),
        ('a deeper place', 'has a tensor that the checkpoint has no place for'),
        ('no place', 'has a tensor that the checkpoint has no place for'),
        ('no pair', 'has a tensor that the checkpoint has no place for'),
        ('no tensor', 'has a tensor that the checkpoint has no place for'),
        ('too few', 'its parts have 5 of 6 tensors'),
        ('twice', 'has a tensor that the checkpoint has no place for'),
        ('another folder', 'epoch_3.pth: its list of parts is damaged'),
        ('no names', 'epoch_3.pth: its list of parts is damaged'),
    ],
)
def test_parts_that_are_not_what_they_should_be(tmp_path, what, told):
    path = tmp_path / 'epoch_3.pth'
    spoil(what, path, write(path, a_checkpoint()))
    with pytest.raises(CheckpointError, match=told):
        load_state_dict_file(path)


def test_the_file_to_name_is_said(tmp_path):
    path = tmp_path / 'epoch_3.pth'
    file, _ = write(path, a_checkpoint())
    with pytest.raises(CheckpointError, match=f'is a part of a sharded checkpoint. .* them: {path}'):
        load_state_dict_file(file)
    with pytest.raises(CheckpointError, match=f'has the parts of a sharded checkpoint. .* them: {path}'):
        load_state_dict_file(parts_folder(path))


def test_a_checkpoint_goes_with_its_parts(tmp_path):
    for name in ('epoch_3.pth', 'epoch_4.pth'):
        write(tmp_path / name, a_checkpoint())
    remove_checkpoint(tmp_path / 'epoch_3.pth')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['epoch_4.parts', 'epoch_4.pth']
    remove_checkpoint(tmp_path / 'epoch_3.pth')  # it is gone: nothing to do


def test_parts_that_a_kill_left_are_removed(tmp_path):
    for name in ('epoch_3.pth', 'epoch_4.pth'):
        write(tmp_path / name, a_checkpoint())
    (tmp_path / 'epoch_3.pth').unlink()
    remove_orphans(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['epoch_4.parts', 'epoch_4.pth']
    load_state_dict_file(tmp_path / 'epoch_4.pth')


def test_parts_of_one_writing_go_and_others_stay(tmp_path):
    path = tmp_path / 'epoch_3.pth'
    old, new = write(path, a_checkpoint(), tag='t1'), write(path, a_checkpoint(2.0), tag='t2')
    remove_unnamed_parts(path, 't2')  # the checkpoint names them: it is complete
    assert all(part.exists() for part in (*old, *new))
    remove_other_parts(path, 't2')
    assert [part.exists() for part in (*old, *new)] == [False, False, True, True]
    third = write(tmp_path / 'other.pth', a_checkpoint(), tag='t3')
    for part in third:
        part.rename(new[0].with_name(part.name))
    remove_unnamed_parts(path, 't3')
    assert sorted(parts_folder(path).iterdir()) == new
    path.unlink()
    remove_unnamed_parts(path, 't2')
    assert not list(parts_folder(path).iterdir())
