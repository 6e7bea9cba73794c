_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_20e.py',
    '../../../_base_/models/hrnet_w32.py',
    '../../../_base_/datasets/posetrack18.py',
    '../../../_base_/inputs/256x192.py',
]
model = dict(head=dict(decoder=_base_.codec))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='posetrack18/Total AP'))
load_from = 'https://download.openmmlab.com/mmpose/top_down/hrnet/hrnet_w32_coco_256x192-c78dce93_20200708.pth'
