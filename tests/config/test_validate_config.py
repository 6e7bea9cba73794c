import copy
import glob
import pathlib

import pytest

from mmpose_dark.config import validate_config
from mmpose_dark.config.reading import ConfigError, load_config

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs/top_down/darkpose/lspet/hrnet_small_lspet_128x96_dark.py'


@pytest.fixture(scope='module')
def config():
    return load_config(CONFIG)


def complaint(config, **changes):
    cfg = copy.deepcopy(config)
    cfg.merge_from_dict(changes)
    with pytest.raises(ConfigError) as caught:
        validate_config(cfg)
    return str(caught.value)


def test_a_shipped_config_is_fine(config):
    validate_config(config)
    validate_config(config.to_dict())


@pytest.mark.parametrize(
    ('change', 'place', 'says'),
    [
        ({'model.type': 'TopDwn'}, 'model', "TopDwn: unknown model; did you mean 'TopDown'"),
        ({'model.backbnoe': {}}, 'model', "TopDown: unexpected argument 'backbnoe'; did you mean 'backbone'?"),
        ({'model.head.loss.type': 'KeypointMSELos'}, 'model.head.loss', "did you mean 'KeypointMSELoss' or "),
        ({'model.head.loss.wieght': 1}, 'model.head.loss', "KeypointMSELoss: unexpected argument 'wieght'"),
        ({'model.head.decoder.sigm': 1}, 'model.head.decoder', "unexpected argument 'sigm'; did you mean 'sigma'?"),
        ({'model.data_preprocessor.men': 1}, 'model.data_preprocessor', "did you mean 'mean'"),
        ({'model.backbone.norm_cfg': dict(type='BNN')}, 'model.backbone.norm_cfg', 'BNN: unknown layer; did you mean'),
        ({'model.backbone.init_cfg': dict(type='Pretraind')}, 'model.backbone.init_cfg', "did you mean 'Pretrained'?"),
        ({'codec.type': 'MSRAHeatmp'}, 'codec', 'MSRAHeatmp: unknown keypoint codec'),
        ({'train_cfgg': dict(max_epochs=3)}, 'train_cfgg', "unknown name at the top of a config; did you mean"),
        ({'optim_warpper': dict(type='OptimWrapper')}, 'optim_warpper', "did you mean 'optim_wrapper'"),
        ({'workdir': 'x'}, 'workdir', "did you mean 'work_dir'"),
        ({'optimizer': dict(type='Adam')}, 'optimizer', 'nothing reads this at the top of a config; see optim'),
        ({'train_cfg.max_epoch': 3}, 'train_cfg', "unexpected argument 'max_epoch'; did you mean 'max_epochs'?"),
        ({'val_cfg.apm': 'auto'}, 'val_cfg', "ValLoop: unexpected argument 'apm'"),
        ({'train_dataloader.batchsize': 3}, 'train_dataloader', "key 'batchsize'; did you mean 'batch_size'"),
        ({'train_dataloader.dataset.type': 'CocoDatset'}, 'train_dataloader.dataset', "did you mean 'CocoDataset'"),
        ({'val_dataloader.dataset.anfile': 'x'}, 'val_dataloader.dataset', "did you mean 'ann_file'"),
        ({'train_dataloader.dataset.data_prefix.imgg': 'x'}, 'train_dataloader.dataset.data_prefix', "mean 'img'"),
        ({'train_dataloader.sampler.shufle': 1}, 'train_dataloader.sampler', "did you mean 'shuffle'"),
        ({'train_dataloader.collate_fn': dict(type='pose_colate')}, 'train_dataloader.collate_fn', "'pose_collate'"),
        (
            {'train_dataloader.dataset.pipeline.2.prb': 1},
            'train_dataloader.dataset.pipeline.2',
            "RandomFlip: unexpected argument 'prb'; did you mean 'prob'",
        ),
        (
            {'test_dataloader.dataset.pipeline.0.type': 'LoadImg'},
            'test_dataloader.dataset.pipeline.0',
            "LoadImg: unknown transform; did you mean 'LoadImage'",
        ),
        ({'val_evaluator.0.scoremode': 'x'}, 'val_evaluator.0', "did you mean 'score_mode'"),
        ({'val_evaluator.1.type': 'PCKAcuracy'}, 'val_evaluator.1', "did you mean 'PCKAccuracy'"),
        ({'optim_wrapper.optimizer.type': 'Adamm'}, 'optim_wrapper.optimizer', "did you mean 'Adam'"),
        ({'optim_wrapper.optimizer.lrr': 1}, 'optim_wrapper.optimizer', "argument 'lrr'; did you mean 'lr'?"),
        ({'optim_wrapper.clip_grad': dict(maxnorm=1)}, 'optim_wrapper.clip_grad', "did you mean 'max_norm'"),
        ({'optim_wrapper.paramwise_cfg': dict(bias_lr=1)}, 'optim_wrapper.paramwise_cfg', "mean 'bias_lr_mult'"),
        ({'optim_wrapper.accumulate': 2}, 'optim_wrapper', "did you mean 'accumulative_counts'"),
        ({'param_scheduler.0.strt_factor': 1}, 'param_scheduler.0', "did you mean 'start_factor'"),
        ({'param_scheduler.1.type': 'StepLr'}, 'param_scheduler.1', "did you mean 'StepLR'"),
        ({'default_hooks.checkpoint.intervl': 1}, 'default_hooks.checkpoint', "did you mean 'interval'"),
        ({'default_hooks.checkpint.interval': 1}, 'default_hooks.checkpint', "did you mean 'checkpoint'"),
        ({'custom_hooks': [dict(type='EMAHook', momentm=1)]}, 'custom_hooks.0', "did you mean 'momentum'"),
        ({'custom_hooks': [dict(type='mmengine.EMAHook', momentm=1)]}, 'custom_hooks.0', "did you mean 'momentum'"),
        ({'visualizer.vis_backends': [dict(type='Tensorboard')]}, 'visualizer.vis_backends.0', 'TensorboardVis'),
        ({'env_cfg.mp_cfg.start_method': 'x'}, 'env_cfg.mp_cfg', "did you mean 'mp_start_method'"),
        ({'randomness.sed': 1}, 'randomness', "unexpected key 'sed'; did you mean 'seed'?"),
        ({'log_processor.window': 1}, 'log_processor', "did you mean 'window_size'"),
        ({'auto_scale_lr.batch_size': 1}, 'auto_scale_lr', "did you mean 'base_batch_size'"),
        ({'default_scope': 'mmpose'}, 'default_scope', "'mmpose' should be 'mmpose_dark'"),
        ({'model': 'TopDown'}, 'model', "should be a dict with a type, not 'TopDown'"),
    ],
)  # fmt: skip
def test_a_typo_at_any_level_is_told_with_its_place(config, change, place, says):
    text = complaint(config, **change)
    lines = [line for line in text.splitlines() if line.startswith(f'{place}: ')]
    assert any(says in line for line in lines), text


