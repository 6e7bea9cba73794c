# Codec and pipelines of the network input 256x192 (height x width). Targets are encoded by the head, on the device.
# The other inputs are this one at another size (the same pipelines with another `input_size`), or with another
# augmentation (the validation pipeline with other transforms in its middle).
codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
train_pipeline = [
    *val_pipeline[:2],
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform'),
    *val_pipeline[2:],
]
