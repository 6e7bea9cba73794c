# ViTPose-B with the classic head (two transposed convolutions), trained from MAE's weights.
_base_ = './top_down.py'

model = dict(
    backbone=dict(
        type='VisionTransformer',
        arch='base',
        img_size=(256, 192),
        patch_cfg=dict(padding=2),
        drop_path_rate=0.3,
        init_cfg=dict(
            type='Pretrained', checkpoint='https://dl.fbaipublicfiles.com/mae/pretrain/mae_pretrain_vit_base.pth'
        ),
    ),
    head=dict(in_channels=768, deconv_out_channels=(256, 256), deconv_kernel_sizes=(4, 4)),
    test_cfg=dict(shift_heatmap=False),
)
