"""Leeds Sports Pose Extended: AI Challenger's 14 keypoints, with the sigmas of the COCO family."""

from .aic import dataset_info as _aic

dataset_info = dict(
    _aic,
    dataset_name='lspet',
    paper_info=dict(
        author='Johnson, Sam and Everingham, Mark',
        title='Learning effective human pose estimation from inaccurate annotation',
        container='Conference on Computer Vision and Pattern Recognition',
        year='2011',
        homepage='https://github.com/axelcarlier/lsp',
    ),
    sigmas=[0.079, 0.072, 0.062, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089, 0.107, 0.087, 0.089, 0.079, 0.079],
)
