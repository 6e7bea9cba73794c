_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_210e_vitpose.py',
    '../../../_base_/models/vitpose_large.py',
    '../../../_base_/datasets/mpii.py',
    '../../../_base_/inputs/256x192_udp_mpii.py',
]
model = dict(backbone=dict(expert='mpii'), head=dict(out_channels=16, decoder=_base_.codec))
optim_wrapper = dict(paramwise_cfg=dict(layer_decay_rate=0.8))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='PCK'))
