_base_ = './384x288.py'

codec = dict(unbiased=True, blur_kernel_size=17)
