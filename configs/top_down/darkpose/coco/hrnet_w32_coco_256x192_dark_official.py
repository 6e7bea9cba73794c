# DARK's official recipe: no shift of the flipped heatmap.
_base_ = '../../hrnet/coco/hrnet_w32_coco_256x192_official.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(test_cfg=dict(shift_heatmap=False), head=dict(decoder=codec))
