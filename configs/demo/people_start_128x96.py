# The first part of the demo's start: 3 epochs at 128x96 and a constant learning rate. See people_start_192x144.py.
_base_ = ['people_start_192x144.py']

codec = dict(_base_.codec, input_size=(96, 128), heatmap_size=(24, 32), sigma=1, blur_kernel_size=3)
model = dict(head=dict(decoder=codec))
_crop = [dict(type='TopdownAffine', input_size=codec['input_size']), dict(type='PackPoseInputs')]
train_dataloader = dict(dataset=dict(pipeline=_base_._load + _base_._augment + _crop))
val_dataloader = dict(dataset=dict(pipeline=_base_._load + _crop))
test_dataloader = val_dataloader

load_from = None
train_cfg = dict(max_epochs=3)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
param_scheduler = [dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False)]
