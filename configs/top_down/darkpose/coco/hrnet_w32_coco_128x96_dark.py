_base_ = '../../hrnet/coco/hrnet_w32_coco_128x96.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=3)
model = dict(head=dict(decoder=codec))
