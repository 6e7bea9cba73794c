# "Plus": training starts from the COCO body model, and with warm-up, unlike the network without DARK.
_base_ = '../../hrnet/coco-wholebody/hrnet_w48_coco_wholebody_384x288.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=17)
model = dict(head=dict(decoder=codec))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], gamma=0.1, by_epoch=True),
]
load_from = 'https://download.openmmlab.com/mmpose/top_down/hrnet/hrnet_w48_coco_384x288_dark-741844ba_20200812.pth'
