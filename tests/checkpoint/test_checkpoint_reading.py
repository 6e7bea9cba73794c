"""Reading checkpoint files: what loads, what is refused, what the errors say."""

import argparse
import collections
import contextlib
import datetime
import io
import os
import pathlib
import pickle
import sys
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file
from mmpose_dark.checkpoint.reading import _names_in


class RunsCode:
    """Pickles as a call of ``os.system`` that would make the file ``witness``."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f'touch {self.witness}',)


class Unknown:
    pass


def saved(tmp_path, content, name='x.pth', **kwargs):
    path = tmp_path / name
    torch.save(content, path, **kwargs)
    return path


HARMLESS = dict(
    float64=np.float64(0.7),
    float32=np.float32(1.5),
    int64=np.int64(-3),
    bool=np.bool_(True),
    complex=np.complex128(1 + 2j),
    string=np.str_('AP'),
    array=np.arange(6).reshape(2, 3),
    fortran=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    scalar_array=np.array(2.5),
    empty=np.zeros((0, 2)),
    big_endian=np.array([1.5, -2.0], '>f8'),
    strings=np.array(['nose', 'eye']),
    objects=np.array([1, 'a', None], dtype=object),
    dtype=np.dtype('f4'),
    type=np.float32,
    ordered=collections.OrderedDict(a=1),
    counter=collections.Counter('aab'),
    defaultdict=collections.defaultdict(list, {'a': [1]}),
    deque=collections.deque([1, 2, 3], 3),
    datetime=datetime.datetime(2020, 7, 9, 1, 2, 3),
    config=ConfigDict(a=dict(b=1)),
    namespace=argparse.Namespace(lr=0.1),
    set={1, 2},
    frozen=frozenset([1]),
    bytes=b'abc',
    no_bytes=b'',
    slice=slice(1, 2),
    big=2**100,
    nested=[(np.float64(1), [np.ones(2)])],
)


def equal(a, b):
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype.newbyteorder(a.dtype.byteorder) and np.array_equal(a, b)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
@pytest.mark.parametrize('name', HARMLESS)
def test_harmless_values_come_back_equal(tmp_path, name, zipped):
    value = HARMLESS[name]
    path = saved(tmp_path, {'meta': {name: value}}, _use_new_zipfile_serialization=zipped)
    back = load_state_dict_file(path)['meta'][name]
    assert equal(value, back)
    if name not in ('config',):
        assert type(back) is type(value)


def test_deque_and_defaultdict_keep_their_limits(tmp_path):
    back = load_state_dict_file(saved(tmp_path, {k: HARMLESS[k] for k in ('deque', 'defaultdict')}))
    assert back['deque'].maxlen == 3
    assert back['defaultdict']['new'] == []


def test_history_buffer_goes_on_counting(tmp_path):
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    back = load_state_dict_file(saved(tmp_path, dict(log=buffer, same=buffer)))
    assert back['log'] is back['same']
    back['log'].update(5.0)
    assert back['log'].mean() == 3.0
    assert back['log'].statistics('max') == 5.0
    assert back['log'].data[1].tolist() == [1, 1, 1]


def test_arrays_are_writable_and_shared_ones_stay_shared(tmp_path):
    array = np.zeros(3)
    back = load_state_dict_file(saved(tmp_path, dict(a=array, b=[array])))
    back['a'][0] = 1
    assert back['b'][0] is back['a']


@pytest.mark.parametrize('core', ['numpy.core', 'numpy._core'])
@pytest.mark.parametrize('zipped', [True, False])
def test_files_of_numpy_1_and_2(tmp_path, core, zipped):
    path = saved(tmp_path, dict(best=np.float64(0.5), sigmas=np.arange(3.0)), _use_new_zipfile_serialization=zipped)
    written = next(n for n in _names_in(path) if n.endswith('multiarray.scalar')).removesuffix('.multiarray.scalar')
    renamed = rewritten(path, lambda data: data.replace(f'c{written}.multi'.encode(), f'c{core}.multi'.encode()))
    assert any(n.startswith(core + '.') for n in _names_in(renamed))
    back = load_state_dict_file(renamed)
    assert back['best'] == 0.5
    assert back['sigmas'].tolist() == [0, 1, 2]


def rewritten(path, change):
    """Copy a checkpoint with its pickle changed."""
    new = path.with_name('changed-' + path.name)
    if not zipfile.is_zipfile(path):
        new.write_bytes(change(path.read_bytes()))
        return new
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, 'w', zipfile.ZIP_STORED) as out:
        for member in old.namelist():
            data = old.read(member)
            out.writestr(member, change(data) if member.endswith('data.pkl') else data)
    return new


@pytest.mark.parametrize('kind', ['zip', 'legacy', 'protocol 4', 'plain pickle', 'inside array', 'inside history'])
def test_code_is_refused_and_does_not_run(tmp_path, kind):
    witness = tmp_path / 'witness'
    evil = RunsCode(witness)
    path = tmp_path / 'evil.pth'
    content = {'state_dict': {'a': torch.ones(2)}, 'meta': evil}
    if kind == 'plain pickle':
        path.write_bytes(pickle.dumps(content))
    elif kind == 'inside array':
        torch.save(dict(a=np.array([evil], dtype=object)), path)
    elif kind == 'inside history':
        buffer = HistoryBuffer([1.0], [1])
        buffer.extra = evil
        torch.save(dict(a=buffer), path)
    else:
        torch.save(
            content,
            path,
            _use_new_zipfile_serialization=kind != 'legacy',
            pickle_protocol=4 if kind == 'protocol 4' else 2,
        )
    with pytest.raises(CheckpointError, match=r'(?s)evil\.pth: refused.*(posix|nt)\.system'):
        load_state_dict_file(path)
    assert not witness.exists()
    if kind != 'plain pickle':  # the file would have worked: the witness is a real one
        torch.load(path, weights_only=False)
        assert witness.exists()


def test_an_unknown_class_is_named(tmp_path):
    path = saved(tmp_path, dict(a=Unknown()))
    with pytest.raises(CheckpointError, match=r'test_checkpoint_reading\.Unknown'):
        load_state_dict_file(path)


def test_what_the_user_allows_is_read_and_stays_allowed(tmp_path):
    path = saved(tmp_path, dict(a=Unknown(), b=np.float64(1)))
    before = set(torch.serialization.get_safe_globals())
    torch.serialization.add_safe_globals([Unknown, np.dtype])
    try:
        assert isinstance(load_state_dict_file(path)['a'], Unknown)
        assert set(torch.serialization.get_safe_globals()) == before | {Unknown, np.dtype}
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(list(before))
    with pytest.raises(CheckpointError):
        load_state_dict_file(path)


def test_nothing_stays_allowed(tmp_path):
    load_state_dict_file(saved(tmp_path, dict(a=np.float64(1))))
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'x.pth', weights_only=True)


class Forged:
    """Pickles as a call of ``function`` with ``arguments`` and an optional state."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments, *([] if state is None else [state]))

    def __reduce__(self):
        return self.parts


