"""Profiling: the clock with fake seconds, the sums, the advice, and the toy network's real loops."""

import dataclasses
import types

import pytest
import torch

from mmpose_dark.engine.profiling import (
    PHASES,
    LoaderSettings,
    PhaseClock,
    Profile,
    StepSettings,
    StepTimes,
    advise,
    format_table,
    profile_runner,
    run,
    summarize,
)


class FakeTime:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds

    def work(self, seconds):
        self.seconds += seconds


@pytest.fixture
def time():
    return FakeTime()


def test_each_phase_has_its_own_time_only(time):
    clock = PhaseClock(time)
    clock.start()
    with clock.phase('network'):
        time.work(3)
        with clock.phase('codec'):
            time.work(2)
            with clock.phase('network'):
                time.work(0.5)
        time.work(1)
    time.work(0.25)
    with clock.phase('loss'):
        time.work(4)
    step = clock.finish_step(8)
    assert step == StepTimes({'rest': 0.25, 'network': 4.5, 'codec': 2, 'loss': 4}, 8)
    time.work(7)
    assert clock.finish_step(1).seconds == {'rest': 7}  # what is between two steps belongs to the second


def test_an_error_in_a_phase_ends_it(time):
    clock = PhaseClock(time)
    clock.start()

    def fails():
        time.work(1)
        raise KeyError

    part = types.SimpleNamespace(fails=fails)
    clock.wrap(part, 'fails', 'network')
    with pytest.raises(KeyError):
        part.fails()
    time.work(2)
    assert clock.finish_step(1).seconds == {'rest': 2, 'network': 1}


def test_wrapping_counts_and_is_taken_away_again(time):
    class Part:
        def run(self, x, *, y):
            time.work(x)
            return y

    part, other = Part(), Part()
    part.run.__func__.mark = 'kept'
    clock = PhaseClock(time)
    undo = clock.wrap(part, 'run', 'codec')
    clock.start()
    assert (part.run(2, y='a'), other.run(3, y='b')) == ('a', 'b')
    assert part.run.mark == 'kept'
    assert clock.finish_step(1).seconds == {'rest': 3, 'codec': 2}
    undo()
    assert 'run' not in vars(part)
    own = part.run = lambda: time.work(1)
    clock.wrap(part, 'run', 'codec')()
    assert part.run is own


def test_the_device_is_waited_for_at_the_borders_only_while_active(time):
    waited = []
    clock = PhaseClock(time, synchronize=lambda: waited.append(1))
    clock.start()
    with clock.phase('network'):
        pass
    assert len(waited) == 3
    clock.active = False
    with clock.phase('network'):
        pass
    assert len(waited) == 3


def test_sums_add_up_and_bursts_count():
    steps = [StepTimes({'loader': wait, 'network': 0.03, 'backward': 0.05}, 4) for wait in (0, 0, 0.06)]
    rows = {row.phase: row for row in summarize(steps, 'train')}
    assert list(rows) == [*PHASES['train'], 'step']
    assert rows['loader'].median_ms == 0
    assert rows['loader'].mean_ms == pytest.approx(20)
    assert rows['loader'].share == pytest.approx(0.2)
    assert rows['step'].mean_ms == pytest.approx(100)
    assert rows['step'].ms_a_sample == pytest.approx(25)
    assert sum(rows[phase].share for phase in PHASES['train']) == pytest.approx(1)
    assert sum(rows[phase].ms_a_sample for phase in PHASES['train']) == pytest.approx(25)
    assert 'loader             0.0       20.0   20 %        5.000' in format_table(list(rows.values()))
    with pytest.raises(ValueError, match='no step'):
        summarize([], 'test')


GPU = StepSettings('train', 'cuda', 'float16', channels_last=True, cores=16, threads=8)
GOOD_LOADER = LoaderSettings(8, persistent=True, pinned=True, prefetch=2)


def profile(waiting, rate, *, settings=GPU, loader=GOOD_LOADER, **phases):
    """A profile of steps of 100 samples, 100 ms without what ``waiting`` and ``phases`` say in ms."""
    left = 100 - sum(phases.values())
    seconds = {'loader': waiting / 1e3, 'network': left / 3e3, 'backward': left / 1.5e3}
    seconds |= {name: ms / 1e3 for name, ms in phases.items()}
    if settings.mode == 'test':
        seconds['network'] += seconds.pop('backward')
    return Profile([StepTimes(seconds, 100)] * 3, rate, settings, loader)


def test_network_rate_leaves_the_waiting_out():
    assert profile(60, 500).network_rate == pytest.approx(1000)


def test_nothing_to_change():
    (line,) = advise(profile(1, 5000))
    assert 'nothing here is worth changing' in line


def test_a_loader_that_is_the_limit():
    bad = LoaderSettings(2, persistent=False, pinned=False, prefetch=2, single_thread=False)
    settings = dataclasses.replace(GPU, targets_in_loader=True)
    lines = advise(profile(100, 500, loader=bad, settings=settings))
    assert '50 % of the time goes by waiting' in lines[0]
    assert '2.0 times as fast' in lines[0]
    text = '\n'.join(lines)
    assert 'More workers: 2 now, 5 for this network on 16 cores (train_dataloader.num_workers' in text
    for word in ('persistent_workers', 'pin_memory', 'GenerateTarget', 'archive', 'reduce_to', 'one thread'):
        assert word in text
    settings = dataclasses.replace(GPU, reduced=True, packed=True)
    loader = dataclasses.replace(GOOD_LOADER, workers=16)
    text = '\n'.join(advise(profile(100, 500, settings=settings, loader=loader)))
    for word in (
        'More workers',
        'persistent_workers',
        'pin_memory',
        'GenerateTarget',
        'reduce_to',
        'archive',
        'one thread',
    ):
        assert word not in text


