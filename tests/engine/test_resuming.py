"""Resuming with another config: what changed is followed, or refused by name, and no iteration is left out."""

import json
import os
from pathlib import Path

import pytest
import torch
from toy_runs import BY_ITER, NO_VAL, Watch

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint
from mmpose_dark.engine import find_latest_checkpoint


def train(make_runner, folder='run', *, stop=None, at='after_train_iter', caplog=None, **changes):
    runner, watch = make_runner(folder, **changes), Watch(stop, at)
    runner.register_hook(watch)
    if caplog is not None:
        runner.logger.addHandler(caplog.handler)
    if stop is None:
        runner.train()
    else:
        with pytest.raises(KeyboardInterrupt):
            runner.train()
    return runner, watch


def weights(runner, name):
    return load_state_dict_file(os.path.join(runner.work_dir, name))['state_dict']


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ('change', 'batches'),
    [
        ({'train_dataloader.batch_size': 12}, 2),
        ({'train_dataloader.batch_size': 2}, 12),
        ({'train_dataloader.batch_size': 5}, 5),
        ({'train_dataloader.dataset.size': 60}, 15),
        ({'train_dataloader.dataset.size': 7}, 2),
    ],
)
def test_an_epochs_checkpoint_goes_on_with_the_next_epoch(make_runner, caplog, change, batches):
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    runner, watch = train(make_runner, resume=True, caplog=caplog, **{'train_cfg.max_epochs': 3}, **NO_VAL, **change)
    size = change.get('train_dataloader.dataset.size', 24)
    for epoch in (1, 2):
        assert sorted(i for e, i in watch.seen if e == epoch) == list(range(size))
    assert (runner.epoch, runner.iter) == (3, 3 * batches)
    name = next(iter(change)).rpartition('.')[2]
    assert {'batch_size': 'samples an iteration: 4 -> ', 'size': 'length of the training dataset: 24 -> '}[
        name
    ] in caplog.text


def test_a_checkpoint_that_does_not_know_its_batches(make_runner):
    """Of mmengine, or an earlier version: an epoch's length is found in the message hub."""
    runner, _ = train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    path = os.path.join(runner.work_dir, 'epoch_1.pth')
    checkpoint = load_state_dict_file(path)
    del checkpoint['meta']['position'], checkpoint['meta']['optimizer_type']
    save_checkpoint(checkpoint, path)
    changes = {'train_cfg.max_epochs': 2, 'train_dataloader.batch_size': 12, **NO_VAL}
    _, watch = train(make_runner, resume=True, **changes)
    assert sorted(i for _, i in watch.seen) == list(range(24))
    checkpoint['meta']['iter'] = 8
    save_checkpoint(checkpoint, path)
    os.remove(os.path.join(runner.work_dir, 'last_checkpoint'))
    os.remove(os.path.join(runner.work_dir, 'epoch_2.pth'))
    with pytest.raises(CheckpointError, match=r'inside an epoch.*iterations an epoch: 6 -> 2'):
        make_runner(resume=True, **changes).train()


@pytest.mark.parametrize('batch', [2, 4, 8, 3])
@pytest.mark.parametrize('stop', [6, 7, 9, 12, 13])
def test_progress_inside_an_epoch_is_kept_in_samples(make_runner, batch, stop):
    """An epoch has 6 iterations of 4 samples. The 6th and 12th are the last of theirs, and nothing is left of it.

    After the 7th, three batches of 8 are left, as many as in a whole epoch of such batches.
    """
    _, first = train(make_runner, stop=stop, **BY_ITER)
    changes = {'train_cfg.max_epochs': 3, 'train_dataloader.batch_size': batch, **BY_ITER}
    _, second = train(make_runner, resume=True, **changes)
    for epoch in range(3):
        assert sorted(i for e, i in first.seen + second.seen if e == epoch) == list(range(24)), epoch


def test_the_last_checkpoint_of_an_epoch_goes_on_with_other_data(make_runner):
    train(make_runner, stop=6, **BY_ITER)
    _, second = train(make_runner, resume=True, **{'train_dataloader.dataset.size': 30}, **BY_ITER)
    for epoch in (1, 2):
        assert sorted(i for e, i in second.seen if e == epoch) == list(range(30))
    assert {e for e, _ in second.seen} == {1, 2}


