# 256x256, augmented as the toolbox zoo does for MPII (no shift, no half bodies).
_base_ = './256x192.py'

codec = dict(input_size=(256, 256), heatmap_size=(64, 64))
val_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.val_pipeline]
train_pipeline = [
    *val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0),
    *val_pipeline[2:],
]