def test_missing_arguments_and_types(config):
    cfg = config.to_dict()
    del cfg['model']['head']['in_channels'], cfg['train_dataloader']['dataset'], cfg['val_evaluator'][0]['type']
    del cfg['optim_wrapper']['optimizer']
    with pytest.raises(ConfigError) as caught:
        validate_config(cfg)
    assert set(str(caught.value).splitlines()) == {
        "model.head: HeatmapHead: argument 'in_channels' is missing",
        'train_dataloader: needs `dataset`',
        'val_evaluator.0: needs `type`, the name of a metric',
        "optim_wrapper: needs `optimizer`, as optimizer=dict(type='Adam', lr=5e-4)",
    }


def test_all_mistakes_are_told_at_once(config):
    assert (
        len(complaint(config, **{'train_cfgg': 1, 'model.head.in_channel': 2, 'randomness.sed': 3}).splitlines()) == 3
    )


@pytest.mark.parametrize(
    'name',
    ['data_root', 'num_keypoints', 'dataset_coco', 'codec_lowres', 'train_pipeline_stage2', '_my', 'channel_cfg'],
)
@pytest.mark.parametrize('value', [1, 'x', [1, 2]])
def test_variables_of_a_config_are_let_alone(config, name, value):
    cfg = copy.deepcopy(config)
    cfg[name] = value
    validate_config(cfg)


