"""What mmpose 1.x has and this project has not: one sentence each, for whoever brings a config of its.

This and `docs/coming_from_mmpose.md` are all there is to delete when nobody comes from mmpose any more.
"""

__all__ = ['ABSENT', 'MODULES', 'said_of']

_SMALL = "there is no small network yet: ResNet-18 (type='ResNet', depth=18) is the lightest"
_RESNETS = (
    'ResNet, ResNetV1d and HRNet are here; of the other residual networks HRNet is more accurate at the same cost'
)
_STAGES = 'multi-stage networks are not here; HourglassNet with CPMHead is the one with intermediate supervision'
_TRANSFORMER = 'of the transformers VisionTransformer (ViTPose) is here, which is more accurate'
_NOT_HEATMAPS = 'this project is about top-down heatmaps; HeatmapHead with MSRAHeatmap(unbiased=True) stands for it'
_BOTTOM_UP = 'bottom-up networks are not here: give the boxes of a detector to a top-down network'
_LIFTING = '3-D poses are not here'
_DATASET = (
    "a COCO-style file of it is read by type='CocoDataset' with metainfo=dict(from_file=...) of its definition "
    '(docs/custom_dataset.md)'
)
_COLOUR = 'PhotometricDistortion changes colours'
_SWITCH = 'write the stages of a training as two configs, the second with load_from'

ABSENT: dict[str, str] = {
    **dict.fromkeys(
        ('LiteHRNet', 'MobileNetV2', 'MobileNetV3', 'ShuffleNetV1', 'ShuffleNetV2', 'ViPNAS_ResNet',
         'ViPNAS_MobileNetV3', 'ViPNASHead', 'AlexNet', 'VGG', 'CSPNeXt', 'CSPDarknet'), _SMALL,
    ),
    **dict.fromkeys(('ResNeXt', 'SEResNet', 'SEResNeXt', 'SCNet', 'ResNeSt', 'RegNet'), _RESNETS),
    **dict.fromkeys(('MSPN', 'RSN', 'CPM', 'MSPNHead', 'MegviiHeatmap'), _STAGES),
    **dict.fromkeys(
        ('SwinTransformer', 'PyramidVisionTransformer', 'PyramidVisionTransformerV2', 'HRFormer'), _TRANSFORMER
    ),
    **dict.fromkeys(
        ('RegressionHead', 'IntegralRegressionHead', 'SimCCHead', 'RLEHead', 'DSNTHead', 'RTMCCHead', 'RTMWHead',
         'VisPredictHead', 'InternetHead', 'RegressionLabel', 'IntegralRegressionLabel', 'SimCCLabel',
         'KLDiscretLoss', 'RLELoss', 'SmoothL1Loss', 'L1Loss', 'MSELoss', 'WingLoss', 'SoftWingLoss', 'BoneLoss',
         'GlobalAveragePooling', 'MultipleLossWrapper', 'CombinedLoss', 'JSDiscretLoss', 'BCELoss'), _NOT_HEATMAPS,
    ),
    **dict.fromkeys(
        ('BottomupPoseEstimator', 'AssociativeEmbeddingHead', 'AssociativeEmbedding', 'DEKRHead', 'CIDHead',
         'EDPoseHead', 'RTMOHead', 'SPR', 'DecoupledHeatmap', 'HourglassAENet', 'BottomupResize',
         'BottomupRandomAffine', 'BottomupGetHeatmapMask', 'BottomupRandomCrop', 'AssociativeEmbeddingLoss',
         'YOLOXMixUp', 'Mosaic', 'FilterAnnotations', 'RTMOModeSwitchHook', 'YOLOXPoseModeSwitchHook'), _BOTTOM_UP,
    ),
    **dict.fromkeys(
        ('PoseLifter', 'VideoPoseLifting', 'ImagePoseLifting', 'MotionBERTLabel', 'TCN', 'DSTFormer', 'V2VNet',
         'MPJPE', 'Hand3DHeatmap', 'Human36mDataset', 'H36MWholeBodyDataset', 'UBody3dDataset', 'InterHand3DDataset'),
        _LIFTING,
    ),
    **dict.fromkeys(
        ('AP10KDataset', 'AnimalKingdomDataset', 'AnimalPoseDataset', 'ATRWDataset', 'ExlposeDataset', 'FlyDataset',
         'FreiHandDataset', 'HalpeDataset', 'Horse10Dataset', 'HumanArt21Dataset', 'HumanArtDataset', 'JhmdbDataset',
         'LocustDataset', 'MacaqueDataset', 'MhpDataset', 'OCHumanDataset', 'OneHand10KDataset',
         'PanopticHand2DDataset',
         'Rhd2DDataset', 'UBody2dDataset', 'WFLWDataset', 'COFWDataset', 'AFLWDataset', 'Face300WDataset',
         'Face300WLPDataset', 'Face300VWDataset', 'LapaDataset', 'ZebraDataset', 'DeepFashionDataset',
         'DeepFashion2Dataset', 'CocoWholeBodyFaceDataset', 'CocoWholeBodyHandDataset', 'InterHand2DDoubleDataset',
         'MpiiTrbDataset', 'PoseTrack18VideoDataset'), _DATASET,
    ),
    **dict.fromkeys(('YOLOXHSVRandomAug', 'mmdet.YOLOXHSVRandomAug'), _COLOUR),
    **dict.fromkeys(('mmdet.PipelineSwitchHook',), _SWITCH),
    'JhmdbPCKAccuracy': "PCKAccuracy(norm_item=['bbox', 'torso']) measures the same for other datasets",
    'KeypointPartitionMetric': 'CocoWholeBodyMetric gives the values of each part of the body',
    'MultiDatasetEvaluator': 'test on one dataset after the other',
    'SyncNormHook': "SyncBuffersHook averages BatchNorm's statistics over processes",
    'BatchSyncRandomResize': 'crops of people have one size',
    'PoseWarperNeck': 'video networks are not here',
    'FPN': 'HeatmapHead reads one feature map; HRNet keeps the resolution itself',
}  # fmt: skip

