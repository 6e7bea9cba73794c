# How demo/people_start-*.pth was made, the weights that `make demo` starts from: the same network on other drawn
# people, first at a smaller input, where an image costs half, then at the demo's.
#   python tools/misc/generate_people.py data/people_start --train 12000 --val 16 --seed 1
#   python tools/train.py configs/demo/people_start_128x96.py --no-validate
#   python tools/train.py configs/demo/people_start_192x144.py --no-validate
#   python tools/misc/publish_model.py work_dirs/people_start_192x144/epoch_7.pth demo/people_start
_base_ = ['people_dark_192x144.py']

load_from = 'work_dirs/people_start_128x96/epoch_3.pth'
data_root = 'data/people_start/'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=7)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=60, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=7, T_max=7, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=1, max_keep_ckpts=3))
