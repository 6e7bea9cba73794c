# What the top-down heatmap networks share: ImageNet's normalisation, the head's loss, the flip test of the toolbox zoo.
model = dict(
    type='TopDown',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    head=dict(type='HeatmapHead', out_channels=17, loss=dict(type='KeypointMSELoss', use_target_weight=True)),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)
