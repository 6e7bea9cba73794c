"""Writing drawn people to disk as a dataset in COCO's format.

::

    ROOT/images/train_000001.jpg ...
    ROOT/annotations/train.json, val.json   COCO keypoints: boxes, areas, masks, 17 keypoints a person
    ROOT/annotations/val_detections.json    boxes as a person detector gives them
    ROOT/people.json                        the settings; until all else is there, it says that this is unfinished
"""

import concurrent.futures
import dataclasses
import json
import multiprocessing
import os
import pathlib
import re
from collections.abc import Callable, Iterable

import cv2
import numpy as np

from ..utils.atomic_file import write_atomic
from ..utils.errors import ExistsError, InputError
from ..utils.output_paths import check_outputs
from .body import KEYPOINT_NAMES, SKELETON
from .detections import jitter_boxes
from .scene import PersonLabel, draw_scene
from .settings import PeopleSettings

__all__ = ['encode_mask', 'is_complete', 'write_dataset']

SETTINGS_FILE = 'people.json'
_ANNOTATIONS = ('train.json', 'val.json', 'val_detections.json')
_OWN_IMAGE = re.compile(r'(train|val)_\d{6}\.jpg')
_FIRST_ID = dict(train=1, val=1_000_001)
_CATEGORIES = [
    dict(
        id=1,
        name='person',
        supercategory='person',
        keypoints=list(KEYPOINT_NAMES),
        skeleton=[[a + 1, b + 1] for a, b in SKELETON],
    )
]