def test_a_slow_loader_behind_full_queues_is_seen():
    lines = advise(profile(0, 600))
    assert 'will be the limit' in lines[0]
    assert '600 samples/s' in lines[0]
    assert 'just keeps up' in advise(profile(0, 1100))[0]


def test_on_the_cpu_workers_and_network_share_cores():
    settings = StepSettings('train', 'cpu', cores=4, threads=4)
    text = '\n'.join(advise(profile(50, 800, settings=settings, loader=LoaderSettings(3, True))))
    assert 'OMP_NUM_THREADS=1' in text
    assert 'More workers' not in text
    assert 'pin_memory' not in text
    without = '\n'.join(advise(profile(50, 800, settings=settings, loader=LoaderSettings(0))))
    assert 'More workers: 0 now, 2 for' in without
    assert 'persistent_workers' not in without


@pytest.mark.parametrize(
    ('phases', 'settings', 'says'),
    [
        ({}, dict(precision='float32'), '--amp'),
        ({}, dict(channels_last=False), '--channels-last'),
        ({}, dict(mode='test', flip_test=True), 'flip_test'),
        (dict(transfer=30), {}, 'non_blocking'),
        (dict(metric=30), {}, 'acc_interval'),
        (dict(optimizer=30), {}, 'fused'),
        (dict(rest=40), {}, 'hooks'),
    ],
)
def test_what_else_is_worth_changing(phases, settings, says):
    lines = advise(profile(1, 5000, settings=dataclasses.replace(GPU, **settings), **phases))
    assert lines[0] == 'The loader is not the limit.'
    assert says in lines[1]
    assert len(lines) == 2


def test_training_of_the_toy_network(make_runner):
    told = []
    runner = make_runner(**{'train_cfg.max_epochs': 50, 'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None})
    found = profile_runner(runner, 'train', steps=5, warm_up=2, progress=lambda *told_now: told.append(told_now))
    assert len(found.steps) == 5
    assert runner.iter == 7
    assert found.loader_rate > 0
    assert found.overlapped_ms is None
    rows = {row.phase: row for row in found.rows}
    for phase in ('loader', 'network', 'backward', 'optimizer', 'loss'):
        assert rows[phase].mean_ms > 0, phase
    assert rows['codec'].mean_ms == rows['metric'].mean_ms == 0  # the toy has none
    assert [t for t in told if t[0] == 'steps'][-1] == ('steps', 7, 7)
    assert advise(found)
    for part in (runner.bare_model, runner.train_loop, runner.optim_wrapper):
        assert not {'forward', 'run_iter', 'backward', 'zero_grad'} & set(vars(part))
    assert type(runner.train_loop.dataloader).__name__ == 'DataLoader'


def test_training_by_iteration(make_runner):
    changes = {'train_cfg': dict(_delete_=True, by_epoch=False, max_iters=50)}
    changes |= {'train_dataloader.sampler': dict(_delete_=True, type='InfiniteSampler')}
    changes |= {'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None}
    runner = make_runner(**changes)
    found = profile_runner(runner, 'train', steps=3, warm_up=1)
    assert (len(found.steps), runner.iter) == (3, 4)
    assert found.rows[-1].mean_ms > 0


def test_where_host_and_device_overlap_more_steps_run_without_waiting(make_runner, monkeypatch):
    """The network stays on the CPU; the profile is told of another device, and its waits are counted."""
    waits = []
    monkeypatch.setattr(run, 'synchronizer', lambda device: lambda: waits.append(runner.iter))
    runner = make_runner(**{'train_cfg.max_epochs': 50, 'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None})
    runner.device = torch.device('mps')
    found = profile_runner(runner, 'train', steps=4, warm_up=2)
    assert (len(found.steps), runner.iter) == (4, 10)
    assert found.overlapped_ms > 0
    assert set(waits) == {*range(7), 10}  # iterations done: 6 are taken apart, and the clock is read at the very end


def test_testing_of_the_toy_network_goes_round_its_data(make_runner):
    runner = make_runner(test_only=True)
    batches = len(runner.test_loop.dataloader)
    found = profile_runner(runner, 'test', steps=batches + 2, warm_up=1)
    assert len(found.steps) == batches + 2
    rows = {row.phase: row for row in found.rows}
    assert rows['network'].mean_ms > 0
    assert rows['metric'].mean_ms > 0
    assert 'evaluate' not in vars(runner.test_loop.evaluator)


def test_too_little_data_is_said(make_runner):
    without_val = {'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None}
    runner = make_runner(**{'train_dataloader.batch_size': 100, 'train_dataloader.drop_last': True}, **without_val)
    with pytest.raises(ValueError, match='24 samples are fewer than 100'):
        profile_runner(runner, 'train', steps=2, warm_up=1)
    runner = make_runner('other', **{'train_cfg.max_epochs': 1}, **without_val)
    with pytest.raises(ValueError, match=r'ended after \d+ of 101 steps'):
        profile_runner(runner, 'train', steps=100, warm_up=1)
