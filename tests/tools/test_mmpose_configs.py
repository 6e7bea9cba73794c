"""The old toolbox's configs: a folder of three that stand for all."""

import pathlib

import pytest

from mmpose_dark.compat.configs import needs_of, rename_configs, top_down_heatmap_configs
from mmpose_dark.compat.samples import on_samples

RUNTIME = """
default_scope = 'mmpose'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    checkpoint=dict(type='CheckpointHook', interval=10),
    visualization=dict(type='PoseVisualizationHook', enable=False),
    badcase=dict(type='BadCaseAnalysisHook', enable=False, out_dir='badcase', metric_type='loss', badcase_thr=5))
custom_hooks = [dict(type='SyncBuffersHook')]
env_cfg = dict(cudnn_benchmark=False, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
visualizer = dict(type='PoseLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')], name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True, num_digits=6)
load_from = 'https://download.openmmlab.com/mmpose/top_down/weights.pth'
val_cfg = dict()
test_cfg = dict()
"""
LEAF = """
_base_ = ['../../../_base_/default_runtime.py']
train_cfg = dict(by_epoch=True, max_epochs=210, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=5e-4))
param_scheduler = [dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], gamma=0.1, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=512)
custom_hooks = [dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0002, update_buffers=True, priority=49)]
codec = dict(type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=2)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(type='PoseDataPreprocessor', mean=[0, 0, 0], std=[1, 1, 1], bgr_to_rgb=True),
    backbone=dict(type='BACKBONE', depth=18, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18')),
    head=dict(type='HeatmapHead', in_channels=512, out_channels=17, deconv_out_channels=(8, 8, 8), decoder=codec),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True))
load = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale')]
crop = [dict(type='TopdownAffine', input_size=codec['input_size'])]
pack = [dict(type='PackPoseInputs')]
coco_dataset = dict(
    type='CocoDataset', data_root='data/coco/', data_mode='topdown', ann_file='annotations/person_keypoints.json',
    data_prefix=dict(img='val2017/'))
train_dataloader = dict(
    batch_size=64, num_workers=2, persistent_workers=True, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(pipeline=load + [dict(type='RandomFlip', direction='horizontal')] + crop
                 + [dict(type='PhotometricDistortion'), dict(type='GenerateTarget', encoder=codec)] + pack,
                 **coco_dataset))
val_dataloader = dict(
    batch_size=32, num_workers=2, persistent_workers=True, drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(test_mode=True, bbox_file='data/coco/boxes.json', pipeline=load + crop + pack, **coco_dataset))
test_dataloader = val_dataloader
val_evaluator = dict(type='CocoMetric', ann_file='data/coco/annotations/person_keypoints_val2017.json')
test_evaluator = val_evaluator
"""


@pytest.fixture
def old(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / 'old'
    leaves = folder / 'body' / 'topdown_heatmap' / 'coco'
    for path, text in (
        (folder / '_base_' / 'default_runtime.py', RUNTIME),
        (leaves / 'runs.py', LEAF.replace('BACKBONE', 'ResNet')),
        (leaves / 'needs.py', LEAF.replace('BACKBONE', 'SEResNet')),
        (folder / 'body' / 'rtmpose' / 'other.py', 'model = dict()\n'),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_report(old: pathlib.Path, tmp_path: pathlib.Path, call_tool) -> None:
    printed = call_tool('misc/mmpose_configs.py', old, '--out', tmp_path / 'new')
    assert 'topdown_heatmap/coco/runs.py: runs\n' in printed
    assert 'topdown_heatmap/coco/needs.py: needs SEResNet\n' in printed
    assert '1 of 2 run, 1 need components that are not here, 0 others' in printed
    text = (tmp_path / 'new' / '_base_' / 'default_runtime.py').read_text()
    assert text == RUNTIME.replace("'mmpose'", "'mmpose_dark'")  # and not the URL
    explained = call_tool('misc/mmpose_configs.py', old, '--only', 'needs', '--explain')
    assert 'SEResNet: a component of mmpose 1.x that is not here' in explained


def test_statuses(old: pathlib.Path, tmp_path: pathlib.Path, call_tool) -> None:
    (tmp_path / 'empty').mkdir()
    call_tool('misc/mmpose_configs.py', tmp_path / 'empty', status=2)
    leaf = old / 'body' / 'topdown_heatmap' / 'coco' / 'runs.py'
    leaf.write_text(leaf.read_text().replace('flip_test', 'flip_tset').replace("'GetBBox", "'GetBox"))
    call_tool('misc/mmpose_configs.py', old, '--only', 'runs')
    leaf.write_text(LEAF.replace('BACKBONE', 'ResNet').replace('depth', 'depht'))
    call_tool('misc/mmpose_configs.py', old, '--only', 'runs', status=1)


def test_one_step_each(old: pathlib.Path, shared: pathlib.Path, call_tool) -> None:
    printed = call_tool('misc/mmpose_configs.py', old, '--run', '--only', 'runs', '--data', shared / 'data' / 'samples')
    assert '1 of 1 run' in printed


def test_datasets_without_samples(old: pathlib.Path, tmp_path: pathlib.Path) -> None:
    rename_configs(old, tmp_path / 'new')
    (file,) = [file for file in top_down_heatmap_configs(tmp_path / 'new') if file.stem == 'runs']
    needs = needs_of(file)
    assert (needs.names, needs.message) == ([], '')
    needs.config.test_dataloader.dataset.type = 'LspetDataset'
    with pytest.raises(ValueError, match='no samples of LspetDataset'):
        on_samples(needs.config, tmp_path)