@pytest.mark.parametrize('stop', [5, 6, 7, 12])
def test_schedules_and_weights_go_on_at_the_end_of_an_epoch(make_runner, stop):
    """Schedules of epochs are stepped behind the last iteration's checkpoint."""
    whole, all_of_it = train(make_runner, 'whole', **BY_ITER)
    train(make_runner, 'cut', stop=stop, **BY_ITER)
    cut, rest = train(make_runner, 'cut', resume=True, **BY_ITER)
    assert rest.rates == all_of_it.rates[stop:]
    assert_same(weights(whole, 'iter_18.pth'), weights(cut, 'iter_18.pth'))


def test_a_second_resume_inside_the_same_epoch(make_runner):
    _, first = train(make_runner, stop=9, **BY_ITER)
    _, second = train(make_runner, resume=True, stop=14, **{'train_dataloader.batch_size': 3}, **BY_ITER)
    _, third = train(
        make_runner, resume=True, **{'train_cfg.max_epochs': 2, 'train_dataloader.batch_size': 5}, **BY_ITER
    )
    seen = [i for epoch, i in first.seen + second.seen + third.seen if epoch == 1]
    assert sorted(seen) == list(range(24))


def test_progress_inside_an_epoch_of_other_data_is_refused(make_runner):
    train(make_runner, stop=9, **BY_ITER)
    with pytest.raises(
        CheckpointError, match=r'iter_9\.pth: .*inside an epoch.*length of the training dataset: 24 -> 30'
    ):
        make_runner(resume=True, **{'train_dataloader.dataset.size': 30}, **BY_ITER).train()


@pytest.mark.parametrize('stop', [4, 7, 8])
@pytest.mark.parametrize('amp', [{}, {'optim_wrapper.type': 'AmpOptimWrapper'}], ids=['float32', 'bfloat16'])
def test_sums_of_gradients_survive(make_runner, stop, amp):
    changes = {'optim_wrapper.accumulative_counts': 5, 'train_cfg.max_epochs': 2, **BY_ITER, **amp}
    whole, _ = train(make_runner, 'whole', **changes)
    train(make_runner, 'cut', stop=stop, **changes)
    resumed, _ = train(make_runner, 'cut', resume=True, **changes)
    assert_same(weights(whole, 'iter_12.pth'), weights(resumed, 'iter_12.pth'))


def test_a_longer_schedule_is_followed(make_runner, caplog):
    def cosine(epochs):
        return {
            'train_cfg.max_epochs': epochs,
            'param_scheduler': [
                dict(type='LinearLR', begin=0, end=4, start_factor=0.1, by_epoch=False),
                dict(type='CosineAnnealingLR', T_max=epochs, by_epoch=True),
            ],
        }

    _, whole = train(make_runner, 'whole', **cosine(5), **NO_VAL)
    train(make_runner, **cosine(2), **NO_VAL)
    _, resumed = train(make_runner, resume=True, caplog=caplog, **cosine(5), **NO_VAL)
    assert resumed.rates == pytest.approx(whole.rates[12:], abs=0)
    assert 'param_scheduler.1.T_max: 2 -> 5' in caplog.text


def test_another_learning_rate_and_weight_decay_are_followed(make_runner, caplog):
    changes = {'optim_wrapper.optimizer.lr': 0.1, 'optim_wrapper.optimizer.weight_decay': 0.5}
    _, whole = train(make_runner, 'whole', **changes, **NO_VAL)
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    runner, resumed = train(make_runner, resume=True, caplog=caplog, **changes, **NO_VAL)
    assert resumed.rates == pytest.approx(whole.rates[6:], abs=0)
    assert runner.optim_wrapper.param_groups[0]['weight_decay'] == 0.5
    assert 'optim_wrapper.optimizer.lr: 0.01 -> 0.1' in caplog.text
    assert 'optim_wrapper.optimizer.weight_decay: 0 -> 0.5' in caplog.text


@pytest.mark.parametrize('schedules', [None, [dict(type='MultiStepLR', milestones=[2], by_epoch=True)]])
def test_fewer_schedules_are_followed(make_runner, caplog, schedules):
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    changes = {'param_scheduler': schedules, 'train_cfg.max_epochs': 3}
    _, resumed = train(make_runner, resume=True, caplog=caplog, **changes, **NO_VAL)
    assert resumed.rates == pytest.approx([0.01] * 6 + [0.01 if schedules is None else 0.001] * 6)
    assert 'param_scheduler: 2 schedules -> ' in caplog.text


