"""Writing an image's result: drawing, heatmaps, json."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..datasets.transforms.topdown_affine import TopdownAffine
from ..drawing.files import write_image
from ..structures import PoseDataSample
from ..structures.crop import image_to_crop
from ..utils.atomic_file import write_atomic
from ..utils.output_paths import check_outputs
from ..visualization.heatmaps import heatmap_grid, overlay_heatmap
from ..visualization.samples import sample_heatmaps, to_array
from .records import result_record
from .results import ImageResult

__all__ = ['check_targets', 'crop_of_sample', 'record_text', 'write_heatmaps', 'write_result']


def check_targets(
    folder: Path, stems: Iterable[str], inputs: Iterable[str | Path], *, draw_heatmap: bool = False
) -> None:
    """Stop before the work where what `write_result` will write cannot be written, or would replace an input.

    Args:
        folder: to write to.
        stems: of the files, see `unique_stems`.
        inputs: files that are read: images, boxes, config, checkpoint.
        draw_heatmap: whether heatmaps are written too.

    Raises:
        OutputError: the first such file.

    >>> check_targets(Path('photos'), ['a', 'b'], ['photos/a.jpg', 'photos/b.jpg'])
    >>> check_targets(Path('photos'), ['a', 'a_pose'], ['photos/a.jpg', 'photos/a_pose.jpg'])
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.OutputError: photos/a_pose.jpg is one of the inputs and would be overwritten: ...
    """
    root, written = folder.resolve(), set(stems)
    endings = r'\.json|_pose\.jpg' + (r'|_heatmap\.jpg|_heatmaps_\d+\.jpg' if draw_heatmap else '')
    inputs = list(inputs)
    check_outputs(folders=[folder])
    targets = []
    for path in map(Path, map(os.path.realpath, inputs)):
        match = re.fullmatch(rf'(.*)({endings})', path.name) if path.parent == root else None
        if match and match[1] in written:
            targets.append(folder / path.name)
    check_outputs(targets, inputs=inputs)


def crop_of_sample(image: np.ndarray, sample: PoseDataSample) -> tuple[np.ndarray, np.ndarray]:
    """Cut out what the network saw of one person.

    Args:
        image: (H, W, 3) uint8, the full image; not modified.
        sample: with ``pred_instances``.

    Returns:
        the crop (h, w, 3) uint8, and the found keypoints (K, 2) in its pixels.
    """
    place = {key: np.asarray(sample.metainfo[key]) for key in ('input_size', 'input_center', 'input_scale')}
    center, scale = place['input_center'][None], place['input_scale'][None]
    cut = TopdownAffine(tuple(place['input_size']))(dict(img=image, bbox_center=center, bbox_scale=scale))
    return cut['img'], image_to_crop(sample.pred_instances.keypoints[0], **place)


def write_result(
    result: ImageResult,
    target: Path,
    *,
    kpt_thr: float = 0.3,
    draw_bbox: bool = False,
    draw_heatmap: bool = False,
) -> dict[str, object]:
    """Write ``<target>.json`` and ``<target>_pose.jpg``.

    Args:
        result: of an `Inferencer`, without error.
        target: folder and name to write to, without suffix.
        kpt_thr: draw keypoints scored above this.
        draw_bbox: draw the boxes too.
        draw_heatmap: see `write_heatmaps`.

    Returns:
        The record that the json holds, see `result_record`.

    Raises:
        OutputError: a file cannot be written.
    """
    record = result_record(result)
    write_atomic(f'{target}.json', record_text(record))
    write_image(f'{target}_pose.jpg', result.draw(kpt_thr=kpt_thr, draw_bbox=draw_bbox)[..., ::-1])
    if draw_heatmap and len(result.poses):
        write_heatmaps(result, target)
    return record


def write_heatmaps(result: ImageResult, target: Path) -> None:
    """Write ``<target>_heatmap.jpg``, all heatmaps where they belong in the image, and one sheet a person.

    The sheets ``<target>_heatmaps_<n>.jpg`` show one keypoint after the other. The model must have been made with
    ``test_cfg.output_heatmaps=True``.

    Args:
        result: of an `Inferencer`, with people.
        target: folder and name to write to, without suffix.

    Raises:
        OutputError: a file cannot be written.
    """
    image = np.ascontiguousarray(result.image[..., ::-1])
    heat = sample_heatmaps(result.samples, 'pred_fields', image.shape[:2])
    write_image(f'{target}_heatmap.jpg', overlay_heatmap((image * 0.6).astype(np.uint8), heat, vmax=1.0))
    for number, sample in enumerate(result.samples, 1):
        crop, points = crop_of_sample(image, sample)
        maps = to_array(sample.pred_fields.heatmaps)
        sheet = heatmap_grid(maps, image=crop, names=result.poses.keypoint_names, keypoints=points)
        write_image(f'{target}_heatmaps_{number}.jpg', sheet)


def record_text(record: dict[str, object]) -> str:
    """Return a record as json with one line an entry and one line a person, to be read by people too.

    >>> print(record_text(dict(image='a.jpg', people=[dict(score=0.5)])), end='')
    {"image": "a.jpg",
     "people": [{"score": 0.5}]}
    """
    lines = [f'{json.dumps(key)}: {json.dumps(value)}' for key, value in record.items() if key != 'people']
    people = ',\n  '.join(json.dumps(person) for person in record['people'])
    return '{' + ',\n '.join([*lines, f'"people": [{people}]']) + '}\n'
