"""Keypoints to heatmaps and back: pure functions on tensors, and the registered codec over them."""

from .dark import dark_refine, taylor_step
from .gaussian_kernel import gaussian_kernel
from .gaussian_target import gaussian_heatmaps, unbiased_gaussian_heatmaps
from .msra_heatmap import MSRAHeatmap
from .peak import heatmap_peaks
from .peak_blur import blur_around_peaks
from .quarter_pixel import quarter_pixel_refine

__all__ = [
    'MSRAHeatmap',
    'blur_around_peaks',
    'dark_refine',
    'gaussian_heatmaps',
    'gaussian_kernel',
    'heatmap_peaks',
    'quarter_pixel_refine',
    'taylor_step',
    'unbiased_gaussian_heatmaps',
]
