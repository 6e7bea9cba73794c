# 256x192_udp, augmented as ViTPose does for MPII (no shift, no half bodies).
_base_ = './256x192_udp.py'

train_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0),
    *_base_.val_pipeline[2:],
]
