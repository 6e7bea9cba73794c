# What `make demo` trains: a small DARK network on people that the project draws itself.
# Data: python tools/misc/generate_people.py data/people
# It starts from a small checkpoint (people_start_192x144.py says how that was made), because from scratch two
# cores would need more than the three minutes that the demo may take.
_base_ = ['../_base_/default_runtime.py']

codec = dict(
    type='MSRAHeatmap', input_size=(144, 192), heatmap_size=(36, 48), sigma=1.5, unbiased=True, blur_kernel_size=7
)
max_epochs = 4
load_from = 'demo/people_start-74f856aa_20261121.pth'

model = dict(
    type='TopDown',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(16,)),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(2, 2), num_channels=(24, 48)),
            stage3=dict(num_modules=1, num_branches=3, block='BASIC', num_blocks=(2, 2, 2), num_channels=(24, 48, 96)),
        ),
    ),
    head=dict(
        type='HeatmapHead',
        in_channels=24,
        out_channels=17,
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)

data_root = 'data/people/'
_load = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale')]
_crop = [dict(type='TopdownAffine', input_size=codec['input_size']), dict(type='PackPoseInputs')]
_augment = [
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.85, 1.15), rotate_factor=20.0),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/train.json',
        data_prefix=dict(img='images/'),
        pipeline=_load + _augment + _crop,
    ),
)
# With the boxes of annotations/val_detections.json instead of the true ones:
#   --cfg-options test_dataloader.dataset.bbox_file=annotations/val_detections.json
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/val.json',
        data_prefix=dict(img='images/'),
        pipeline=_load + _crop,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='CocoMetric', ann_file=data_root + 'annotations/val.json', nms_mode='none')
test_evaluator = val_evaluator

channels_last = True
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1000)
val_cfg = dict(amp='auto')
test_cfg = dict(amp='auto')
optim_wrapper = dict(type='AmpOptimWrapper', optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=60, start_factor=0.01, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        eta_min=1e-6,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(interval=2, max_keep_ckpts=1))
