"""The code bases of the papers: networks whose parameters have neither ``backbone.`` nor ``head.`` in front."""

from .base import Family, has_parts, register_family, rename_each

__all__ = ['HOURGLASS', 'HRNET', 'SIMPLE_BASELINES']


def _rename(name: str) -> str:
    return ('head.' if name.startswith(('deconv_layers.', 'final_layer.')) else 'backbone.') + name


HOURGLASS = register_family(
    Family('DarkPose Hourglass', has_parts('hg', 'score'), rename_each(_rename), projects='DarkPose Hourglass')
)
SIMPLE_BASELINES = register_family(
    Family(
        'Simple Baselines / DarkPose ResNet',
        has_parts('layer4', 'deconv_layers', 'final_layer'),
        rename_each(_rename),
        projects='Simple Baselines (also caffe style), DarkPose ResNet',
    )
)
HRNET = register_family(
    Family(
        'HRNet / DarkPose HRNet',
        has_parts('stage2', 'final_layer', without=('classifier',)),  # a classifier: ImageNet weights
        rename_each(_rename),
        projects='HRNet, DarkPose HRNet',
    )
)
