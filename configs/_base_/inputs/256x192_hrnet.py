# 256x192, augmented as the official HRNet and DARK code does for HRNet (45 degrees, 0.65-1.35).
_base_ = './256x192.py'

train_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.65, 1.35), rotate_factor=90.0),
    *_base_.val_pipeline[2:],
]
