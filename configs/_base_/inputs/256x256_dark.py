_base_ = './256x256.py'

codec = dict(unbiased=True, blur_kernel_size=11)
