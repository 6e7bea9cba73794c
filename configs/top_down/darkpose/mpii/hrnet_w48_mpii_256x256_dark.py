_base_ = '../../hrnet/mpii/hrnet_w48_mpii_256x256.py'

codec = dict(_base_.codec, unbiased=True, blur_kernel_size=11)
model = dict(head=dict(decoder=codec))
