"""What the converters share: COCO records, sizes of images, writing files whole or not at all."""

import contextlib
import json
import math
import os
import os.path as osp
import sys
from collections.abc import Iterable, Mapping, Sequence

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

import numpy as np

from mmpose_dark.annotations import AnnotationError, area_of_box
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.atomic_file import atomic_path
from mmpose_dark.utils.output_paths import check_outputs
from mmpose_dark.utils.progress import track

__all__ = [
    'AnnotationError',
    'coco_content',
    'extent_box',
    'image_sizes',
    'person',
    'refuse_existing',
    'refuse_to_overwrite',
    'track',
    'user_errors',
    'write_files',
]


def person(
    number: int,
    image_id: int,
    bbox: Sequence[float],
    keypoints: np.ndarray,
    *,
    area: float | None = None,
    decimals: int = 4,
    **more: object,
) -> dict[str, object]:
    """Return a COCO annotation.

    Args:
        number: its id.
        image_id: of the image.
        bbox: left, top, width, height in pixels.
        keypoints: (K, 3) x, y in pixels and visibility 0, 1 or 2.
        area: square pixels; 0.53 of the box by default.
        decimals: that coordinates are rounded to.
        more: further entries.

    >>> person(1, 7, [0, 0, 10, 20], np.array([[3.5, 4.0, 2.0]]))['keypoints']
    [3.5, 4, 2]
    """
    flat = []
    for x, y, v in keypoints.tolist():
        flat += [_short(x, decimals), _short(y, decimals), min(math.ceil(v), 2)] if v > 0 else [0, 0, 0]
    box = [_short(float(value), decimals) for value in bbox]
    area = area_of_box(box[2], box[3]) if area is None else area
    return dict(
        id=number,
        image_id=image_id,
        category_id=1,
        iscrowd=0,
        bbox=box,
        area=round(float(area), 4),
        num_keypoints=sum(v > 0 for v in flat[2::3]),
        keypoints=flat,
        **more,
    )


def _short(value: float, decimals: int) -> float | int:
    value = round(value, decimals)
    return int(value) if value == int(value) else value


def coco_content(
    images: Sequence[dict], annotations: Sequence[dict], names: Sequence[str], *, description: str
) -> dict[str, object]:
    """Return a whole COCO file of people.

    Args:
        images: records with id, file_name, width and height.
        annotations: see :func:`person`.
        names: of the keypoints.
        description: where it is from.

    >>> sorted(coco_content([], [], ['nose'], description='nobody'))
    ['annotations', 'categories', 'images', 'info']
    """
    category = dict(id=1, name='person', supercategory='person', keypoints=list(names), skeleton=[])
    return dict(
        info=dict(description=description), images=list(images), annotations=list(annotations), categories=[category]
    )


def extent_box(
    points: np.ndarray,
    *,
    share: float,
    pixels: float = 0.0,
    size_wh: tuple[int, int] | None = None,
) -> list[float]:
    """Return the box around points, widened on each side, cut at the image's last pixels if its size is given.

    Args:
        points: (N, 2) x, y in pixels.
        share: of width and height, added on each side.
        pixels: added on each side as well.
        size_wh: of the image.

    Returns:
        left, top, width, height.

    >>> extent_box(np.array([[10., 10.], [30., 50.]]), share=0.1, pixels=1)
    [7.0, 5.0, 26.0, 50.0]
    """
    low, high = points.min(0).astype(float), points.max(0).astype(float)
    margin = share * (high - low) + pixels
    low, high = low - margin, high + margin
    if size_wh is not None:
        last = np.array(size_wh, float) - 1
        low, high = np.clip(low, 0, last), np.clip(high, 0, last)
    return [*low.tolist(), *(high - low).tolist()]


def image_sizes(paths: Iterable[str | os.PathLike], *, workers: int) -> dict[str, tuple[int, int]]:
    """Decode images and return width and height of each, as it is seen (EXIF orientation applied).

    Args:
        paths: of the files.
        workers: how many are read at a time.

    Raises:
        AnnotationError: some cannot be read; the first are named.
    """
    from mmpose_dark.data_check.image_files import read_image_files

    names = [str(path) for path in paths]
    sizes, bad = {}, []
    for path, image_file in track(read_image_files(names, workers=workers), len(names), 'images'):
        if image_file.problem:
            bad.append(f'{path}: {image_file.problem}')
        else:
            sizes[path] = image_file.size_wh
    if bad:
        listed = '\n  '.join(bad[:5])
        raise AnnotationError(f'{len(bad)} of {len(names)} images cannot be read; get them anew:\n  {listed}')
    return sizes


def refuse_to_overwrite(
    paths: Iterable[str | os.PathLike], *, force: bool, inputs: Iterable[str | os.PathLike] = ()
) -> None:
    """Stop before the work if a result is there already, could not be written, or would replace an input.

    Args:
        paths: files that will be written.
        force: whether they may be there.
        inputs: files that are read.

    Raises:
        AnnotationError: a path exists and ``force`` is not set.
        OutputError: a path cannot be written, or is an input.
    """
    paths = list(paths)
    refuse_existing(paths, force=force)
    check_outputs(paths, inputs=inputs)


def refuse_existing(paths: Iterable[str | os.PathLike], *, force: bool) -> None:
    """Stop if a result is there already.

    Raises:
        AnnotationError: a path exists and ``force`` is not set.
    """
    there = next((path for path in paths if osp.lexists(path)), None)
    if there is not None and not force:
        raise AnnotationError(f'{str(there)!r} exists already; remove it, or give --force to replace it')


def write_files(files: Mapping[str | os.PathLike, object]) -> None:
    """Write files so that each is the old one or the whole new one, and none is replaced before all are written.

    Args:
        files: content by path: text, bytes, or what can be written as json.
    """
    with contextlib.ExitStack() as stack:
        for name, content in files.items():
            stack.enter_context(atomic_path(name)).write_bytes(_as_bytes(content))


def _as_bytes(content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    text = content if isinstance(content, str) else json.dumps(content, separators=(',', ':'))
    return text.encode('utf-8')
