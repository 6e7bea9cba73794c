"""Sinks: what writes results, one format each. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'SINKS': 'names',
    'BaseSink': 'base',
    'CocoAnnotationSink': 'coco',
    'CocoResultSink': 'coco',
    'CsvSink': 'csv_table',
    'ImageSink': 'drawn_images',
    'JsonLinesSink': 'json_lines',
    'Look': 'look',
    'OpenPoseSink': 'openpose',
    'ParquetSink': 'parquet_table',
    'PlotSink': 'plots',
    'VideoSink': 'video',
    'YoloSink': 'yolo',
    'make_sinks': 'names',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
