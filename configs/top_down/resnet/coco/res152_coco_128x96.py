# DARK's official recipe: BGR images, no shift of the flipped heatmap.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_140e.py',
    '../../../_base_/models/resnet152.py',
    '../../../_base_/datasets/coco.py',
    '../../../_base_/inputs/128x96_simple.py',
]
model = dict(
    data_preprocessor=dict(bgr_to_rgb=False), test_cfg=dict(shift_heatmap=False), head=dict(decoder=_base_.codec)
)
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
auto_scale_lr = dict(base_batch_size=256)
