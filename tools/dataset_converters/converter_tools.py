"""What the converters share: COCO records, reading pictures and MATLAB files, writing files whole or not at all."""

import json
import os
import os.path as osp
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

import numpy as np

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.data_check.pictures import read_pictures
from mmpose_dark.datasets.errors import AnnotationError
from mmpose_dark.utils.progress import track

__all__ = [
    'AnnotationError',
    'coco_content',
    'extent_box',
    'load_mat',
    'person',
    'picture_sizes',
    'refuse_to_overwrite',
    'track',
    'user_errors',
    'write_files',
]

AREA_OF_BOX = 0.53
"""Share of its box that a person covers, on average; what evaluations without annotated areas take."""


def person(
    number: int,
    image_id: int,
    bbox: Sequence[float],
    keypoints: np.ndarray,
    *,
    area: float | None = None,
    decimals: int = 4,
    **more: Any,
) -> dict[str, Any]:
    """Return a COCO annotation.

    Args:
        number: its id.
        image_id: of the picture.
        bbox: left, top, width, height in pixels.
        keypoints: (K, 3) x, y in pixels and visibility 0, 1 or 2.
        area: square pixels; 0.53 of the box by default.
        decimals: that coordinates are rounded to.
        more: further entries.
    """
    flat = []
    for x, y, v in keypoints.tolist():
        flat += [_short(x, decimals), _short(y, decimals), int(v)] if v > 0 else [0, 0, 0]
    box = [_short(float(value), decimals) for value in bbox]
    area = AREA_OF_BOX * box[2] * box[3] if area is None else area
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
) -> dict[str, Any]:
    """Return a whole COCO file of people.

    Args:
        images: records with id, file_name, width and height.
        annotations: see :func:`person`.
        names: of the keypoints.
        description: where it is from.
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
    """Return the box around points, widened on each side, cut at the picture's last pixels if its size is given.

    Args:
        points: (N, 2) x, y in pixels.
        share: of width and height, added on each side.
        pixels: added on each side as well.
        size_wh: of the picture.

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


def picture_sizes(paths: Iterable[str | os.PathLike], *, workers: int) -> dict[str, tuple[int, int]]:
    """Decode pictures and return width and height of each, as it is seen (EXIF orientation applied).

    Args:
        paths: of the files.
        workers: how many are read at a time.

    Raises:
        AnnotationError: some cannot be read; the first are named.
    """
    names = [str(path) for path in paths]
    sizes, bad = {}, []
    for path, picture in track(read_pictures(names, workers=workers), len(names), 'images'):
        if picture.problem:
            bad.append(f'{path}: {picture.problem}')
        else:
            sizes[path] = picture.size_wh
    if bad:
        listed = '\n  '.join(bad[:5])
        raise AnnotationError(f'{len(bad)} of {len(names)} images cannot be read; get them anew:\n  {listed}')
    return sizes


def load_mat(path: str | os.PathLike, *names: str) -> dict[str, Any]:
    """Read a MATLAB file, its structs as objects with attributes.

    Args:
        path: of the file.
        names: variables that must be in it.

    Raises:
        AnnotationError: no such file, not readable, or a variable is missing.
    """
    from scipy.io import loadmat

    if not osp.isfile(path):
        raise AnnotationError(f'{str(path)!r} does not exist (looked from {os.getcwd()})')
    try:
        content = loadmat(path, struct_as_record=False, squeeze_me=True)
    except Exception as err:  # scipy raises many kinds for files that are cut off or none of MATLAB's
        raise AnnotationError(f'{str(path)!r} cannot be read as a MATLAB file: {type(err).__name__}: {err}') from err
    for name in names:
        if name not in content:
            there = ', '.join(key for key in content if not key.startswith('__'))
            raise AnnotationError(f'{str(path)!r} has no variable {name!r}, only {there}')
    return content


def refuse_to_overwrite(paths: Iterable[str | os.PathLike], *, force: bool) -> None:
    """Stop before the work if a result is there already.

    Raises:
        AnnotationError: a path exists and ``force`` is not set.
    """
    there = next((path for path in paths if osp.lexists(path)), None)
    if there is not None and not force:
        raise AnnotationError(f'{str(there)!r} exists already; remove it, or give --force to replace it')


def write_files(files: Mapping[str | os.PathLike, Any]) -> None:
    """Write files so that each is the old one or the whole new one, and none is replaced before all are written.

    Args:
        files: content by path: text, bytes, or what can be written as json.
    """
    written: list[tuple[str, Path]] = []
    try:
        for name, content in files.items():
            target = Path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f'.{target.name}.')
            written.append((temporary, target))
            with os.fdopen(handle, 'wb') as file:
                file.write(_as_bytes(content))
            os.chmod(temporary, 0o666 & ~_umask())
        for temporary, target in written:
            os.replace(temporary, target)
    finally:
        for temporary, _ in written:
            Path(temporary).unlink(missing_ok=True)


def _as_bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    text = content if isinstance(content, str) else json.dumps(content, separators=(',', ':'))
    return text.encode('utf-8')


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
