# The Hourglass of the DARK paper: BGR images, no shift of the flipped heatmap, no ImageNet weights.
_base_ = './top_down.py'

model = dict(
    data_preprocessor=dict(bgr_to_rgb=False),
    backbone=dict(type='Hourglass', num_stacks=4, out_channels=17),
    head=dict(in_channels=17, deconv_out_channels=None, final_layer=None, multi_output=True),
    test_cfg=dict(shift_heatmap=False),
)
