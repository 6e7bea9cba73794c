"""Detectors: from images to the boxes of people. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'BaseDetector': 'base',
    'OnnxDetector': 'onnx_detector',
    'find_detector': 'named',
    'list_detectors': 'named',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
