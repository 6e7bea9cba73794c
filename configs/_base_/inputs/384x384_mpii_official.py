# 256x256_mpii_official at 384x384.
_base_ = './256x256_mpii_official.py'

codec = dict(input_size=(384, 384), heatmap_size=(96, 96), sigma=3)
train_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.train_pipeline]
val_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.val_pipeline]
