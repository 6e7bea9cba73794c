# PoseTrack18: data/posetrack18/{annotations,images}; ground-truth boxes.
_base_ = '../loaders.py'

dataset_type = 'PoseTrack18Dataset'
data_root = 'data/posetrack18/'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/posetrack18_train.json',
        data_prefix=dict(img=''),
    )
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/posetrack18_val.json',
        data_prefix=dict(img=''),
    )
)
test_dataloader = val_dataloader

val_evaluator = dict(type='PoseTrack18Metric', ann_file=data_root + 'annotations/posetrack18_val.json')
test_evaluator = val_evaluator
