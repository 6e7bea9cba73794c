"""Every recipe against the settings read from the project whose checkpoint it names."""

import json
import pathlib
from functools import lru_cache

import pytest
from shipped_configs import shipped_config

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / 'configs' / 'top_down'
SIZES = ('128x96', '256x192', '384x288')

# Reference recipe -> the config that follows it.
DARK, HRNET, SIMPLE = 'DarkPose (official): ', 'HRNet (official): ', 'Simple Baselines (official): '
OFFICIAL = {
    **{
        f'{DARK}coco/hourglass/hg{n}_128x96_d256x3_adam_lr2.5e-4.yaml': f'darkpose/coco/hourglass{n}_coco_128x96_dark'
        for n in (4, 8)
    },
    **{
        f'{DARK}coco/resnet/res{n}_128x96_d256x3_adam_lr1e-3.yaml': f'darkpose/coco/res{n}_coco_128x96_dark'
        for n in (50, 101, 152)
    },
    **{
        f'{DARK}coco/hrnet/w{w}_128x96_adam_lr1e-3.yaml': f'darkpose/coco/hrnet_w{w}_coco_128x96_dark' for w in (32, 48)
    },
    **{
        f'{project}coco/hrnet/w{w}_{size}_adam_lr1e-3.yaml': f'{folder}/coco/hrnet_w{w}_coco_{size}{ending}'
        for project, folder, ending in ((DARK, 'darkpose', '_dark_official'), (HRNET, 'hrnet', '_official'))
        for w, size in ((32, '256x192'), (32, '384x288'), (48, '384x288'))
    },
    f'{DARK}mpii/hrnet/w32_256x256_adam_lr1e-3.yaml': 'darkpose/mpii/hrnet_w32_mpii_256x256_dark_official',
    f'{HRNET}mpii/hrnet/w32_256x256_adam_lr1e-3.yaml': 'hrnet/mpii/hrnet_w32_mpii_256x256_official',
    **{
        f'{SIMPLE}{data}/resnet{n}/{size}_d256x3_adam_lr1e-3{style}.yaml': f'resnet/{data}/res{n}{style}_{data}_{size}'
        for n in (50, 101, 152)
        for data, size, style in (
            ('coco', '256x192', ''),
            ('coco', '384x288', ''),
            ('coco', '256x192', '_caffe'),
            ('mpii', '256x256', ''),
            ('mpii', '384x384', ''),
        )
    },
}
TOOLBOX_ELSEWHERE = {'res50_mpii_256x256'}  # this name is Simple Baselines' recipe here


@lru_cache(maxsize=1)
def facts(path: pathlib.Path) -> dict:
    return json.loads((path / 'facts' / 'reference_recipes.json').read_text())


def transform(pipeline: list[dict], name: str) -> dict | None:
    return next((t for t in pipeline if t['type'] == name), None)


def schedule(cfg) -> tuple[list[dict], dict]:
    """Warm-ups and the steps."""
    found = cfg.param_scheduler if isinstance(cfg.param_scheduler, list) else [cfg.param_scheduler]
    (steps,) = [s for s in found if s['type'] == 'MultiStepLR']
    return [s for s in found if s['type'] == 'LinearLR'], steps


def check_common(cfg, ref: dict, *, lr: float, epochs: int, steps: list[int], batch: int) -> None:
    assert list(cfg.codec.input_size) == list(ref.get('input_size') or ref['image_size'])
    assert list(cfg.codec.heatmap_size) == list(ref['heatmap_size'])
    assert cfg.codec.sigma == ref['sigma']
    assert cfg.optim_wrapper.optimizer.type == 'Adam'
    assert cfg.optim_wrapper.optimizer.lr == lr
    assert cfg.train_cfg.max_epochs == epochs
    assert schedule(cfg)[1]['milestones'] == steps
    assert schedule(cfg)[1]['gamma'] == 0.1
    assert cfg.train_dataloader.batch_size == batch
    assert transform(cfg.train_dataloader.dataset.pipeline, 'GetBBoxCenterScale').get('padding', 1.25) == 1.25
    assert transform(cfg.train_dataloader.dataset.pipeline, 'RandomFlip').get('prob', 0.5) == 0.5