# Modules of mmpose 1.x that configs name in custom_imports: what is registered in them is found without.
MODULES = (
    *(f'models.{name}' for name in ('backbones', 'necks', 'heads', 'losses', 'pose_estimators', 'utils', 'utils.ops')),
    *(f'models.data_preprocessors{name}' for name in ('', '.data_preprocessor', '.batch_augmentation')),
    *(f'models.losses.{name}' for name in ('heatmap_loss', 'classification_loss', 'regression_loss', 'loss_wrappers')),
    *(f'models.heads.heatmap_heads{name}' for name in ('', '.heatmap_head', '.cpm_head', '.mspn_head')),
    'datasets.transforms.common_transforms',
    'datasets.transforms.topdown_transforms',
    'datasets.transforms.formatting',
    'datasets.transforms.loading',
    'datasets.transforms.converting',
    'datasets.datasets',
    *(f'datasets.datasets.{name}' for name in ('base', 'body', 'wholebody', 'face', 'hand', 'animal', 'fashion')),
    'datasets.dataset_wrappers',
    'datasets.samplers',
    'engine.hooks.ema_hook',
    'engine.hooks.mode_switch_hooks',
    'engine.hooks.sync_norm_hook',
    'engine.optim_wrappers',
    'engine.optim_wrappers.layer_decay_optim_wrapper',
    'engine.optim_wrappers.force_default_constructor',
    'engine.schedulers',
    'evaluation.evaluators',
    'visualization.fast_visualizer',
)


def said_of(name: str) -> str:
    """Return what stands for a component of mmpose that is not here, '' for any other name.

    >>> said_of('SEResNet')[:61]
    'a component of mmpose 1.x that is not here: ResNet, ResNetV1d'
    >>> said_of('SeResNet')
    ''
    """
    found = ABSENT.get(name) or ABSENT.get(name.removeprefix('mmpose_dark.'))
    return f'a component of mmpose 1.x that is not here: {found}' if found else ''