scalar = np.float64(1).__reduce__()[0]
reconstruct = np.ones(1).__reduce__()[0]


@pytest.mark.parametrize(
    'forged',
    [
        Forged(getattr, HistoryBuffer, '__init__'),
        Forged(getattr, np.ndarray, 'tofile'),
        Forged(getattr, dict, 'mean'),
        Forged(scalar, np.dtype('f8'), b'\0' * 4),
        Forged(scalar, np.dtype('O'), b'\0' * 8),
        Forged(scalar, Forged(np.dtype, 'O8', False, True, state=(3, '|', None, None, None, -1, -1, 0)), b'\1' * 8),
        Forged(np.dtype, 'f8,i4'),
        Forged(np.dtype, 'V8'),
        Forged(reconstruct, dict, (0,), b'b'),
        Forged(
            reconstruct, np.ndarray, (0,), b'b', state=(1, (10**15,), np.dtype('f8'), False, b'\0' * 8)
        ),
        Forged(reconstruct, np.ndarray, (0,), b'b', state=(1, (-1,), np.dtype('f8'), False, b'')),
        Forged(collections.defaultdict, np.dtype),
    ],
)  # fmt: skip
def test_forged_arguments_are_refused(tmp_path, forged):
    with pytest.raises(CheckpointError, match=r'x\.pth: '):
        load_state_dict_file(saved(tmp_path, dict(a=forged)))


def test_a_history_that_redefines_statistics_changes_nothing(tmp_path):
    class Changed(HistoryBuffer):
        def __getstate__(self):
            return dict(self.__dict__, statistics_methods=dict(mean=dict))

    Changed.__module__, Changed.__qualname__ = HistoryBuffer.__module__, 'HistoryBuffer'
    stream = io.BytesIO()
    original, sys.modules[HistoryBuffer.__module__].HistoryBuffer = HistoryBuffer, Changed
    try:
        torch.save(dict(a=Changed([2.0], [1])), stream)
    finally:
        sys.modules[HistoryBuffer.__module__].HistoryBuffer = original
    path = tmp_path / 'x.pth'
    path.write_bytes(stream.getvalue())
    assert load_state_dict_file(path)['a'].statistics('mean') == 2.0
    assert HistoryBuffer._statistics_methods['mean'] is HistoryBuffer.mean


