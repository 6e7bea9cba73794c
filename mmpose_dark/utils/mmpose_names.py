"""The table: where mmpose 1.x has a name, and where it stands here.

`mmpose_dark/__init__.py` hands it to `utils.aliases`, which adds the names to the modules. To take mmpose's names away,
delete that call, these two files and the folder ``compat``.
"""

from types import MappingProxyType

__all__ = ['HOMES']


def _in(home: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, home)


_BOXES = _in('compat.boxes', 'bbox_clip_border', 'bbox_corner2xyxy', 'bbox_xyxy2corner')
_METRICS = _in(
    'evaluation.metrics', 'AUC', 'EPE', 'NME', 'CocoMetric', 'CocoWholeBodyMetric', 'MpiiPCKAccuracy', 'PCKAccuracy',
    'PoseTrack18Metric',
)  # fmt: skip
_CONVERSIONS = _in('compat.conversions', 'pose_pck_accuracy', 'transform_ann', 'transform_pred', 'transform_sigmas')
_FUNCTIONAL = _in(
    'evaluation.functional', 'keypoint_auc', 'keypoint_epe', 'keypoint_nme', 'keypoint_pck_accuracy', 'nms', 'oks_nms',
    'soft_oks_nms',
)  # fmt: skip
_DATASETS = _in(
    'datasets', 'AicDataset', 'BaseCocoStyleDataset', 'CocoDataset', 'CocoWholeBodyDataset', 'CrowdPoseDataset',
    'MpiiDataset', 'PoseTrack18Dataset',
)  # fmt: skip
_BUILD = dict.fromkeys(
    ('build_backbone', 'build_head', 'build_loss', 'build_neck', 'build_pose_estimator', 'build_posenet'),
    'compat.builders:build_model',
)
_OLD_REGISTRIES = dict.fromkeys(('BACKBONES', 'HEADS', 'LOSSES', 'NECKS', 'POSE_ESTIMATORS'), 'registry:MODELS')
_ESTIMATOR = dict(TopdownPoseEstimator='models.pose_estimators:TopDown')
_INFERENCERS = _in('compat.inferencers', 'MMPoseInferencer', 'Pose2DInferencer', 'get_model_aliases')
_INFERENCE = _in('inference', 'dataset_meta_from_config', 'inference_topdown', 'init_model')
_REFINEMENT = _in(
    'compat.heatmaps', 'gaussian_blur', 'refine_keypoints', 'refine_keypoints_dark', 'refine_keypoints_dark_udp'
)
_TARGETS = _in(
    'compat.heatmaps', 'generate_gaussian_heatmaps', 'generate_udp_gaussian_heatmaps',
    'generate_unbiased_gaussian_heatmaps',
)  # fmt: skip
_PEAKS = _in('compat.heatmaps', 'get_heatmap_maximum')
_TRANSFORMS = 'datasets.transforms'

