# Caffe-style ResNet of Simple Baselines; its ImageNet weights have no public address of their own.
_base_ = './res101_coco_256x192.py'

model = dict(backbone=dict(style='caffe', init_cfg=None))
