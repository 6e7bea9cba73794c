_base_ = '../../hourglass/coco/hourglass4_coco_128x96.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(head=dict(decoder=codec))
