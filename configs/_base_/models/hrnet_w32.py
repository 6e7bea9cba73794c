_base_ = './hrnet.py'

model = dict(
    backbone=dict(
        extra=dict(
            stage1=dict(num_blocks=(4,), num_channels=(64,)),
            stage2=dict(num_blocks=(4, 4), num_channels=(32, 64)),
            stage3=dict(num_modules=4, num_blocks=(4, 4, 4), num_channels=(32, 64, 128)),
            stage4=dict(num_modules=3, num_blocks=(4, 4, 4, 4), num_channels=(32, 64, 128, 256)),
        ),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmpose/pretrain_models/hrnet_w32-36af842e.pth',
        ),
    ),
    head=dict(in_channels=32),
)
