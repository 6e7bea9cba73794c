# The same network on detected boxes (Cascade R-CNN, X-101-64x4d-FPN) with a score above 0.4.
_base_ = './hrnet_w32_posetrack18_256x192.py'

val_dataloader = dict(
    dataset=dict(
        bbox_file='data/posetrack18/annotations/posetrack18_val_human_detections.json',
        filter_cfg=dict(bbox_score_thr=0.4),
    )
)
test_dataloader = val_dataloader
