"""One shard: its images through an `Inferencer`, and its two files, people before images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...utils.atomic_file import atomic_path
from ..frames import SourceInfo
from ..inferencer import Inferencer
from ..results import NOT_FINITE, ImageResult
from ..sinks.parquet_table import image_columns, people_schema, people_table
from ..sinks.table import about_columns, table_of
from .detecting import Looked
from .opening import opened
from .plan import Shard, shard_paths

__all__ = ['label_shard', 'write_shard']


def label_shard(
    shard: Shard, inferencer: Inferencer, looked: Sequence[Looked] | None = None, *, box_format: str = 'xyxy'
) -> list[ImageResult]:
    """Return one result an image of a shard, in its order, without pixels.

    Args:
        shard: its images.
        inferencer: without a tracker.
        looked: boxes of each image, or why it cannot be used; None asks the inferencer's detector.
        box_format: ``'xyxy'`` or ``'xywh'``.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    _, start, items = shard
    known = [''] * len(items) if looked is None else [error for _, error in looked]
    items = [item._replace(error=item.error or error) for item, error in zip(items, known, strict=True)]
    results = [ImageResult(item.name, error=item.error or None, index=start + i) for i, item in enumerate(items)]
    with opened(items) as files:
        for i, (_, error) in enumerate(files):
            results[i] = replace(results[i], error=error or None)
        good = [i for i, (_, error) in enumerate(files) if not error]
        boxes = None if looked is None else [looked[i][0] for i in good]
        found = inferencer([files[i][0] for i in good], boxes, box_format) if good else ()
        for i, result in zip(good, found, strict=True):
            name, error = items[i].name, result.error
            if error is None and not result.poses.is_finite:
                error = NOT_FINITE
            poses = result.poses if error is None else result.poses[:0]
            error = error and error.replace(files[i][0], name)
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
