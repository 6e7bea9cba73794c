# PoseTrack18: data/posetrack18/{annotations,images}; ground-truth boxes.
dataset_type = 'PoseTrack18Dataset'
data_root = 'data/posetrack18/'

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/posetrack18_train.json',
        data_prefix=dict(img=''),
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/posetrack18_val.json',
        data_prefix=dict(img=''),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='PoseTrack18Metric', ann_file=data_root + 'annotations/posetrack18_val.json')
test_evaluator = val_evaluator
