"""Looking at data and results: heatmaps, contact sheets, inputs, and the visualizer of configs."""

from typing import TYPE_CHECKING

from ..drawing.boxes import draw_bboxes
from ..drawing.ellipses import draw_covariances
from ..drawing.files import write_image
from ..drawing.keypoints import draw_keypoints, draw_people, draw_skeleton
from ..drawing.poses import draw_poses
from ..utils.lazy import lazy_names
from .heatmaps import colorize_heatmap, heatmap_grid, heatmaps_to_image, overlay_heatmap, resize_heatmaps
from .samples import sample_heatmaps
from .sheets import contact_sheet, fit_into, side_by_side, stacked

if TYPE_CHECKING:
    from .local_visualizer import PoseLocalVisualizer

__all__ = [
    'PoseLocalVisualizer',
    'colorize_heatmap',
    'contact_sheet',
    'draw_bboxes',
    'draw_covariances',
    'draw_keypoints',
    'draw_people',
    'draw_poses',
    'draw_skeleton',
    'fit_into',
    'heatmap_grid',
    'heatmaps_to_image',
    'overlay_heatmap',
    'resize_heatmaps',
    'sample_heatmaps',
    'side_by_side',
    'stacked',
    'write_image',
]

__getattr__, _ = lazy_names(__name__, {'PoseLocalVisualizer': 'local_visualizer'})
