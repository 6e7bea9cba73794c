# A short schedule for small networks without ImageNet weights: AdamW, warm-up, cosine to zero.
train_cfg = dict(by_epoch=True, max_epochs=45, val_interval=5)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=300, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=45, T_max=45, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
