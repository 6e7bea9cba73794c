# DARK's official recipe, tested on test-dev2017.
_base_ = '../../hrnet/coco/hrnet_w48_coco_384x288_testdev.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(test_cfg=dict(shift_heatmap=False), head=dict(decoder=codec))
train_dataloader = dict(batch_size=18)
