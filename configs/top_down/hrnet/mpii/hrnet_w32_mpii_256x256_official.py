# The HRNet authors' recipe, for checkpoints of their code.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_210e_hrnet.py',
    '../../../_base_/models/hrnet_w32.py',
    '../../../_base_/datasets/mpii.py',
    '../../../_base_/inputs/256x256_mpii_official.py',
]
model = dict(head=dict(out_channels=16, decoder=_base_.codec))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='PCK'))
