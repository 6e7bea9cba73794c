_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_210e_vitpose.py',
    '../../../_base_/models/vitpose_base.py',
    '../../../_base_/datasets/mpii.py',
    '../../../_base_/inputs/256x192_udp_mpii.py',
]
model = dict(backbone=dict(expert='mpii'), head=dict(out_channels=16, decoder=_base_.codec))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='PCK'))