# Module -> names that are added to it, each with the place it stands in: a module, or module:name.
HOMES = MappingProxyType(
    {
        'apis': {**_INFERENCERS, **_in('compat.drawing', 'visualize')},
        'apis.inference': _INFERENCE,
        'apis.inferencers': _INFERENCERS,
        'apis.visualization': _in('compat.drawing', 'visualize'),
        'codecs.utils': {**_REFINEMENT, **_TARGETS, **_PEAKS},
        'codecs.utils.gaussian_heatmap': _TARGETS,
        'codecs.utils.post_processing': {**_PEAKS, **_in('compat.heatmaps', 'gaussian_blur')},
        'codecs.utils.refinement': _REFINEMENT,
        'datasets': {**_in('compat.builders', 'build_dataset'), **_in('compat.sampling', 'MultiSourceSampler')},
        'datasets.builder': _in('compat.builders', 'build_dataset'),
        'datasets.dataset_wrappers': _in('datasets', 'CombinedDataset'),
        'datasets.datasets': _DATASETS,
        'datasets.datasets.base': _in('datasets', 'BaseCocoStyleDataset'),
        'datasets.datasets.body': {k: v for k, v in _DATASETS.items() if k != 'CocoWholeBodyDataset'},
        'datasets.datasets.utils': _in('keypoint_sets', 'parse_pose_metainfo'),
        'datasets.datasets.wholebody': _in('datasets', 'CocoWholeBodyDataset'),
        'datasets.samplers': _in('compat.sampling', 'MultiSourceSampler'),
        'datasets.transforms.common_transforms': _in(
            _TRANSFORMS, 'Albumentation', 'GenerateTarget', 'GetBBoxCenterScale', 'PhotometricDistortion',
            'RandomBBoxTransform', 'RandomFlip', 'RandomHalfBody',
        ),
        'datasets.transforms.converting': _in(_TRANSFORMS, 'KeypointConverter'),
        'datasets.transforms.formatting': _in(_TRANSFORMS, 'PackPoseInputs'),
        'datasets.transforms.loading': _in(_TRANSFORMS, 'LoadImage'),
        'datasets.transforms.topdown_transforms': _in(_TRANSFORMS, 'TopdownAffine'),
        'engine': _in('models', 'ExpMomentumEMA'),
        'engine.hooks': _in('models', 'ExpMomentumEMA'),
        'evaluation': {**_METRICS, **_FUNCTIONAL, **_CONVERSIONS},
        'evaluation.functional': _CONVERSIONS,
        'models': {**_BUILD, **_OLD_REGISTRIES, **_ESTIMATOR},
        'models.builder': {**_BUILD, **_OLD_REGISTRIES},
        'models.data_preprocessors': _in('models', 'PoseDataPreprocessor'),
        'models.heads.heatmap_heads': _in('models.heads', 'CPMHead', 'HeatmapHead'),
        'models.pose_estimators': _ESTIMATOR,
        'models.utils': {},
        'models.utils.tta': _in('compat.tensors', 'flip_heatmaps'),
        'registry': _in('compat.registries', 'INFERENCERS', 'RUNNER_CONSTRUCTORS', 'TASK_UTILS'),
        'structures': {
            **_BOXES, **_in('compat.boxes', 'keypoint_clip_border'), **_in('compat.structures', 'split_instances'),
            **_in('structures.udp_warp', 'get_udp_warp_matrix'),
        },
        'structures.bbox': {
            **_BOXES, **_in('compat.tensors', 'bbox_overlaps'), **_in('structures.udp_warp', 'get_udp_warp_matrix')
        },
        'structures.bbox.bbox_overlaps': _in('compat.tensors', 'bbox_overlaps'),
        'structures.bbox.transforms': {
            **_BOXES,
            **_in('structures.bbox', 'bbox_cs2xywh', 'bbox_cs2xyxy', 'bbox_xywh2cs', 'bbox_xywh2xyxy', 'bbox_xyxy2cs',
                  'bbox_xyxy2xywh', 'flip_bbox', 'get_warp_matrix'),
            **_in('structures.udp_warp', 'get_udp_warp_matrix'),
        },
        'structures.keypoint': _in('compat.boxes', 'keypoint_clip_border'),
        'structures.utils': {**_in('compat.structures', 'split_instances'), **_in('structures', 'merge_data_samples'),
                             **_in('structures.heatmap', 'revert_heatmap')},
        'utils': _in('compat.environment', 'adapt_mmdet_pipeline', 'collect_env', 'get_root_logger'),
        'utils.collect_env': _in('compat.environment', 'collect_env'),
        'utils.config_utils': _in('compat.environment', 'adapt_mmdet_pipeline'),
        'utils.logger': _in('compat.environment', 'get_root_logger'),
        'visualization': _in('compat.drawing', 'FastVisualizer'),
        'visualization.fast_visualizer': _in('compat.drawing', 'FastVisualizer'),
    }
)  # fmt: skip
