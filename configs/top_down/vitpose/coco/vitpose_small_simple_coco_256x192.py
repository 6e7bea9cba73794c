# The simple head: ReLU, bilinear enlargement by 4, one 3x3 convolution.
_base_ = './vitpose_small_coco_256x192.py'

model = dict(
    neck=dict(type='FeatureMapProcessor', scale_factor=4.0, apply_relu=True),
    head=dict(deconv_out_channels=None, deconv_kernel_sizes=None, final_layer=dict(kernel_size=3, padding=1)),
)
