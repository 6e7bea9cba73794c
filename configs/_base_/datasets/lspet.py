# Leeds Sports Pose Extended with the 14 AI Challenger keypoints: data/lspet/{annotations,images}.
_base_ = '../loaders.py'

dataset_type = 'LspetDataset'
data_root = 'data/lspet/'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/lspet_train.json',
        data_prefix=dict(img='images/'),
    )
)
val_dataloader = dict(
    batch_size=64,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/lspet_val.json',
        data_prefix=dict(img='images/'),
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='CocoMetric', ann_file=data_root + 'annotations/lspet_val.json', nms_mode='none', prefix='lspet'),
    dict(type='PCKAccuracy', thr=0.2, prefix='PCK@0.2'),
    dict(type='PCKAccuracy', thr=0.05, prefix='PCK@0.05'),
]
test_evaluator = val_evaluator
