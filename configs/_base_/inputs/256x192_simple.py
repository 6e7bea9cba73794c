# 256x192, augmented as Simple Baselines (40 degrees, 0.7-1.3, no half bodies).
_base_ = './256x192.py'

train_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.7, 1.3), rotate_factor=80.0),
    *_base_.val_pipeline[2:],
]