def test_the_warm_up_counts_the_iterations_of_the_new_batches(make_runner):
    changes = {'train_dataloader.batch_size': 2, 'train_cfg.max_epochs': 2}
    _, whole = train(make_runner, 'whole', **changes, **NO_VAL)
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    _, resumed = train(make_runner, resume=True, **changes, **NO_VAL)
    assert resumed.rates == pytest.approx(whole.rates[12:], abs=0)


@pytest.mark.parametrize(
    'optimizer', [dict(type='SGD', lr=0.1, momentum=0.9), dict(type='AdamW', lr=0.01), dict(type='RMSprop', lr=0.01)]
)
def test_another_optimizer_is_refused_by_name(make_runner, optimizer):
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    changes = {'optim_wrapper': dict(_delete_=True, optimizer=optimizer)}
    with pytest.raises(CheckpointError, match=f'optim_wrapper.optimizer.type: Adam -> {optimizer["type"]}.*load_from='):
        make_runner(resume=True, **changes, **NO_VAL).train()


def test_other_groups_of_parameters_are_refused(make_runner):
    train(make_runner, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    changes = {'optim_wrapper.paramwise_cfg': dict(custom_keys={'conv1': dict(lr_mult=0.1)})}
    with pytest.raises(CheckpointError, match='paramwise_cfg'):
        make_runner(resume=True, **changes, **NO_VAL).train()


@pytest.mark.parametrize('lr', [None, 0.1])
def test_groups_of_parameters_go_on(make_runner, caplog, lr):
    """Beside several groups, mmengine's wrapper has a further one of its own."""
    groups = {'optim_wrapper.paramwise_cfg': dict(custom_keys={'conv1': dict(lr_mult=0.1)})}
    changes = groups | ({'optim_wrapper.optimizer.lr': lr} if lr else {})
    whole, watched = train(make_runner, 'whole', **changes, **NO_VAL)
    train(make_runner, **groups, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    runner, resumed = train(make_runner, resume=True, caplog=caplog, **changes, **NO_VAL)
    assert resumed.rates == pytest.approx(watched.rates[6:], abs=0)
    rates = [[group['lr'] for group in r.optim_wrapper.param_groups] for r in (whole, runner)]
    assert rates[0] == rates[1]
    assert len(set(rates[0])) == 2
    if lr is None:
        assert_same(weights(whole, 'epoch_3.pth'), weights(runner, 'epoch_3.pth'))


def test_fewer_epochs_are_said(make_runner, caplog):
    train(make_runner, **{'train_cfg.max_epochs': 2}, **NO_VAL)
    _, watch = train(make_runner, resume=True, caplog=caplog, **{'train_cfg.max_epochs': 1}, **NO_VAL)
    assert watch.seen == []
    assert 'nothing is left to train, train_cfg has max_epochs=1' in caplog.text


def test_an_unchanged_config_says_nothing(make_runner, caplog):
    train(make_runner, stop=15)
    train(make_runner, resume=True, caplog=caplog)
    assert 'another' not in caplog.text
    assert 'other data' not in caplog.text


@pytest.mark.parametrize('epoch', [1, 2, 3])
def test_a_validation_that_a_kill_prevented_is_made_up_for(make_runner, epoch):
    whole, _ = train(make_runner, 'whole')
    cut, _ = train(make_runner, stop=epoch, at='before_val_epoch')
    assert find_latest_checkpoint(cut.work_dir).endswith(f'epoch_{epoch}.pth')
    resumed, _ = train(make_runner, resume=True)

    def errors(runner):
        return [float(v) for v in runner.message_hub.get_scalar('val/toy/error').data[0]]

    assert errors(resumed) == errors(whole)
    best = [sorted(n for n in os.listdir(r.work_dir) if n.startswith('best')) for r in (whole, resumed)]
    assert best[0] == best[1]
    assert_same(weights(whole, 'epoch_3.pth'), weights(resumed, 'epoch_3.pth'))
    assert json.loads(Path(resumed.work_dir, 'last_validation.json').read_text())['iter'] == 18


def test_a_validation_is_not_made_twice(make_runner):
    train(make_runner, stop=15)
    resumed, _ = train(make_runner, resume=True)
    assert len(resumed.message_hub.get_scalar('val/toy/error').data[0]) <= 3
