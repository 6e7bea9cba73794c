import math
import os

import pytest
import torch
from mmengine.hooks import Hook

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint
from mmpose_dark.config.reading import load_config
from mmpose_dark.engine import PoseRunner


class StopAt(Hook):
    """Ends training in the middle, as a kill would: nothing that comes later is run."""

    priority = 'LOWEST'

    def __init__(self, iteration):
        self.iteration = iteration

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.iteration:
            raise KeyboardInterrupt


def weights(runner, name='epoch_3.pth'):
    checkpoint = load_state_dict_file(os.path.join(runner.work_dir, name))
    return {**checkpoint['state_dict'], **{f'ema.{k}': v for k, v in checkpoint['ema_state_dict'].items()}}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def stop_and_resume(make_runner, iteration, **changes):
    runner = make_runner('stopped', **changes)
    runner.register_hook(StopAt(iteration))
    with pytest.raises(KeyboardInterrupt):
        runner.train()
    runner = make_runner('stopped', resume=True, **changes)
    runner.train()
    return runner


@pytest.mark.parametrize('workers', [0, 2])
def test_resumed_training_ends_with_the_same_weights(make_runner, workers):
    changes = {'train_dataloader.num_workers': workers, 'train_dataloader.persistent_workers': True}
    whole = make_runner('whole')
    whole.train()
    resumed = stop_and_resume(make_runner, 15, **changes)  # in the third of three epochs of six iterations
    assert_same(weights(whole), weights(resumed))
    lr = [r.optim_wrapper.get_lr()['lr'][0] for r in (whole, resumed)]
    assert lr[0] == lr[1]
    one, other = (r.message_hub.get_scalar('train/loss').data[0] for r in (whole, resumed))
    assert list(one) == pytest.approx(list(other), abs=0)


@pytest.mark.parametrize('amp', [{}, {'optim_wrapper.type': 'AmpOptimWrapper', 'channels_last': True}], ids=['', 'amp'])
def test_resume_in_the_middle_of_an_epoch(make_runner, amp):
    changes = {'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.interval': 4, **amp}
    changes['val_cfg'] = changes['val_dataloader'] = changes['val_evaluator'] = None
    whole = make_runner('whole', **changes)
    whole.train()
    resumed = stop_and_resume(make_runner, 11, **changes)  # the last checkpoint is of iteration 8: 6 + 2
    assert_same(weights(whole, 'iter_18.pth'), weights(resumed, 'iter_18.pth'))


def test_resume_of_a_loop_that_counts_iterations(make_runner):
    changes = {
        'train_cfg': dict(_delete_=True, by_epoch=False, max_iters=20, val_interval=10),
        'train_dataloader.sampler.type': 'InfiniteSampler',
        'param_scheduler': [dict(type='MultiStepLR', milestones=[12], by_epoch=False)],
        'default_hooks.checkpoint.by_epoch': False,
        'default_hooks.checkpoint.interval': 5,
        'default_hooks.logger.log_metric_by_epoch': False,
        'log_processor': dict(by_epoch=False),
    }
    whole = make_runner('whole', **changes)
    whole.train()
    resumed = stop_and_resume(make_runner, 13, **changes)
    assert_same(weights(whole, 'iter_20.pth'), weights(resumed, 'iter_20.pth'))


def test_iteration_loop_needs_endless_data(make_runner):
    changes = {'train_cfg': dict(_delete_=True, by_epoch=False, max_iters=20), 'param_scheduler': None}
    changes['default_hooks.checkpoint.by_epoch'] = False
    with pytest.raises(RuntimeError, match='InfiniteSampler'):
        make_runner(**changes).train()


def test_seed_decides_everything(make_runner):
    runs = [make_runner(f'run{i}', **{'randomness.seed': seed}) for i, seed in enumerate((0, 0, 1))]
    for run in runs:
        run.train()
    assert_same(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0])['conv1.weight'], weights(runs[2])['conv1.weight'])


def test_checkpoint_opens_without_trust_and_has_what_mmengine_writes(make_runner):
    runner = make_runner(**{'train_cfg.max_epochs': 1})
    runner.train()
    path = os.path.join(runner.work_dir, 'epoch_1.pth')
    checkpoint = torch.load(path, weights_only=True)
    assert {'meta', 'state_dict', 'optimizer', 'param_schedulers', 'message_hub'} <= set(checkpoint)
    meta = checkpoint['meta']
    assert (meta['epoch'], meta['iter'], meta['seed']) == (1, 6, 0)
    assert meta['dataset_meta'] == dict(dataset_name='toy', sigmas=[0.1, 0.2])
    assert "type='ToyModel'" in meta['cfg']
    values = checkpoint['message_hub']['log_scalars']['train/loss']['values']
    assert len(values) == 6
    assert all(math.isfinite(v) for v in values)


