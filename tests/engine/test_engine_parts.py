import inspect
import logging
import math
import random
import signal

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from mmpose_dark.engine import dataloader, distributed
from mmpose_dark.engine.hooks import ProgressBarHook, RuntimeInfoHook
from mmpose_dark.engine.loops.eval_loops import _count_each_sample_once
from mmpose_dark.engine.randomness import seed_everything
from mmpose_dark.engine.runner_protocol import RunnerLike
from mmpose_dark.engine.samplers import DefaultSampler
from mmpose_dark.engine.state import hub_from_state, hub_to_state, to_cpu, to_plain


def test_seeding_repeats_all_generators():
    def draw():
        return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002

    seed_everything(0, 1, 2)
    first = draw()
    assert draw() != first
    seed_everything(0, 1, 2)
    assert draw() == first
    seed_everything(0, 2, 1)
    assert draw() != first


def test_plain_values():
    value = {1: (np.float32(0.5), [np.arange(2)]), 'path': np, 'n': None, 't': torch.ones(2)}
    plain = to_plain(value)
    assert plain == {1: (0.5, [[0, 1]]), 'path': str(np), 'n': None, 't': [1.0, 1.0]}
    assert type(plain[1][0]) is float


def test_to_cpu_keeps_the_structure():
    value = {'a': [torch.ones(2, requires_grad=True)], 'b': (1, 'x')}
    out = to_cpu(value)
    assert not out['a'][0].requires_grad
    assert out['b'] == (1, 'x')


def test_message_hub_round_trip_in_plain_types(tmp_path):
    hub = MessageHub('toy_parts_one')
    for value in (1.0, 2.0, 4.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float64(0.5))
    hub.update_info('keep_ckpt_ids', [1, 2])
    hub.update_info('gone', 1)
    hub.pop_info('gone')
    torch.save(hub_to_state(hub), tmp_path / 'hub.pth')
    other = MessageHub('toy_parts_two')
    hub_from_state(other, torch.load(tmp_path / 'hub.pth', weights_only=True))
    assert list(other.get_scalar('train/loss').data[0]) == [1.0, 2.0, 4.0]
    assert other.get_info('best_score') == 0.5
    assert other.get_info('keep_ckpt_ids') == [1, 2]
    other.update_scalar('train/loss', 8.0)
    assert other.get_scalar('train/loss').mean(2) == 6.0


def test_message_hub_of_mmengine_is_read_too():
    state = dict(
        log_scalars={'a': HistoryBuffer([1.0], [1])}, runtime_info=dict(iter=3), resumed_keys=dict(a=True, iter=True)
    )
    hub = MessageHub('toy_parts_three')
    hub_from_state(hub, state)
    assert hub.get_info('iter') == 3
    assert hub.get_scalar('a').current() == 1.0


def test_progress_in_lines(make_runner, caplog):
    runner = make_runner(custom_hooks=[dict(type='ProgressBarHook', interval=0.0, bar=False)], log_level='INFO')
    runner.logger.setLevel(logging.INFO)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    lines = [r.getMessage() for r in caplog.records if 'images/s' in r.getMessage()]
    assert sum(line.startswith('train ') for line in lines) == 18
    assert sum(line.startswith('val ') for line in lines) == 9
    assert lines[-4].startswith('train 18/18  epoch 3/3  loss 0.')
    assert 'eta 0:00:00' in lines[-4]


def test_no_line_while_the_log_speaks(make_runner, caplog):
    runner = make_runner(custom_hooks=[dict(type='ProgressBarHook', interval=60.0, bar=False)])
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'images/s' not in caplog.text


