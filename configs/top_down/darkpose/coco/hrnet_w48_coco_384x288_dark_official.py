# DARK's official recipe: no shift of the flipped heatmap, and kernel 11 at this size too.
_base_ = '../../hrnet/coco/hrnet_w48_coco_384x288_official.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(test_cfg=dict(shift_heatmap=False), head=dict(decoder=codec))
train_dataloader = dict(batch_size=18)
