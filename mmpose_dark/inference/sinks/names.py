"""The table of sinks. It imports none of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...utils.errors import InputError
from ...utils.part_table import PartTable
from .base import BaseSink

__all__ = ['SINKS', 'make_sinks']

_TABLE = PartTable(
    'format',
    __package__,
    {
        'images': ('drawn_images', 'ImageSink'),
        'video': ('video', 'VideoSink'),
        'jsonl': ('json_lines', 'JsonLinesSink'),
        'coco': ('coco', 'CocoResultSink'),
        'coco-annotations': ('coco', 'CocoAnnotationSink'),
        'csv': ('csv_table', 'CsvSink'),
        'parquet': ('parquet_table', 'ParquetSink'),
        'openpose': ('openpose', 'OpenPoseSink'),
        'yolo': ('yolo', 'YoloSink'),
        'plots': ('plots', 'PlotSink'),
    },
)
_OPTIONS = {
    'images': ('look',),
    'video': ('look',),
    'coco': ('image_ids', 'category_id'),
    'coco-annotations': ('image_ids', 'kpt_thr'),
    'yolo': ('kpt_thr',),
}
SINKS = _TABLE.names
"""Names of the formats; docs/formats.md shows each."""


def make_sinks(
    names: Sequence[str],
    folder: Path,
    stem: str,
    *,
    kpt_thr: float = 0.3,
    draw_bbox: bool = False,
    draw_covariance: bool = False,
    image_ids: Mapping[str, int | str | None] | None = None,
    category_id: int | str = 1,
) -> list[BaseSink]:
    """Return a sink for each name.

    Args:
        names: of `SINKS`.
        folder: to write into.
        stem: of the files.
        kpt_thr: keypoints with lower scores are not drawn, and not labelled where a format has labels.
        draw_bbox: see `Look`.
        draw_covariance: see `Look`.
        image_ids: see `CocoResultSink`.
        category_id: see `CocoResultSink`.

    Raises:
        UnknownNameError: a name that is none.
        InputError: two sinks would write to one place.
        MissingPackageError: a format needs a package that is not installed.

    >>> [path.name for sink in make_sinks(['csv', 'coco'], Path('out'), 'clip') for path in sink.outputs]
    ['clip.csv', 'clip.csv.json', 'clip_results.json']
    """
    from .look import Look

    given = dict(
        look=Look(kpt_thr, draw_bbox, draw_covariance), kpt_thr=kpt_thr, image_ids=image_ids, category_id=category_id
    )
    sinks: list[BaseSink] = []
    for name in names:
        options = {option: given[option] for option in _OPTIONS.get(name, ())}
        sinks.append(_TABLE.find(name)(folder, stem, **options))
    _check_places(sinks)
    return sinks


def _check_places(sinks: Sequence[BaseSink]) -> None:
    taken: dict[Path, str] = {}
    for sink in sinks:
        for path in sink.outputs:
            if path in taken:
                raise InputError(f'{path} would be written by {taken[path]} and by {sink.format}: leave one out')
            taken[path] = sink.format
