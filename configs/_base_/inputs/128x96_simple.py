# 256x192_simple at 128x96.
_base_ = './256x192_simple.py'

codec = dict(input_size=(96, 128), heatmap_size=(24, 32), sigma=1)
train_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.train_pipeline]
val_pipeline = [dict(t, input_size=codec['input_size']) if 'input_size' in t else t for t in _base_.val_pipeline]
