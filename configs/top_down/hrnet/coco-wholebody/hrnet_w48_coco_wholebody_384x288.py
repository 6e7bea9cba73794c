_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_210e.py',
    '../../../_base_/models/hrnet_w48.py',
    '../../../_base_/datasets/coco_wholebody.py',
    '../../../_base_/inputs/384x288.py',
]
model = dict(head=dict(out_channels=133, decoder=_base_.codec))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(save_best='coco-wholebody/AP'))
# The zoo trained this one without warm-up.
param_scheduler = [dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], gamma=0.1, by_epoch=True)]