@pytest.mark.parametrize(
    ('content', 'says'),
    [
        (b'', r'is empty \(0 bytes\)'),
        (b'<!DOCTYPE html><html><body>Sign in</body>', 'a web page'),
        (b'\n  <HTML>', 'a web page'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:1', 'git lfs pull'),
        (b'\x1f\x8b\x08abc', 'gzip'),
        (b'\x10\0\0\0\0\0\0\0{"a":{"dtype":"F32"}}', 'safetensors'),
        (b'epoch 1 loss 0.5\n', "starts with b'epoch 1 loss"),
        (b'PK\x05\x06' + b'\0' * 18, 'cannot be read as a checkpoint'),
        (b'\x80\x02', 'cut off'),
    ],
)
def test_what_is_no_checkpoint(tmp_path, content, says):
    path = tmp_path / 'x.pth'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf'x\.pth: .*{says}'):
        load_state_dict_file(path)


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
@pytest.mark.parametrize('share', [0.02, 0.3, 0.7, 0.99])
def test_cut_off(tmp_path, zipped, share):
    content = dict(state_dict={f'layer{i}.weight': torch.randn(30, 30) for i in range(20)})
    path = saved(tmp_path, content, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match=r'x\.pth: .*cut off'):
        load_state_dict_file(path)


def test_other_damage_is_a_checkpoint_error(tmp_path):
    path = saved(tmp_path, dict(state_dict={'a': torch.ones(10), 'b': torch.ones(1)}))
    data = bytearray(path.read_bytes())
    for start in range(0, len(data), 37):
        damaged = data.copy()
        damaged[start : start + 8] = b'\xff' * 8
        (tmp_path / 'bad.pth').write_bytes(damaged)
        with contextlib.suppress(CheckpointError):  # damaged numbers are not seen; no other error gets out
            load_state_dict_file(tmp_path / 'bad.pth')


def test_other_kinds_of_file(tmp_path):
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(tmp_path / 'script.pth'))
    with pytest.raises(CheckpointError, match='TorchScript'):
        load_state_dict_file(tmp_path / 'script.pth')
    with pytest.raises(CheckpointError, match='holds a list'):
        load_state_dict_file(saved(tmp_path, [torch.ones(1)]))
    with pytest.raises(CheckpointError, match='Linear'):
        load_state_dict_file(saved(tmp_path, torch.nn.Linear(2, 2)))
    with tarfile.open(tmp_path / 'old.tar', 'w') as archive:
        archive.add(tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match=r'old\.tar: '):
        load_state_dict_file(tmp_path / 'old.tar')


def test_missing_files(tmp_path):
    saved(tmp_path, dict(a=torch.ones(1)), 'epoch_10.pth')
    with pytest.raises(CheckpointError, match=r'did you mean epoch_10\.pth'):
        load_state_dict_file(tmp_path / 'epoch_1O.pth')
    with pytest.raises(CheckpointError, match=r'the folder .*nowhere does not exist'):
        load_state_dict_file(tmp_path / 'nowhere' / 'a.pth')
    with pytest.raises(CheckpointError, match=r'is a folder. Name the file: epoch_10\.pth'):
        load_state_dict_file(tmp_path)


def test_unreadable_file(tmp_path):
    path = saved(tmp_path, dict(a=torch.ones(1)))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip('runs as a user who may read everything')
    with pytest.raises(CheckpointError, match='cannot be read'):
        load_state_dict_file(path)


def test_paths_from_either_system(tmp_path):
    back = load_state_dict_file(saved(tmp_path, dict(p=pathlib.Path('/data/coco'))))
    assert back['p'].as_posix() == '/data/coco'


def test_what_an_mmengine_runner_wrote(tmp_path):
    """A file of the runner itself: log buffers, NumPy numbers, schedulers, dataset definitions."""
    from mmengine.model import BaseModel
    from mmengine.runner import Runner
    from torch.utils.data import Dataset

    class Numbers(Dataset):
        metainfo = dict(classes=('person',), sigmas=np.array([0.1, 0.2]), flip=[0, 2, 1])  # noqa: RUF012

        def __len__(self):
            return 4

        def __getitem__(self, index):
            return dict(x=torch.full((2,), float(index)))

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(2, 1)

        def forward(self, x, mode='tensor'):
            return dict(loss=self.linear(torch.stack(x)).square().mean())

    loader = dict(dataset=Numbers(), batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False))
    runner = Runner(
        Model(),
        str(tmp_path),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1]),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2)),
        experiment_name=f'checkpoint_reading_{os.getpid()}',
        log_level='ERROR',
    )
    runner.train()
    path = tmp_path / 'epoch_2.pth'
    back, trusted = load_state_dict_file(path), torch.load(path, weights_only=False)
    assert back.keys() == trusted.keys()
    log, wanted = (c['message_hub']['log_scalars']['train/loss'] for c in (back, trusted))
    assert type(log) is HistoryBuffer
    np.testing.assert_array_equal(log.data[0], wanted.data[0])
    info, wanted = (c['message_hub']['runtime_info'] for c in (back, trusted))
    assert info.keys() == wanted.keys()
    assert info['last_ckpt'] == wanted['last_ckpt']
    assert back['param_schedulers'] == trusted['param_schedulers']
    np.testing.assert_array_equal(back['meta']['dataset_meta']['sigmas'], [0.1, 0.2])
    runner.message_hub.load_state_dict(back['message_hub'])
    runner.optim_wrapper.load_state_dict(back['optimizer'])
    runner.model.load_state_dict(back['state_dict'])
