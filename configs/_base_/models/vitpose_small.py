# MAE's authors have no weights of this size; these are of ViTPose's.
_base_ = './vitpose_base.py'

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=384, num_layers=12, num_heads=12, feedforward_channels=1536),
        drop_path_rate=0.1,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmpose/v1/pretrained_models/mae_pretrain_vit_small_20230913.pth'
        ),
    ),
    head=dict(in_channels=384),
)
