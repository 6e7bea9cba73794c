# DARK's official recipe.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_140e.py',
    '../../../_base_/models/hourglass4.py',
    '../../../_base_/datasets/coco.py',
    '../../../_base_/inputs/128x96_simple.py',
]
model = dict(head=dict(decoder=_base_.codec))
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
optim_wrapper = dict(optimizer=dict(lr=2.5e-4))
auto_scale_lr = dict(base_batch_size=32)
