# AI Challenger keypoints: data/aic/{annotations,ai_challenger_keypoint_*_images}; ground-truth boxes in the zoo.
_base_ = '../loaders.py'

dataset_type = 'AicDataset'
data_root = 'data/aic/'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/aic_train.json',
        data_prefix=dict(img='ai_challenger_keypoint_train_20170902/keypoint_train_images_20170902/'),
    )
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/aic_val.json',
        data_prefix=dict(img='ai_challenger_keypoint_validation_20170911/keypoint_validation_images_20170911/'),
    )
)
test_dataloader = val_dataloader

val_evaluator = dict(type='CocoMetric', ann_file=data_root + 'annotations/aic_val.json', use_area=False, prefix='aic')
test_evaluator = val_evaluator