def test_saved_config_loads_back_equal(make_runner, toy_config_path):
    runner = make_runner()
    saved = load_config(os.path.join(runner.work_dir, 'toy_config.py'))
    assert saved.to_dict() == runner.cfg.to_dict()


def test_each_sample_is_tested_once_and_bad_ones_are_named(make_runner, caplog):
    runner = make_runner(test_only=True, **{'test_dataloader.dataset.bad': [2, 4, 5, 6, 7]})  # one batch is all bad
    runner.logger.addHandler(caplog.handler)
    metrics = runner.test()
    assert (metrics['toy/count'], metrics['toy/unique']) == (6, 6)
    assert [s.path for s in runner.test_loop.bad_samples] == [f'toy_{i}.png' for i in (2, 4, 5, 6, 7)]
    assert '5 samples of 5 images could not be read' in caplog.text
    assert 'toy_6.png: cut off' in caplog.text


def test_all_bad_is_told_not_divided_by(make_runner):
    runner = make_runner(test_only=True, **{'test_dataloader.dataset.bad': list(range(11))})
    with pytest.raises(ValueError, match='none of the 11 samples of the test dataset could be read'):
        runner.test()


def test_training_stops_at_a_bad_image(make_runner):
    runner = make_runner(**{'train_dataloader.dataset.bad': [7]})
    with pytest.raises(RuntimeError, match=r'toy_7.png: cut off; training stops at a bad image.*--skip-bad-images'):
        runner.train()


def test_empty_dataset_is_told(make_runner):
    with pytest.raises(ValueError, match=r'the test dataset has no sample; see test_dataloader.dataset'):
        make_runner(test_only=True, **{'test_dataloader.dataset.size': 0}).test()


@pytest.mark.parametrize('amp', ['auto', 'bfloat16'])
def test_evaluation_in_half_precision(make_runner, amp):
    full = make_runner('full', test_only=True)
    half = make_runner('half', test_only=True, **{'test_cfg.amp': amp, 'channels_last': True})
    half.model.load_state_dict(full.model.state_dict())
    assert half.model.conv1.weight.is_contiguous(memory_format=torch.channels_last)
    one, other = full.test()['toy/error'], half.test()['toy/error']
    assert one != other
    assert one == pytest.approx(other, abs=0.01)


def test_resume_says_what_a_file_lacks(make_runner, tmp_path):
    path = str(tmp_path / 'weights.pth')
    save_checkpoint(dict(state_dict=make_runner('a').model.state_dict()), path)
    with pytest.raises(CheckpointError, match='cannot resume, the file has no meta, optimizer, message_hub'):
        make_runner('b', resume=True, load_from=path).train()


def test_resume_of_another_network(make_runner):
    make_runner(**{'train_cfg.max_epochs': 1}).train()
    with pytest.raises(CheckpointError, match=r'epoch_1.pth: a checkpoint of another network: (?s:.*)conv1.weight'):
        make_runner(resume=True, **{'model.width': 8}).train()


def test_nothing_to_resume_starts_from_the_beginning(make_runner):
    runner = make_runner(resume=True, **{'train_cfg.max_epochs': 1})
    runner.train()
    assert runner.iter == 6


def test_test_needs_every_weight(make_runner, tmp_path):
    path = str(tmp_path / 'weights.pth')
    save_checkpoint(dict(state_dict={'conv1.weight': torch.zeros(4, 3, 3, 3)}), path)
    with pytest.raises(CheckpointError, match=r'conv2\.weight'):
        make_runner(test_only=True, load_from=path).test()
    runner = make_runner('train', load_from=path, custom_hooks=[])
    runner.load_or_resume()  # training may start from a part
    assert float(runner.model.conv1.weight.detach().abs().max()) == 0


def test_two_runners_of_one_second_do_not_share(make_runner):
    one, other = make_runner('one'), make_runner('two')
    assert one.message_hub is not other.message_hub
    assert one.visualizer is not other.visualizer
    assert one.timestamp != other.timestamp


def test_runner_from_a_plain_dict(make_runner, tmp_path):
    cfg = make_runner('a').cfg.to_dict()
    cfg.pop('default_scope')
    runner = PoseRunner.from_cfg({**cfg, 'work_dir': str(tmp_path / 'b')})
    assert type(runner.model).__name__ == 'ToyModel'
