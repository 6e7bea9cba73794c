_base_ = '../../hrnet/coco/hrnet_w32_coco_256x192.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(head=dict(decoder=codec))
