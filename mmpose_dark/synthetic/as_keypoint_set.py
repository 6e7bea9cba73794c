"""Drawn people with the keypoints of another definition, for measuring what depends on their number and not on them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..keypoint_sets.definitions import parse_pose_metainfo
from ..utils.atomic_file import write_atomic
from ..utils.output_paths import check_outputs
from .body import KEYPOINT_NAMES

__all__ = ['relabel_keypoints', 'write_as_keypoint_set']


def relabel_keypoints(
    keypoints: np.ndarray,
    names: tuple[str, ...],
    wanted: tuple[str, ...],
    *,
    box_xywh: tuple[float, float, float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Give a person other keypoints: its own where the names are the same, others anywhere in the box.

    Args:
        keypoints: (K, 3) x, y in pixels, and visibility; not modified.
        names: of these K keypoints.
        wanted: names of the keypoints to return, L of them.
        box_xywh: left, top, width and height of the box, pixels.
        rng: source of the places in the box.

    Returns:
        (L, 3) x, y and visibility; 2, visible, for the new ones.

    >>> relabel_keypoints(np.array([[5, 6, 1.0]]), ('nose',), ('neck', 'nose'), box_xywh=(0, 0, 0, 0),
    ...                   rng=np.random.default_rng(0)).tolist()
    [[0.0, 0.0, 2.0], [5.0, 6.0, 1.0]]
    """
    x, y, w, h = box_xywh
    points = np.c_[rng.uniform((x, y), (x + w, y + h), (len(wanted), 2)), np.full(len(wanted), 2.0)]
    own = {name: i for i, name in enumerate(names)}
    for i, name in enumerate(wanted):
        if name in own:
            points[i] = keypoints[own[name]]
    return points


def write_as_keypoint_set(ann_file: str | os.PathLike, metainfo: Mapping[str, object], out: str | os.PathLike) -> int:
    """Write annotations whose people have the keypoints of a definition, as a ``CocoDataset`` with it reads them.

    Args:
        ann_file: COCO annotations of people; COCO's 17 keypoints where its category names none.
        metainfo: the definition, such as ``dict(from_file='coco_wholebody')``.
        out: file to write.

    Returns:
        The number of people.

    Raises:
        DefinitionError: a definition that is not known or not right.
        OutputError: ``out`` cannot be written.
    """
    content = json.loads(Path(ann_file).read_text(encoding='utf-8'))
    names = tuple(content['categories'][0].get('keypoints', KEYPOINT_NAMES))
    wanted = tuple(parse_pose_metainfo(metainfo)['keypoint_id2name'].values())
    rng = np.random.default_rng(0)
    for person in content['annotations']:
        own = np.array(person['keypoints'], float).reshape(-1, 3)
        points = relabel_keypoints(own, names, wanted, box_xywh=person['bbox'], rng=rng)
        person['keypoints'] = points.flatten().tolist()
    content['categories'][0]['keypoints'] = list(wanted)
    content['categories'][0].pop('skeleton', None)
    check_outputs([out], inputs=[ann_file])
    write_atomic(out, json.dumps(content))
    return len(content['annotations'])
