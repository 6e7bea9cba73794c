"""Training by two processes: a NaN of one ends both, and resuming with another number of them loses no sample."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from mmpose_dark.checkpoint import load_state_dict_file
from mmpose_dark.engine.state import to_plain

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / 'tests' / 'engine' / 'toy_config.py'
PATHS = f'{ROOT / "tests" / "engine"}:{ROOT / "tests" / "helpers"}'
CONFIG = f"""
_base_ = {str(TOY)!r}
custom_imports = dict(imports=['toy_parts', 'rank_parts'])
custom_hooks = [dict(type='SyncBuffersHook'), dict(type='NoteHook'), dict(type='SpoilHook'), dict(type='PartHook')]
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(save_best=None))
val_cfg = val_dataloader = val_evaluator = None
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def train(run_tool, tmp_path):
    """Train the toy network: train('run', 2, 'train_cfg.max_epochs=1', resume=True, STOP_AT='3')."""

    def start(folder, processes, *options, words=(), resume=False, status=0, **variables):
        seen = tmp_path / f'{folder}_{"second" if resume else "first"}'
        seen.mkdir(exist_ok=True)
        config = tmp_path / 'config.py'
        config.write_text(CONFIG)
        words = ['--device', 'cpu', '--work-dir', tmp_path / folder, *words, *(['--resume'] if resume else [])]
        script = ['dist_train.sh', config, processes] if processes > 1 else ['train.py', config]
        changes = ['--cfg-options', *options] if options else []
        variables |= dict(SEEN=str(seen), PYTHONPATH=PATHS)
        output = run_tool(*script, *words, *changes, status=status, **variables)
        noted = [json.loads(line) for path in sorted(seen.glob('*.jsonl')) for line in path.read_text().splitlines()]
        return tmp_path / folder, noted, output

    return start


def samples(noted, epoch):
    return Counter(i for e, _, ids in noted for i in ids if e == epoch)


def weights(path):
    return load_state_dict_file(path)['state_dict']


@pytest.mark.parametrize('rank', [0, 1])
@pytest.mark.parametrize('iteration', [4, 6])
def test_a_nan_of_one_process_ends_both(train, rank, iteration):
    """Iteration 4 is the first of the second epoch, 6 its last, after which a checkpoint is due."""
    folder, _, output = train('run', 2, SPOIL=f'{rank},{iteration}', status=2)
    told = [line for line in output.splitlines() if 'error: ' in line]
    assert len(told) == 1, output
    assert f'in iteration {iteration} (epoch 2), batch of ' in told[0]
    assert f'Last good checkpoint: {folder / "epoch_1.pth"}' in told[0]
    assert 'Traceback' not in output
    assert sorted(path.name for path in folder.glob('*.pth')) == ['epoch_1.pth']
    assert all(value.isfinite().all() for value in weights(folder / 'epoch_1.pth').values())
    _, noted, _ = train('run', 2, resume=True)
    assert samples(noted, 1) == samples(noted, 2) == Counter(range(24))


def test_going_on_past_a_nan_of_one_process_overwrites_nothing(train):
    folder, _, output = train('run', 2, words=['--allow-non-finite'], SPOIL='1,5')
    assert sorted(path.name for path in folder.glob('*.pth')) == ['epoch_1.pth']
    assert all(value.isfinite().all() for value in weights(folder / 'epoch_1.pth').values())
    assert 'NaN' in output or 'nan' in output