def test_progress_bar_gives_the_terminal_back(make_runner, capsys):
    runner = make_runner(custom_hooks=[dict(type='ProgressBarHook', bar=True)])
    handlers = [h for h in runner.logger.handlers if type(h) is logging.StreamHandler]
    streams, filters = [h.stream for h in handlers], [list(h.filters) for h in handlers]
    runner.logger.setLevel(logging.INFO)
    for handler in handlers:
        handler.setLevel(logging.INFO)
    runner.train()
    assert [h.stream for h in handlers] == streams
    assert [h.filters for h in handlers] == filters
    assert not runner.logger.filters
    out = capsys.readouterr().out
    assert 'epoch 3/3' in out
    assert 'Saving checkpoint at 3 epochs' in out  # the log goes on above the bar
    assert 'Epoch(train)' not in out  # but not with every iteration
    assert 'Exp name' not in out
    assert 'Epoch(val) [3][3/3]' in out  # the metrics of a validation are no iteration
    assert isinstance(runner.hooks[-1], ProgressBarHook)


def test_losses_of_a_device_are_read_when_they_are_logged(make_runner, monkeypatch):
    """The losses of this run are on the CPU; the hook is told otherwise."""
    read, reads = RuntimeInfoHook._read, []
    monkeypatch.setattr(RuntimeInfoHook, '_read', lambda self, r: (reads.append(len(self._waiting)), read(self, r)))
    runner = make_runner(**{'default_hooks.logger.interval': 4})
    hook = next(h for h in runner.hooks if isinstance(h, RuntimeInfoHook))
    monkeypatch.setattr(hook, '_is_on_device', lambda value: True)
    runner.train()
    assert hook.interval == math.gcd(10, 4)
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 18
    assert max(reads) == 2


def test_loader_settings():
    cfg = dataloader.complete_dataloader_cfg(
        dict(num_workers=0, persistent_workers=True, prefetch_factor=4), seed=3, rank=1
    )
    assert 'persistent_workers' not in cfg
    assert 'prefetch_factor' not in cfg
    assert cfg['collate_fn']['type'].__name__ == 'pose_collate'
    assert cfg['worker_init_fn'] == dict(type=dataloader.start_worker, seed=3, rank=1, num_workers=0)
    mine = dict(num_workers=2, persistent_workers=True, collate_fn=list, worker_init_fn=dict(type='x'))
    kept = dataloader.complete_dataloader_cfg(mine, seed=None, rank=0)
    assert {k: kept[k] for k in mine} == mine


def test_workers_leave_ctrl_c_to_the_main_process():
    before = signal.getsignal(signal.SIGINT)
    try:
        dataloader.start_worker(0)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_launchers_say_what_is_missing(monkeypatch):
    with pytest.raises(ValueError, match="unknown launcher 'torch'; use none, pytorch, slurm, mpi"):
        distributed.init_distributed('torch', torch.device('cpu'))
    for name in ('RANK', 'LOCAL_RANK', 'WORLD_SIZE'):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match='needs RANK, LOCAL_RANK, WORLD_SIZE in the environment; start the script'):
        distributed.init_distributed('pytorch', torch.device('cpu'))


def test_a_runner_has_what_its_parts_may_use(make_runner):
    runner = make_runner()
    wanted = [*RunnerLike.__annotations__, *(n for n, v in vars(RunnerLike).items() if inspect.isfunction(v))]
    assert len(wanted) > 20
    assert [name for name in wanted if name[0] != '_' and not hasattr(runner, name)] == []


class MySampler(DefaultSampler):
    """Known by its class, not by its name."""


@pytest.mark.parametrize(
    ('kind', 'round_up'),
    [
        ('DefaultSampler', False),
        ('mmpose_dark.DefaultSampler', False),
        ('mmengine.DefaultSampler', False),
        (DefaultSampler, False),
        (MySampler, False),
        ('InfiniteSampler', None),
    ],
)
def test_evaluation_counts_each_sample_once_with_samplers_of_the_class(kind, round_up):
    cfg = dict(batch_size=2, sampler=dict(type=kind))
    assert _count_each_sample_once(cfg)['sampler'].get('round_up') is round_up
    assert cfg['sampler'] == dict(type=kind)


def test_an_unknown_sampler_is_named():
    with pytest.raises(KeyError, match="did you mean 'DefaultSampler'"):
        _count_each_sample_once(dict(sampler=dict(type='DefaultSamplr')))
