# 256x256, augmented as the official code does for MPII (30 degrees, 0.75-1.25).
_base_ = './256x256_mpii.py'

train_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.75, 1.25), rotate_factor=60.0),
    *_base_.val_pipeline[2:],
]
