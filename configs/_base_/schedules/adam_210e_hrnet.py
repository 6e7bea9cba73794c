# The schedule of the official HRNet code, and of DARK's for HRNet: twice the zoo's learning rate, no warm-up.
train_cfg = dict(by_epoch=True, max_epochs=210, val_interval=10)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], gamma=0.1, by_epoch=True)
auto_scale_lr = dict(base_batch_size=128)
