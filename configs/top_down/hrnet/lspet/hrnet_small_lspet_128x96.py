_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/small_from_scratch.py',
    '../../../_base_/models/hrnet_small.py',
    '../../../_base_/datasets/lspet.py',
    '../../../_base_/inputs/128x96_simple.py',
]
model = dict(head=dict(out_channels=14, decoder=_base_.codec))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(interval=5, save_best='lspet/AP'))
