# 256x192_udp at 384x288.
_base_ = './256x192_udp.py'

codec = dict(input_size=(288, 384), heatmap_size=(72, 96), sigma=3)
train_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.train_pipeline]
val_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.val_pipeline]