@pytest.mark.parametrize(('before', 'after', 'batch'), [(2, 1, 4), (1, 2, 4), (2, 1, 3), (1, 2, 6), (2, 2, 6)])
def test_an_epochs_checkpoint_resumes_at_its_epoch(train, before, after, batch):
    _, first, _ = train('run', before, 'train_cfg.max_epochs=1')
    _, second, _ = train(
        'run', after, 'train_cfg.max_epochs=3', f'train_dataloader.batch_size={batch}', resume=True
    )  # fmt: skip
    assert samples(first, 0) == samples(second, 1) == samples(second, 2) == Counter(range(24))
    assert {epoch for epoch, _, _ in second} == {1, 2}
    assert max(i for _, i, _ in second) == 3 * -(-24 // (batch * after))


INSIDE = ('default_hooks.checkpoint.by_epoch=False', 'train_cfg.max_epochs=2')


@pytest.mark.parametrize(('before', 'after', 'batch'), [(2, 1, 4), (1, 2, 4), (2, 1, 5), (1, 2, 3), (2, 2, 2)])
def test_progress_inside_an_epoch_is_carried_over(train, before, after, batch):
    """Eight of the second epoch's samples are done where the first training ends."""
    stop = 24 // (4 * before) + 8 // (4 * before)
    _, first, _ = train('run', before, *INSIDE, STOP_AT=str(stop))
    _, second, _ = train('run', after, *INSIDE, f'train_dataloader.batch_size={batch}', resume=True)
    assert samples(first, 1).total() == 8
    assert samples(first, 1) + samples(second, 1) == Counter(range(24))
    assert {epoch for epoch, _, _ in second} == {1}


def test_progress_that_cannot_be_dealt_is_refused_by_name(train):
    """Three samples of one process are none of two."""
    folder, _, _ = train('run', 1, *INSIDE, 'train_dataloader.batch_size=3', STOP_AT='9')
    _, noted, output = train('run', 2, *INSIDE, resume=True, status=2)
    (told,) = [line for line in output.splitlines() if 'error: ' in line]
    assert f'{folder / "iter_9.pth"}: was taken inside an epoch' in told
    assert 'processes: 1 -> 2' in told
    assert '(3 samples cannot be dealt to 2 processes)' in told
    assert noted == []


@pytest.mark.parametrize('stop', [4, 5])
def test_sums_of_gradients_survive_on_two_processes(train, stop):
    """To the bit: each process's own sums are in the checkpoint, or the sum of all is."""
    options = (*INSIDE, 'optim_wrapper.accumulative_counts=4', 'model.dropout=0')
    whole, _, _ = train('whole', 2, *options)
    train('cut', 2, *options, STOP_AT=str(stop))
    cut, _, _ = train('cut', 2, *options, resume=True)
    one, other = weights(whole / 'iter_6.pth'), weights(cut / 'iter_6.pth')
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one), max(
        (one[name].double() - other[name].double()).abs().max() for name in one
    )


SHARDED = 'default_hooks.checkpoint.sharded=True'


def test_sharded_checkpoints_are_those_of_one_file(train, run_tool):
    """To the bit; with as many files as are kept, and gone on with by two processes, by one, and by the tools."""
    options = ('train_cfg.max_epochs=3', 'default_hooks.checkpoint.max_keep_ckpts=2')
    whole, _, _ = train('whole', 2, *options)
    train('cut', 2, *options, SHARDED, STOP_AT='7')
    sharded, _, _ = train('cut', 2, *options, SHARDED, resume=True)
    kept = ['epoch_2.parts', 'epoch_2.pth', 'epoch_3.parts', 'epoch_3.pth']
    assert sorted(path.name for path in sharded.glob('epoch_*')) == kept
    assert len(list((sharded / 'epoch_3.parts').iterdir())) == 2
    one, other = (load_state_dict_file(folder / 'epoch_3.pth') for folder in (whole, sharded))
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert to_plain(one[part]) == to_plain(other[part])
    _, noted, _ = train('cut', 1, 'train_cfg.max_epochs=4', SHARDED, resume=True)
    assert samples(noted, 3) == Counter(range(24))
    assert not (sharded / 'epoch_4.parts').exists()  # one process writes one file
    run_tool('misc/publish_model.py', sharded / 'epoch_3.pth', sharded / 'net')
    (published,) = sharded.glob('net-*.pth')
    torch.testing.assert_close(weights(published), other['state_dict'], rtol=0, atol=0)


def test_a_kill_while_shards_are_written_leaves_the_checkpoint_before(train):
    folder, _, output = train('run', 2, 'train_cfg.max_epochs=2', SHARDED, KILL_PART='1,2', status=137)
    assert 'Traceback' not in output
    assert [path.name for path in folder.glob('epoch_*.pth')] == ['epoch_1.pth']
    load_state_dict_file(folder / 'epoch_1.pth')
    _, noted, _ = train('run', 2, 'train_cfg.max_epochs=2', SHARDED, resume=True)
    assert samples(noted, 1) == Counter(range(24))
    kept = ['epoch_1.parts', 'epoch_1.pth', 'epoch_2.parts', 'epoch_2.pth']
    assert sorted(path.name for path in folder.glob('epoch_*')) == kept
    assert [len(list(path.iterdir())) for path in sorted(folder.glob('*.parts'))] == [2, 2]


def test_a_full_disk_of_one_process_is_one_line(train):
    folder, _, output = train('run', 2, 'train_cfg.max_epochs=2', SHARDED, FULL_PART='1,2', status=2)
    (told,) = [line for line in output.splitlines() if 'error: ' in line]
    assert 'epoch_2.parts' in told
    assert 'No space left' in told
    assert sorted(path.name for path in folder.glob('epoch_*.pth')) == ['epoch_1.pth']
    load_state_dict_file(folder / 'epoch_1.pth')
