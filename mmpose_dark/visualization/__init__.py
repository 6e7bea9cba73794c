"""Drawing poses and heatmaps: functions of arrays, and the visualizer of configs."""

from .boxes import draw_bboxes
from .heatmaps import colorize_heatmap, heatmap_grid, heatmaps_to_image, overlay_heatmap, resize_heatmaps
from .keypoints import draw_keypoints, draw_poses, draw_skeleton
from .local_visualizer import PoseLocalVisualizer
from .sheets import contact_sheet, fit_into, side_by_side

__all__ = [
    'PoseLocalVisualizer',
    'colorize_heatmap',
    'contact_sheet',
    'draw_bboxes',
    'draw_keypoints',
    'draw_poses',
    'draw_skeleton',
    'fit_into',
    'heatmap_grid',
    'heatmaps_to_image',
    'overlay_heatmap',
    'resize_heatmaps',
    'side_by_side',
]
