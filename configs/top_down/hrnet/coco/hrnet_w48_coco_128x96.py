# DARK's official recipe (the zoo has no checkpoint of this size): no shift of the flipped heatmap.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_210e_hrnet.py',
    '../../../_base_/models/hrnet_w48.py',
    '../../../_base_/datasets/coco.py',
    '../../../_base_/inputs/128x96_hrnet.py',
]
model = dict(test_cfg=dict(shift_heatmap=False), head=dict(decoder=_base_.codec))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
auto_scale_lr = dict(base_batch_size=256)
