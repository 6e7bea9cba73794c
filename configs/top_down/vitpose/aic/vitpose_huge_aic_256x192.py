_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_210e_vitpose.py',
    '../../../_base_/models/vitpose_huge.py',
    '../../../_base_/datasets/aic.py',
    '../../../_base_/inputs/256x192.py',
]
model = dict(
    backbone=dict(expert='aic'), head=dict(out_channels=14, decoder=_base_.codec), test_cfg=dict(shift_heatmap=True)
)
optim_wrapper = dict(paramwise_cfg=dict(layer_decay_rate=0.85))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='aic/AP'))
