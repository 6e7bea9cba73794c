custom_imports = dict(imports=['toy_parts'])  # its folder is on PYTHONPATH

default_scope = 'mmpose_dark'
model = dict(type='ToyModel')
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ToyDataset', size=24),
    collate_fn=dict(type='toy_collate'),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', size=11, noise=0),
    collate_fn=dict(type='toy_collate'),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ToyMetric')
test_evaluator = val_evaluator
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.01))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=10, start_factor=0.001, by_epoch=False),
    dict(type='MultiStepLR', milestones=[2], by_epoch=True),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=2),
    checkpoint=dict(type='CheckpointHook', interval=1, save_best='toy/error', rule='less', max_keep_ckpts=2),
)
custom_hooks = [dict(type='SyncBuffersHook'), dict(type='EMAHook', momentum=0.1), dict(type='KillHook')]
randomness = dict(seed=0)
