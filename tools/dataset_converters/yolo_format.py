"""The YOLO-pose format: label lines, the data file, and where labels lie."""

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from converter_tools import AnnotationError

__all__ = ['DataFile', 'format_line', 'label_path', 'list_images', 'parse_line', 'read_data_file']

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


@dataclasses.dataclass(frozen=True)
class DataFile:
    """What data.yaml says.

    Attributes:
        path: of the file.
        splits: folders or list files by name (train, val, test), as absolute paths.
        num_keypoints: K.
        dims: numbers of a keypoint: 2 (x, y) or 3 (and visibility).
        flip_idx: (K,) where each keypoint goes when an image is flipped; empty if it is not said.
        names: of the classes by number.
        keypoint_names: of the keypoints; empty if it is not said.
    """

    path: str
    splits: dict[str, list[Path]]
    num_keypoints: int
    dims: int
    flip_idx: list[int]
    names: dict[int, str]
    keypoint_names: list[str]


def read_data_file(path: str) -> DataFile:
    """Read data.yaml.

    Raises:
        AnnotationError: no such file, not YAML, or no usable kpt_shape or flip_idx.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except FileNotFoundError as err:
        raise AnnotationError(f'{path!r} does not exist (looked from {os.getcwd()})') from err
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as err:
        raise AnnotationError(f'{path!r} cannot be read: {err}') from err
    if not isinstance(content, dict):
        raise AnnotationError(f'{path!r} is no data file of YOLO: entries train, val, kpt_shape, names are needed')
    shape = content.get('kpt_shape')
    if not (isinstance(shape, list) and len(shape) == 2 and isinstance(shape[0], int) and shape[1] in (2, 3)):
        raise AnnotationError(f'{path!r}: kpt_shape is {shape!r}; [number of keypoints, 2 or 3] is needed')
    count, dims = shape
    flip = content.get('flip_idx') or []
    if flip and sorted(flip) != list(range(count)):
        raise AnnotationError(f'{path!r}: flip_idx must have each of 0 to {count - 1} once, got {flip}')
    names = content.get('names') or {0: 'person'}
    names = dict(enumerate(names)) if isinstance(names, list) else names
    keypoint_names = content.get('kpt_names') or []
    if isinstance(keypoint_names, dict):  # by class; all classes share them
        keypoint_names = next(iter(keypoint_names.values()))
    if len(keypoint_names) not in (0, count):
        raise AnnotationError(f'{path!r}: kpt_names has {len(keypoint_names)} names for {count} keypoints')
    root = Path(path).resolve().parent / str(content.get('path') or '')
    splits = {}
    for split in ('train', 'val', 'test'):
        entries = content.get(split)
        if entries:
            splits[split] = [root / entry for entry in (entries if isinstance(entries, list) else [entries])]
    return DataFile(path, splits, count, dims, flip, names, list(keypoint_names))


def list_images(entries: Sequence[Path]) -> list[Path]:
    """Return the images of a split: those in its folders (and below), and those that its list files name.

    Raises:
        AnnotationError: a folder or list is not there, or there is no image.
    """
    found: list[Path] = []
    for entry in entries:
        if entry.is_dir():
            found += sorted(p for p in entry.rglob('*') if p.suffix.lower() in IMAGE_SUFFIXES)
        elif entry.is_file():
            lines = [line.strip() for line in entry.read_text(encoding='utf-8').splitlines() if line.strip()]
            found += [Path(line) if os.path.isabs(line) else entry.parent / line for line in lines]
        else:
            raise AnnotationError(f'{str(entry)!r} does not exist; data.yaml names it')
    if not found:
        raise AnnotationError(f'there is no image in {", ".join(map(str, entries))}')
    return list(dict.fromkeys(Path(os.path.normpath(p)) for p in found))


def label_path(image: Path) -> Path:
    """Return where the labels of an image lie: the last folder ``images`` in its path becomes ``labels``.

    >>> label_path(Path('/data/images/train/a.jpg')).as_posix()
    '/data/labels/train/a.txt'
    """
    parts = list(image.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == 'images':
            parts[i] = 'labels'
            break
    return Path(*parts).with_suffix('.txt')


def visibility(value: float) -> int:
    """Return 0, 1 or 2 for a visibility: what is above 0 is labelled, fractions too.

    >>> [visibility(value) for value in (0, 0.4, 1, 2, 7, -1)]
    [0, 1, 1, 2, 2, 0]
    """
    return min(max(math.ceil(value), 0), 2)


def format_line(box_xywh: Sequence[float], keypoints: np.ndarray, size_wh: tuple[int, int], decimals: int = 6) -> str:
    """Return a person as a line of a label file.

    Args:
        box_xywh: left, top, width, height in pixels.
        keypoints: (K, 3) x, y in pixels and visibility 0, 1 or 2.
        size_wh: of the image in pixels.
        decimals: of the relative coordinates.

    >>> format_line([10, 20, 20, 40], np.array([[15.0, 30.0, 2], [0, 0, 0]]), (100, 100), 3)
    '0 0.2 0.4 0.2 0.4 0.15 0.3 2 0 0 0'
    """
    width, height = size_wh
    x, y, w, h = box_xywh
    relative = [(x + w / 2) / width, (y + h / 2) / height, w / width, h / height]
    words = ['0', *(_word(value, decimals) for value in relative)]
    for px, py, v in keypoints.tolist():
        words += [_word(px / width, decimals), _word(py / height, decimals), str(visibility(v))]
    return ' '.join(words)


def parse_line(line: str, count: int, dims: int, where: str) -> tuple[int, np.ndarray, np.ndarray]:
    """Read a line of a label file.

    Args:
        line: text.
        count: keypoints.
        dims: numbers of a keypoint, 2 or 3.
        where: for messages.

    Returns:
        class number, box (4,) centre and size, keypoints (K, 3) x, y and visibility; coordinates are relative.

    Raises:
        AnnotationError: another number of values, or one is no finite number, or pixels stand where shares should.

    >>> kind, box, keypoints = parse_line('0 0.5 0.5 0.2 0.4 0.4 0.6 2', 1, 3, 'a.txt, line 1')
    >>> kind, box.tolist(), keypoints.tolist()
    (0, [0.5, 0.5, 0.2, 0.4], [[0.4, 0.6, 2.0]])
    """
    words = line.split()
    if len(words) != 5 + count * dims:
        raise AnnotationError(
            f'{where}: {len(words)} values; kpt_shape [{count}, {dims}] asks for {5 + count * dims} '
            '(class, box of 4, keypoints)'
        )
    try:
        values = np.array([float(word) for word in words])
    except ValueError as err:
        raise AnnotationError(f'{where}: {err}') from err
    if not np.isfinite(values).all() or values[0] != int(values[0]) or values[0] < 0:
        raise AnnotationError(f'{where}: a class number and finite numbers are needed, got {line[:60]!r}')
    if (values[1:5] < 0).any() or (values[1:5] > 1.01).any():
        raise AnnotationError(f'{where}: the box {values[1:5].tolist()} is not relative to the image (0 to 1)')
    keypoints = np.zeros((count, 3))
    points = values[5:].reshape(count, dims)
    keypoints[:, :dims] = points
    if dims == 2:  # a keypoint at the corner is none
        keypoints[:, 2] = 2 * (points != 0).any(1)
    return int(values[0]), values[1:5], keypoints


def _word(value: float, decimals: int) -> str:
    text = f'{value:.{decimals}f}'.rstrip('0').rstrip('.')
    return '0' if text in ('', '-0') else text
