_base_ = './256x192.py'

codec = dict(unbiased=True, blur_kernel_size=11)
