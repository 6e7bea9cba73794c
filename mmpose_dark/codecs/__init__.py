"""Keypoints to heatmaps and back: pure functions on tensors, and the registered codec over them."""

from .base import BaseKeypointCodec
from .dark import dark_refine, dark_refine_with_covariances, taylor_step
from .flip import flip_heatmaps
from .gaussian_kernel import gaussian_kernel
from .gaussian_target import gaussian_heatmaps, unbiased_gaussian_heatmaps
from .msra_heatmap import MSRAHeatmap
from .peak import heatmap_peaks
from .peak_blur import blur_around_peaks
from .quarter_pixel import quarter_pixel_refine
from .udp_heatmap import UDPHeatmap
from .udp_refine import udp_refine
from .udp_target import offset_maps, udp_gaussian_heatmaps

__all__ = [
    'BaseKeypointCodec',
    'MSRAHeatmap',
    'UDPHeatmap',
    'blur_around_peaks',
    'dark_refine',
    'dark_refine_with_covariances',
    'flip_heatmaps',
    'gaussian_heatmaps',
    'gaussian_kernel',
    'heatmap_peaks',
    'offset_maps',
    'quarter_pixel_refine',
    'taylor_step',
    'udp_gaussian_heatmaps',
    'udp_refine',
    'unbiased_gaussian_heatmaps',
]