def test_dicts_may_have_the_names_of_variables(config):
    cfg = copy.deepcopy(config)
    cfg._mine = dict(type='anything')
    cfg.train_pipeline_stage2 = [dict(type='LoadImage')]
    validate_config(cfg)


def test_scopes_and_priorities_and_hooks_switched_off(config):
    cfg = copy.deepcopy(config)
    cfg.model.type = 'mmpose_dark.TopDown'
    cfg.default_hooks.logger.priority = 'LOW'
    cfg.default_hooks.timer = None
    cfg.model.backbone.norm_cfg = dict(type='SyncBN', requires_grad=True)
    cfg.custom_hooks = [dict(type='EMAHook', momentum=0.01, priority=49), dict(type='mmengine.SyncBuffersHook')]
    cfg.test_evaluator = dict(type='Evaluator', metrics=cfg.test_evaluator)
    validate_config(cfg)


@pytest.mark.parametrize('path', sorted(glob.glob(str(ROOT / 'configs/top_down/**/*.py'), recursive=True))[::9])
def test_configs_are_valid_and_print_themselves(path, tmp_path):
    cfg = load_config(path)
    validate_config(cfg)
    cfg.dump(tmp_path / 'printed.py')
    assert load_config(tmp_path / 'printed.py').to_dict() == cfg.to_dict()


def test_variables_may_hold_anything(config):
    cfg = copy.deepcopy(config)
    cfg.beginning = [dict(type='LoadImage')]
    cfg.max_epochs = 420
    cfg.shared = dict(batch_size=7)
    validate_config(cfg)


def test_configs_of_mmpose_0_are_refused(config):
    old = dict(lr_config=dict(policy='step'), checkpoint_config=dict(interval=10), evaluation=dict(metric='mAP'))
    assert len(complaint(config, **old).splitlines()) == len(old)


@pytest.mark.parametrize(
    ('place', 'value', 'needed'),
    [
        ('train_cfg.max_epochs', 'abc', 'a whole number from 1'),
        ('train_cfg.max_epochs', -1, 'a whole number from 1'),
        ('val_dataloader.batch_size', 0, 'a whole number from 1'),
        ('val_dataloader.batch_size', 1.5, 'a whole number from 1'),
        ('val_dataloader.num_workers', -2, 'a whole number from 0'),
        ('randomness.seed', 'x', 'a whole number from 0 or None'),
        ('log_level', 'LOUD', 'one of CRITICAL'),
        ('load_from', 1, 'text'),
        ('model.head.acc_interval', 'often', 'a whole number'),
        ('model.backbone.depth', '50', 'a whole number'),
        ('model.backbone.norm_eval', 'maybe', 'True or False'),
        ('val_evaluator.use_area', 'maybe', 'True or False'),
    ],
)
def test_a_value_of_another_kind_is_named_with_its_place(place, value, needed):
    cfg = load_config(ROOT / 'configs/top_down/resnet/coco/res50_coco_256x192.py')
    cfg.merge_from_dict({place: value})
    with pytest.raises(ConfigError) as raised:
        validate_config(cfg)
    assert place in str(raised.value)
    assert needed in str(raised.value)
    assert repr(value) in str(raised.value)


@pytest.mark.parametrize('model', [[], 'TopDown', None, 3])
def test_a_model_that_is_no_dict(model):
    with pytest.raises(ConfigError, match=r'model: is .*a dict with a type is needed'):
        validate_config(dict(model=model))
