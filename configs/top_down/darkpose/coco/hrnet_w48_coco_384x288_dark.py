_base_ = '../../hrnet/coco/hrnet_w48_coco_384x288.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=17)
model = dict(head=dict(decoder=codec))
