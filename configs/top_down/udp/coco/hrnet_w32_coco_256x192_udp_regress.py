# Heatmaps are discs, and two more maps a keypoint say how far it is from each pixel.
_base_ = './hrnet_w32_coco_256x192_udp.py'

codec = dict(_base_.codec, heatmap_type='combined')
model = dict(
    head=dict(
        out_channels=3 * 17,
        loss=dict(_delete_=True, type='CombinedTargetMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    train_cfg=dict(compute_acc=False),
    test_cfg=dict(flip_mode='udp_combined'),
)
