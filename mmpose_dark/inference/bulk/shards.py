"""One shard: its images through an `Inferencer`, and its two files, people before images."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...utils.atomic_file import atomic_path
from ..frames import SourceInfo
from ..inferencer import Inferencer
from ..results import ImageResult
from ..sinks.parquet_table import image_columns, people_schema, people_table
from ..sinks.table import about_columns, table_of
from .lake import open_items
from .plan import Shard, shard_paths

__all__ = ['label_shard', 'write_shard']

_NOT_FINITE = 'the network gave numbers that are not finite'


def label_shard(
    shard: Shard, inferencer: Inferencer, boxes_of: Callable[[str], list | None] | None, box_format: str
) -> list[ImageResult]:
    """Return one result an image of a shard, in its order, without pixels.

    Args:
        shard: its images.
        inferencer: without a tracker.
        boxes_of: from an image's path or name in a tar to its boxes; None asks the detector.
        box_format: ``'xyxy'`` or ``'xywh'``.
    """
    _, start, items = shard
    results = [ImageResult(item.name, error=item.error, index=start + i) for i, item in enumerate(items)]
    with tempfile.TemporaryDirectory() as folder:
        opened = open_items(items, Path(folder))
        good = [i for i, (_, error) in enumerate(opened) if not error]
        for i, (_, error) in enumerate(opened):
            results[i] = replace(results[i], error=error or None)
        boxes = None if boxes_of is None else [boxes_of(items[i].member or items[i].path) for i in good]
        found = inferencer([opened[i][0] for i in good], boxes, box_format) if good else ()
        for i, result in zip(good, found, strict=True):
            name, error = items[i].name, result.error
            if error is None and not result.poses.is_finite:
                error = _NOT_FINITE
            poses = result.poses if error is None else result.poses[:0]
            error = error and error.replace(opened[i][0], name)
            results[i] = ImageResult(name, poses, error=error, index=start + i)
    return results


def write_shard(folder: Path, shard: Shard, results: list[ImageResult], keypoint_set: dict | None) -> None:
    """Write the files of a shard; that of images last, since it says that the shard is done.

    Raises:
        OutputError: full disk; the shard counts as not done.
    """
    import pyarrow
    from pyarrow import parquet

    number, _, items = shard
    about = about_columns(SourceInfo(f'shard {number}', f'part-{number:06d}', 'images'), keypoint_set)
    tables, records = [], []
    for item, result in zip(items, results, strict=True):
        count = len(result.poses)
        own = dict(image_id=np.full(count, item.image_id, dtype=object), shard=np.full(count, number))
        if count:
            tables.append(table_of(result) | own)
        records.append(
            dict(image=item.name, image_id=item.image_id, shard=number, people=count, error=result.error or '')
        )
    people, images = shard_paths(folder, number)
    with atomic_path(people) as temporary:
        parquet.write_table(people_table(pyarrow, people_schema(pyarrow, about), tables), temporary)
    with atomic_path(images) as temporary:
        parquet.write_table(image_columns(pyarrow, records), temporary)
