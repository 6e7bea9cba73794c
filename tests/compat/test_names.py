"""Every name of the table of mmpose's names is there, and is the thing it says."""

import importlib
import subprocess
import sys

import pytest

from mmpose_dark.utils.mmpose_names import HOMES

SCRIPT = """
from mmpose_dark.apis import MMPoseInferencer, Pose2DInferencer, inference_topdown, init_model, visualize
from mmpose_dark.apis.inference import dataset_meta_from_config
from mmpose_dark.apis.inferencers import get_model_aliases
from mmpose_dark.codecs import *
from mmpose_dark.codecs.base import BaseKeypointCodec
from mmpose_dark.datasets import CombinedDataset, MultiSourceSampler, build_dataset
from mmpose_dark.datasets.builder import build_dataset
from mmpose_dark.datasets.datasets import BaseCocoStyleDataset, CocoDataset
from mmpose_dark.datasets.datasets.utils import parse_pose_metainfo
from mmpose_dark.datasets.transforms import LoadImage, TopdownAffine
from mmpose_dark.datasets.transforms.common_transforms import GetBBoxCenterScale
from mmpose_dark.engine.hooks import BadCaseAnalysisHook, ExpMomentumEMA, PoseVisualizationHook
from mmpose_dark.evaluation import CocoMetric, keypoint_pck_accuracy
from mmpose_dark.evaluation.functional import nms, oks_nms, pose_pck_accuracy, transform_ann
from mmpose_dark.models import build_pose_estimator
from mmpose_dark.models.builder import build_loss
from mmpose_dark.models.data_preprocessors import PoseDataPreprocessor
from mmpose_dark.models.heads import BaseHead, HeatmapHead
from mmpose_dark.models.heads.heatmap_heads import CPMHead
from mmpose_dark.models.pose_estimators import TopdownPoseEstimator
from mmpose_dark.models.utils.tta import flip_heatmaps
from mmpose_dark.registry import INFERENCERS, TASK_UTILS
from mmpose_dark.structures import PoseDataSample, bbox_xyxy2cs, keypoint_clip_border, merge_data_samples
from mmpose_dark.structures.bbox import bbox_overlaps, bbox_xywh2xyxy
from mmpose_dark.structures.bbox.transforms import get_warp_matrix
from mmpose_dark.structures.utils import revert_heatmap, split_instances
from mmpose_dark.utils import adapt_mmdet_pipeline, collect_env, get_root_logger, register_all_modules
from mmpose_dark.visualization import FastVisualizer, PoseLocalVisualizer
import mmpose_dark.evaluation.functional, mmpose_dark.structures.bbox
assert callable(nms) and callable(mmpose_dark.evaluation.functional.nms)
assert MSRAHeatmap.__name__ == 'MSRAHeatmap'
assert TopdownPoseEstimator.__name__ == 'TopDown'
from mmpose_dark.structures.bbox import get_warp_matrix as same
assert same is get_warp_matrix

# A module of mmpose's that is imported becomes an attribute of its package, and must hide none of ours.
import importlib
from mmpose_dark.utils.mmpose_names import HOMES
for module in HOMES:
    importlib.import_module(f'mmpose_dark.{module}')
for module in HOMES:
    found = importlib.import_module(f'mmpose_dark.{module}')
    for name in (*getattr(found, '__all__', ()), *HOMES[module]):
        getattr(found, name)
"""


@pytest.mark.parametrize('module', sorted(HOMES))
def test_every_name_is_there(module: str) -> None:
    found = importlib.import_module(f'mmpose_dark.{module}')
    for name, home in HOMES[module].items():
        place, _, other = home.partition(':')
        assert getattr(found, name) is getattr(importlib.import_module(f'mmpose_dark.{place}'), other or name)


@pytest.mark.slow
def test_a_script_s_imports() -> None:
    """In a process of its own: here the modules may have been imported in any order."""
    subprocess.run([sys.executable, '-W', 'ignore', '-c', SCRIPT], check=True)


def test_other_names_are_errors_as_before() -> None:
    with pytest.raises(ImportError, match='cannot import name'):
        from mmpose_dark.evaluation import NoMetric  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'mmpose_dark\.structures\.nothing'"):
        importlib.import_module('mmpose_dark.structures.nothing')
    with pytest.raises(AttributeError, match='has no attribute'):
        importlib.import_module('mmpose_dark.structures.utils').nothing  # noqa: B018
