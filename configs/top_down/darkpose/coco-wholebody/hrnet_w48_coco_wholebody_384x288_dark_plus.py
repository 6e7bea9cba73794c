# "Plus": training starts from the COCO body model.
_base_ = '../../hrnet/coco-wholebody/hrnet_w48_coco_wholebody_384x288.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=17)
model = dict(head=dict(decoder=codec))
load_from = 'https://download.openmmlab.com/mmpose/top_down/hrnet/hrnet_w48_coco_384x288_dark-741844ba_20200812.pth'
