# HRNet's layout: branches and blocks of its four stages. Depth and width are those of hrnet_*.py.
_base_ = './top_down.py'

model = dict(
    backbone=dict(
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK'),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC'),
            stage3=dict(num_branches=3, block='BASIC'),
            stage4=dict(num_branches=4, block='BASIC'),
        ),
    ),
    head=dict(deconv_out_channels=None),
)
