# Caffe-style ResNet of Simple Baselines; its ImageNet weights have no public URL of their own.
# The published values are those of ground-truth boxes (AP near AR), so there is no file of detections.
_base_ = './res101_coco_256x192.py'

model = dict(backbone=dict(style='caffe', init_cfg=None))
val_dataloader = dict(dataset=dict(bbox_file=None))
test_dataloader = val_dataloader
