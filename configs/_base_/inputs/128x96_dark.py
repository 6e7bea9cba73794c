_base_ = './128x96.py'

codec = dict(unbiased=True, blur_kernel_size=3)
