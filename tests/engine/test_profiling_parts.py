"""What of a pose network is counted, and for which phase: methods of its objects, no module and no class."""

import types

import pytest
import torch

from mmpose_dark.engine.profiling import PhaseClock
from mmpose_dark.engine.profiling.parts import counted_parts, loader_settings, step_settings
from mmpose_dark.models import TopDown


@pytest.fixture
def model():
    codec = dict(type='MSRAHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1, unbiased=True)
    head = dict(
        type='HeatmapHead',
        in_channels=512,
        out_channels=3,
        decoder=codec,
        deconv_out_channels=(4, 4, 4),
        acc_interval=7,
    )
    return TopDown(dict(type='ResNet', depth=18), head=head, data_preprocessor=dict(type='PoseDataPreprocessor'))


def runner_of(model):
    optimizer = types.SimpleNamespace(backward=print, step=print, zero_grad=print)
    loader = torch.utils.data.DataLoader([0, 1], batch_size=2)
    loop = types.SimpleNamespace(dataloader=loader, evaluator=types.SimpleNamespace(process=print), amp='bfloat16')
    runner = types.SimpleNamespace(
        bare_model=model, optim_wrapper=optimizer, device=torch.device('cpu'), cfg=dict(channels_last=True)
    )
    return runner, loop


def test_training(model):
    runner, loop = runner_of(model)
    found = {(type(owner).__name__, name): phase for owner, name, phase in counted_parts(runner, loop, 'train')}
    assert found == {
        ('PoseDataPreprocessor', 'forward'): 'transfer',
        ('TopDown', 'forward'): 'network',
        ('TopDown', 'parse_losses'): 'loss',
        ('TopDown', 'pack_points'): 'rest',
        ('HeatmapHead', 'make_targets'): 'transfer',
        ('HeatmapHead', 'accuracy'): 'metric',
        ('HeatmapHead', 'points'): 'codec',
        ('KeypointMSELoss', 'forward'): 'loss',
        ('MSRAHeatmap', 'batch_encode'): 'codec',
        ('MSRAHeatmap', 'batch_decode'): 'codec',
        ('SimpleNamespace', 'backward'): 'backward',
        ('SimpleNamespace', 'step'): 'optimizer',
        ('SimpleNamespace', 'zero_grad'): 'optimizer',
    }


def test_a_network_of_another_kind_is_counted_as_far_as_it_has_the_parts():
    model = torch.nn.Linear(1, 1)
    model.data_preprocessor = torch.nn.Identity()
    runner, loop = runner_of(model)
    assert [(name, phase) for _, name, phase in counted_parts(runner, loop, 'test')] == [
        ('forward', 'transfer'),
        ('forward', 'network'),
        ('process', 'metric'),
    ]


def test_another_network_of_the_process_is_not_concerned(model):
    """Two networks of one class and one codec class: the other's time is not counted."""
    runner, loop = runner_of(model)
    clock, seconds = PhaseClock(lambda: next(ticks)), []
    ticks = iter(range(1000))
    undo = [clock.wrap(owner, name, phase) for owner, name, phase in counted_parts(runner, loop, 'test')]
    other = type(model.head)(512, 3, decoder=model.head.decoder)
    clock.start()
    other.accuracy(*[torch.zeros(1, 3, 8, 8)] * 2, torch.ones(1, 3))
    seconds.append(clock.finish_step(1).seconds)
    model.head.accuracy(*[torch.zeros(1, 3, 8, 8)] * 2, torch.ones(1, 3))
    seconds.append(clock.finish_step(1).seconds)
    assert set(seconds[0]) == {'rest'}
    assert set(seconds[1]) == {'rest', 'metric'}
    for take_away in undo:
        take_away()
    assert not {'accuracy', 'points', 'make_targets'} & set(vars(model.head))


def test_settings(model):
    runner, loop = runner_of(model)
    train, test = (step_settings(runner, loop, mode) for mode in ('train', 'test'))
    assert (train.precision, test.precision) == ('float32', 'bfloat16')
    assert (train.acc_interval, train.channels_last, train.targets_in_loader) == (7, True, False)
    assert loader_settings(loop.dataloader).single_thread is False
