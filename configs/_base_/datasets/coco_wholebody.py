# COCO-WholeBody 1.0 beside COCO 2017, whose images, folders and person detections it shares.
_base_ = './coco.py'

dataset_type = 'CocoWholeBodyDataset'
train_dataloader = dict(dataset=dict(type=dataset_type, ann_file='annotations/coco_wholebody_train_v1.0.json'))
val_dataloader = dict(dataset=dict(type=dataset_type, ann_file='annotations/coco_wholebody_val_v1.0.json'))
test_dataloader = val_dataloader

val_evaluator = dict(type='CocoWholeBodyMetric', ann_file='data/coco/annotations/coco_wholebody_val_v1.0.json')
test_evaluator = val_evaluator