def is_complete(root: str | os.PathLike, settings: PeopleSettings) -> bool:
    """Whether the dataset of these settings is on disk.

    Args:
        root: its folder.
        settings: what it should have been made with.

    >>> is_complete('nowhere', PeopleSettings())
    False
    """
    try:
        written = json.loads((pathlib.Path(root) / SETTINGS_FILE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and written.get('settings') == dataclasses.asdict(settings)


def write_dataset(
    root: str | os.PathLike,
    settings: PeopleSettings,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Draw and write a dataset. The files do not depend on ``workers``.

    Args:
        root: folder to write to; files of another dataset drawn here are replaced, others never.
        settings: what to draw.
        workers: processes; by default one for each core, at most 8.
        progress: called with the number of images done and of all.

    Returns:
        Number of people in 'train' and 'val'.

    Raises:
        InputError: a setting out of range.
        ExistsError: the folder has images or annotations that were not drawn here.
        OutputError: a file cannot be written.
    """
    _check(settings)
    root = pathlib.Path(root)
    _make_room(root)
    jobs = [(root, settings, split, i) for split in ('train', 'val') for i in range(getattr(settings, split))]
    content: dict[str, dict[str, list]] = {split: dict(images=[], annotations=[]) for split in ('train', 'val')}
    detections: list[dict] = []
    for done, (split, image, annotations, found) in enumerate(_run(jobs, workers), start=1):
        content[split]['images'].append(image)
        content[split]['annotations'] += annotations
        detections += found if split == 'val' else []
        if progress is not None:
            progress(done, len(jobs))
    for split, lists in content.items():
        _write_json(root / 'annotations' / f'{split}.json', dict(info=_info(settings), **lists, categories=_CATEGORIES))
    _write_json(root / 'annotations' / 'val_detections.json', detections)
    people = {split: len(lists['annotations']) for split, lists in content.items()}
    written = dict(settings=dataclasses.asdict(settings), people=people, opencv=cv2.__version__)
    _write_json(root / SETTINGS_FILE, written)
    return people


def _make_room(root: pathlib.Path) -> None:
    """Make the folders, mark the dataset as unfinished, and remove the images of the one that was there.

    Raises:
        ExistsError: there are files that were not drawn here.
    """
    names = ('people.json', 'images/image', 'annotations/train')
    check_outputs(root / name for name in names)
    images = [path for path in (root / 'images').glob('*') if path.suffix != '.tmp']
    annotations = [path for name in _ANNOTATIONS if (path := root / 'annotations' / name).exists()]
    foreign = [path for path in images if not _OWN_IMAGE.fullmatch(path.name)]
    if foreign or ((images or annotations) and not _is_marked(root)):
        raise ExistsError(
            f'{root} has files of another dataset, such as {(foreign or images or annotations)[0]}, which would be '
            'replaced: choose another folder, or empty this one'
        )
    _write_json(root / SETTINGS_FILE, dict(unfinished=True))
    for folder in ('images', 'annotations'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for old in images:
        old.unlink()


def _is_marked(root: pathlib.Path) -> bool:
    """Whether a dataset of this kind was written, or begun, in a folder."""
    try:
        written = json.loads((root / SETTINGS_FILE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and ('settings' in written or 'unfinished' in written)


def _info(settings: PeopleSettings) -> dict:
    """The head of an annotation file."""
    return dict(
        description='people drawn by mmpose_dark.synthetic',
        version=str(settings.version),
        url='',
        year=0,
        contributor='',
        date_created='',
    )


def encode_mask(mask: np.ndarray) -> dict:
    """Run lengths of a mask, down the columns, as the COCO API reads them.

    Args:
        mask: (H, W) bool.

    >>> encode_mask(np.array([[False, True], [True, True]]))
    {'size': [2, 2], 'counts': [1, 3]}
    """
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0] if flat[0] else [], [0], edges, [flat.size]])
    return dict(size=list(mask.shape), counts=np.diff(np.sort(edges)).astype(int).tolist())


def _check(settings: PeopleSettings) -> None:
    for name, low, high in (
        ('train', 1, 900_000), ('val', 1, 900_000), ('width', 64, 4096), ('height', 64, 4096), ('quality', 1, 100),
        ('seed', 0, 2**63),
    ):  # fmt: skip
        value = getattr(settings, name)
        if not low <= value <= high:
            raise InputError(f'people dataset: {name}={value} is not between {low} and {high}')


def _run(jobs: list[tuple], workers: int | None) -> Iterable[tuple]:
    """Draw the images and give the results in the order of the jobs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    workers = min(cores, 8) if workers is None else workers
    if workers <= 1 or len(jobs) < 16:
        yield from map(_draw_one, jobs)
        return
    context = multiprocessing.get_context('spawn')
    with concurrent.futures.ProcessPoolExecutor(workers, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(_draw_one, jobs, chunksize=4)


def _draw_one(job: tuple) -> tuple[str, dict, list[dict], list[dict]]:
    """Draw, write and describe one image: its split, image entry, annotations and detections."""
    root, settings, split, index = job
    rng = np.random.default_rng((settings.seed, ('train', 'val').index(split), index))
    scene = draw_scene(rng, settings.width, settings.height)
    name = f'{split}_{index + 1:06d}.jpg'
    path = root / 'images' / name
    write_atomic(path, cv2.imencode('.jpg', scene.image, [cv2.IMWRITE_JPEG_QUALITY, settings.quality])[1].tobytes())
    image_id = _FIRST_ID[split] + index
    image = dict(id=image_id, file_name=name, width=settings.width, height=settings.height)
    annotations = [_annotate(person, image_id, n) for n, person in enumerate(scene.people)]
    boxes = np.array([person.box_xywh for person in scene.people], float).reshape(-1, 4)
    found = [
        dict(image_id=image_id, category_id=1, bbox=[round(float(v), 2) for v in box], score=round(float(score), 4))
        for box, score in jitter_boxes(boxes, settings.width, settings.height, rng=rng)
    ]
    return split, image, annotations, found


def _annotate(person: PersonLabel, image_id: int, number: int) -> dict:
    keypoints = []
    for x, y, v in person.keypoints:
        keypoints += [round(float(x), 3), round(float(y), 3), int(v)]
    return dict(
        id=image_id * 10 + number,
        image_id=image_id,
        category_id=1,
        iscrowd=0,
        bbox=list(person.box_xywh),
        area=person.area,
        num_keypoints=int((person.keypoints[:, 2] > 0).sum()),
        keypoints=keypoints,
        segmentation=encode_mask(person.mask),
    )


def _write_json(path: pathlib.Path, content: dict | list) -> None:
    write_atomic(path, json.dumps(content, separators=(',', ':')))
