# 256x192 with UDP: sizes count from pixel centre to pixel centre, in the crop and in the heatmaps.
_base_ = './256x192.py'

codec = dict(type='UDPHeatmap')
val_pipeline = [dict(t, use_udp=True) if t['type'] == 'TopdownAffine' else t for t in _base_.val_pipeline]
train_pipeline = [dict(t, use_udp=True) if t['type'] == 'TopdownAffine' else t for t in _base_.train_pipeline]
