# How the top-down datasets are read, whichever they are: batch sizes, workers, samplers.
# A dataset's part (datasets/*.py) adds its class and files, a recipe the pipelines.
train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(data_mode='topdown'),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(data_mode='topdown', test_mode=True),
)
test_dataloader = val_dataloader
