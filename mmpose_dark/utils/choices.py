"""Words that a setting may be, for command lines too: a parser must not import torch to list them."""

__all__ = ['AMP_CHOICES', 'BOX_FORMATS', 'PHASES', 'SINK_FORMATS', 'SMOOTHERS', 'TRACKERS']

# Half precision; 'auto' is float16 on CUDA and bfloat16 elsewhere (utils/precision.py).
AMP_CHOICES = ('auto', 'float16', 'bfloat16')
# How a box is written: left top right bottom, or left top width height (inference/boxes.py).
BOX_FORMATS = ('xyxy', 'xywh')
# The parts of a config that have a dataset (config/tree.py).
PHASES = ('train', 'val', 'test')
# What results are written as (inference/sinks/).
SINK_FORMATS = (
    *('images', 'video', 'jsonl', 'coco', 'coco-annotations', 'csv', 'parquet', 'openpose', 'yolo', 'plots'),
)
# Who is who (inference/tracking/), and what smooths them (inference/smoothing/).
TRACKERS = ('kalman', 'flow')
SMOOTHERS = ('one-euro', 'kalman', 'two-pass')
