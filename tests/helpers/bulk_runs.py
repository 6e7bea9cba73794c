"""Bulk runs in tests: a detector of white rectangles, stages one after the other in this process, rows as arrays."""

import json
import os
from pathlib import Path

import cv2
import numpy as np

from mmpose_dark.inference.bulk.ray_engine import StageDone
from mmpose_dark.inference.detectors import BaseDetector

TINY = Path(__file__).parents[1] / 'inference' / 'tiny_pose_config.py'


class WhiteRectangles(BaseDetector):
    """Finds what is white, the larger one with the higher score."""

    batch_size = 3

    def __call__(self, images):
        found = []
        for image in images:
            _, _, stats, _ = cv2.connectedComponentsWithStats((image.min(-1) > 200).astype(np.uint8))
            boxes = [(x, y, x + w, y + h, min(area / 4000, 1)) for x, y, w, h, area in stats[1:] if area > 100]
            found.append(np.array(sorted(boxes, key=lambda box: -box[4]), np.float32).reshape(-1, 5))
        return found


def in_process(shards, stages, *, address=None):
    works = [stage.make() for stage in stages]
    for shard in shards:
        carried, done = None, []
        for stage, work in zip(stages, works, strict=True):
            made = work(shard, json.loads(json.dumps(carried)))
            carried = made.carried
            done.append(StageDone(stage.name, made.images, made.people, 0.5))
        yield done


def rows(folder, kind):
    import pyarrow.dataset

    files = sorted(map(str, (folder / kind).glob('part-*.parquet')))
    return pyarrow.dataset.dataset(files).to_table().to_pylist()


def points(found):
    """(people, 4 + 2K) boxes and keypoints, by image."""
    names = [name.removesuffix('_x') for name in found[0] if name.endswith('_x') and '_var' not in name]
    columns = ['box_x1', 'box_y1', 'box_x2', 'box_y2', *(f'{n}_{axis}' for n in names for axis in 'xy')]
    return [os.path.basename(r['image']) for r in found], np.array([[r[c] for c in columns] for r in found])
