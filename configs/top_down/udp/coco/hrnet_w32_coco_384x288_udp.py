_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_210e.py',
    '../../../_base_/models/hrnet_w32.py',
    '../../../_base_/datasets/coco.py',
    '../../../_base_/inputs/384x288_udp.py',
]
model = dict(head=dict(decoder=_base_.codec), test_cfg=dict(shift_heatmap=False))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
