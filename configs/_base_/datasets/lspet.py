# Leeds Sports Pose Extended with the 14 AI Challenger keypoints: data/lspet/{annotations,images}.
dataset_type = 'LspetDataset'
data_root = 'data/lspet/'

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/lspet_train.json',
        data_prefix=dict(img='images/'),
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/lspet_val.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='CocoMetric', ann_file=data_root + 'annotations/lspet_val.json', nms_mode='none', prefix='lspet'),
    dict(type='PCKAccuracy', thr=0.2, prefix='PCK@0.2'),
    dict(type='PCKAccuracy', thr=0.05, prefix='PCK@0.05'),
]
test_evaluator = val_evaluator
