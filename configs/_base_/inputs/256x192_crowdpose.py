# 256x192 for CrowdPose, where people with 7 of the 14 keypoints are cropped to half bodies already.
_base_ = './256x192.py'

train_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody', min_total_keypoints=7),
    dict(type='RandomBBoxTransform'),
    *_base_.val_pipeline[2:],
]
