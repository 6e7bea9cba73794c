# The HRNet authors' recipe with extra AIC training data, tested on test-dev2017.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_210e_hrnet.py',
    '../../../_base_/models/hrnet_w48.py',
    '../../../_base_/datasets/coco_aic_testdev.py',
    '../../../_base_/inputs/384x288_hrnet.py',
]
model = dict(head=dict(decoder=_base_.codec))
train_dataloader = dict(batch_size=24, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
