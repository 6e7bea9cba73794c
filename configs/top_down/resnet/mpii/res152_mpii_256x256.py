# Simple Baselines: BGR images, normalised with the RGB statistics as its code does.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_140e.py',
    '../../../_base_/models/resnet152.py',
    '../../../_base_/datasets/mpii.py',
    '../../../_base_/inputs/256x256_mpii_official.py',
]
model = dict(data_preprocessor=dict(bgr_to_rgb=False), head=dict(out_channels=16, decoder=_base_.codec))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='PCK'))
