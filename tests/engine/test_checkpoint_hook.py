import os

import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint
from mmpose_dark.engine import find_latest_checkpoint
from mmpose_dark.engine import runner as runner_module
from mmpose_dark.engine.latest import write_last_checkpoint


def names(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith('.pth'))


def test_keeps_the_newest_and_the_best(make_runner):
    runner = make_runner(**{'train_cfg.max_epochs': 5})
    errors = iter([0.3, 0.1, 0.2, 0.4, 0.1])
    runner.build_val_loop  # noqa: B018 - the loop is built while training
    metric = None

    def evaluate(size):
        return {'toy/error': next(errors)}

    original = runner.build_evaluator

    def build(config):
        nonlocal metric
        metric = original(config)
        metric.evaluate = evaluate
        return metric

    runner.build_evaluator = build
    runner.train()
    assert names(runner.work_dir) == ['best_toy_error_epoch_2.pth', 'epoch_4.pth', 'epoch_5.pth']
    assert find_latest_checkpoint(runner.work_dir).endswith('epoch_5.pth')
    assert runner.message_hub.get_info('best_score') == 0.1


@pytest.mark.parametrize('failing', ['epoch_3.pth', 'best_toy_error_epoch_3.pth'])
def test_a_failed_write_leaves_what_was_there(make_runner, monkeypatch, failing):
    def save(obj, path):
        if path.endswith(failing):
            raise CheckpointError('disk full')
        save_checkpoint(obj, path)

    monkeypatch.setattr(runner_module, 'save_checkpoint', save)
    changes = {'default_hooks.checkpoint.max_keep_ckpts': 1, 'val_dataloader.dataset.noise': 0}
    runner = make_runner(**changes)
    with pytest.raises(CheckpointError, match='disk full'):
        runner.train()
    kept = names(runner.work_dir)
    assert 'best_toy_error_epoch_2.pth' in kept
    latest = find_latest_checkpoint(runner.work_dir)
    assert os.path.basename(latest) in kept
    assert load_state_dict_file(latest)['meta']['epoch'] == (2 if failing.startswith('epoch') else 3)


def test_resumed_run_removes_the_old_best(make_runner):
    make_runner(**{'train_cfg.max_epochs': 2}).train()
    runner = make_runner(resume=True)
    runner.train()
    assert len([n for n in names(runner.work_dir) if n.startswith('best')]) == 1
    assert len(names(runner.work_dir)) == 3


def test_several_best_metrics(make_runner):
    changes = {'default_hooks.checkpoint.save_best': ['toy/error', 'toy/count'], 'default_hooks.checkpoint.rule': None}
    changes['default_hooks.checkpoint.rule'] = ['less', 'greater']
    runner = make_runner(**changes)
    runner.train()
    best = [n for n in names(runner.work_dir) if n.startswith('best')]
    assert best == ['best_toy_count_epoch_1.pth', 'best_toy_error_epoch_3.pth']


def test_save_best_of_a_metric_that_is_not_there(make_runner):
    runner = make_runner(**{'default_hooks.checkpoint.save_best': 'coco/AP'})
    with pytest.raises(ValueError, match="no metric of val_evaluator reports 'coco/AP'; their names begin with toy/"):
        runner.train()
    assert runner.iter == 0
    runner = make_runner('other', **{'default_hooks.checkpoint.save_best': 'toy/AP'})
    with pytest.raises(ValueError, match="save_best: 'toy/AP' is not among the metrics: toy/error, toy/count"):
        runner.train()
    assert names(runner.work_dir) == ['epoch_1.pth']


def test_published_weights(make_runner):
    runner = make_runner(**{'default_hooks.checkpoint.published_keys': ['meta', 'state_dict']})
    runner.train()
    published = [n for n in names(runner.work_dir) if 'published' in n]
    assert published == ['best_toy_error_epoch_3-published.pth', 'epoch_3-published.pth']
    assert set(torch.load(os.path.join(runner.work_dir, published[1]))) == {'meta', 'state_dict'}


def test_latest_checkpoint(tmp_path):
    folder = str(tmp_path / 'old')
    os.mkdir(folder)
    assert find_latest_checkpoint(folder) is None
    for name in ('epoch_2.pth', 'epoch_10.pth', 'best_AP_epoch_30.pth', 'epoch_x.pth'):
        (tmp_path / 'old' / name).touch()
    assert os.path.basename(find_latest_checkpoint(folder)) == 'epoch_10.pth'
    write_last_checkpoint(folder, os.path.join(folder, 'epoch_2.pth'))
    assert os.path.basename(find_latest_checkpoint(folder)) == 'epoch_2.pth'
    os.rename(folder, tmp_path / 'new')  # a work folder that was moved
    assert find_latest_checkpoint(str(tmp_path / 'new')) == str(tmp_path / 'new' / 'epoch_2.pth')
    (tmp_path / 'new' / 'epoch_2.pth').unlink()
    assert os.path.basename(find_latest_checkpoint(str(tmp_path / 'new'))) == 'epoch_10.pth'
    assert sorted(os.listdir(tmp_path / 'new'))[-1] == 'last_checkpoint'  # no draft left