@pytest.mark.parametrize('name', OFFICIAL)
def test_official_recipe(shared: pathlib.Path, name: str) -> None:
    ref, cfg = facts(shared)['official'][name], shipped_config(f'top_down/{OFFICIAL[name]}.py')
    train, augment, test = ref['train'], ref['augmentation'], ref['test']
    check_common(
        cfg, ref, lr=train['lr'], epochs=train['epochs'], steps=train['lr_steps'], batch=train['batch_per_gpu']
    )
    assert schedule(cfg)[0] == []
    pipeline = cfg.train_dataloader.dataset.pipeline
    box = transform(pipeline, 'RandomBBoxTransform')
    assert box['shift_prob'] == 0
    assert box['scale_factor'] == pytest.approx((1 - augment['scale'], 1 + augment['scale']))
    assert box['rotate_factor'] == 2 * augment['rotation']
    assert box.get('rotate_prob', 0.6) == 0.6
    half = transform(pipeline, 'RandomHalfBody')
    if (augment['half_body_prob'] or 0) > 0:
        assert half.get('prob', 0.3) == augment['half_body_prob']
        assert half.get('min_total_keypoints', 9) == augment['half_body_min_joints'] + 1  # "more than" there
    else:
        assert half is None
    assert cfg.model.data_preprocessor.bgr_to_rgb == ref['rgb_input']
    assert cfg.model.head.out_channels == ref['num_joints']
    assert cfg.model.backbone.get('style', 'pytorch') == (ref['style'] or 'pytorch')
    assert cfg.model.test_cfg.flip_test
    # Simple Baselines' files leave the flip test to the command line; its values are those with the shift.
    assert cfg.model.test_cfg.shift_heatmap == (name.startswith(SIMPLE) or test['shift_heatmap'])
    if name.startswith(DARK):
        assert cfg.codec.unbiased
        assert cfg.codec.blur_kernel_size == test['blur_kernel']
    else:
        assert not cfg.codec.get('unbiased', False)


def test_every_toolbox_recipe(shared: pathlib.Path) -> None:
    """One test over all, as the list of names is the reference's."""
    for name, ref in facts(shared)['toolbox_zoo'].items():
        if name in TOOLBOX_ELSEWHERE:
            continue
        (path,) = CONFIGS.rglob(f'{name}.py')
        cfg = shipped_config(f'top_down/{path.relative_to(CONFIGS)}')
        check_common(
            cfg,
            ref,
            lr=ref['optimizer']['lr'],
            epochs=ref['total_epochs'],
            steps=ref['lr_config']['step'],
            batch=ref['samples_per_gpu'],
        )
        warm_ups = [(s['end'], s['start_factor'], s['by_epoch']) for s in schedule(cfg)[0]]
        assert warm_ups == ([(500, 0.001, False)] if ref['lr_config']['warmup'] else []), name
        pipeline, aug = cfg.train_dataloader.dataset.pipeline, ref['aug']
        box = transform(pipeline, 'RandomBBoxTransform')
        shift = aug.get('TopDownRandomShiftBboxCenter', dict(shift_factor=0.16, prob=0))
        assert (box.get('shift_factor', 0.16), box.get('shift_prob', 0.3)) == (shift['shift_factor'], shift['prob'])
        turn = aug['TopDownGetRandomScaleRotation']
        assert box.get('rotate_factor', 80) == 2 * turn['rot_factor'], name
        assert box.get('scale_factor', (0.5, 1.5)) == (1 - turn['scale_factor'], 1 + turn['scale_factor']), name
        half, ref_half = transform(pipeline, 'RandomHalfBody'), aug.get('TopDownHalfBodyTransform')
        assert (half is None) == (ref_half is None), name
        if half is not None:
            assert half.get('min_total_keypoints', 9) == ref_half['num_joints_half_body'] + 1, name
            assert half.get('prob', 0.3) == ref_half['prob_half_body'], name
        test = ref['test_cfg']
        assert cfg.model.test_cfg.flip_test == test['flip_test']
        assert cfg.model.test_cfg.shift_heatmap == test['shift_heatmap']
        assert cfg.model.data_preprocessor.bgr_to_rgb
        assert cfg.codec.get('unbiased', False) == ref['unbiased_encoding'] == (test['post_process'] == 'unbiased')
        if ref['unbiased_encoding']:
            assert cfg.codec.blur_kernel_size == test['modulate_kernel'], name
        data = ref['data_cfg']
        assert cfg.model.head.out_channels == data['num_joints']
        tested = cfg.test_dataloader.dataset
        assert tested.get('bbox_file') == (None if data['use_gt_bbox'] else data['bbox_file']), name
        assert cfg.get('load_from') == ref['load_from'], name


def test_the_boxes_of_posetrack_are_the_zoos(shared: pathlib.Path) -> None:
    ref = facts(shared)['toolbox_zoo']['hrnet_w32_posetrack18_256x192']['data_cfg']
    tested = shipped_config('top_down/hrnet/posetrack18/hrnet_w32_posetrack18_256x192_detections.py').test_dataloader
    assert tested.dataset.bbox_file == ref['bbox_file']
    assert tested.dataset.filter_cfg.bbox_score_thr == ref['det_bbox_thr']


def test_extra_aic_data_lands_on_the_joints_of_the_same_name() -> None:
    from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo

    coco, aic = (parse_pose_metainfo(dict(from_file=name))['keypoint_id2name'] for name in ('coco', 'aic'))
    cfg = shipped_config('top_down/hrnet/coco/hrnet_w48_coco_aic_384x288_testdev.py')
    (converter,) = cfg.train_dataloader.dataset.datasets[1].pipeline
    joined = {aic[source]: coco[target] for source, target in converter['mapping']}
    assert joined == {name: name for name in aic.values() if name in coco.values()}
    assert len(joined) == 12
