"""Writing a picture's result: drawing, heatmaps, json."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.transforms.topdown_affine import TopdownAffine
from ..structures import PoseDataSample
from .inferencer import ImageResult
from .records import keypoint_names, result_record

__all__ = ['crop_of_sample', 'unique_stems', 'write_result']


def unique_stems(paths: list[Path]) -> list[str]:
    """Return a name to write to for each file: its own without suffix, numbered where files share it.

    >>> unique_stems([Path('a/x.jpg'), Path('b/x.jpg'), Path('y.png')])
    ['x', 'x_2', 'y']
    """
    taken: set[str] = set()
    stems = []
    for path in paths:
        stem, number = path.stem, 2
        while stem in taken:
            stem, number = f'{path.stem}_{number}', number + 1
        taken.add(stem)
        stems.append(stem)
    return stems


def crop_of_sample(image: np.ndarray, sample: PoseDataSample) -> tuple[np.ndarray, np.ndarray]:
    """Cut out what the network saw of one person.

    Args:
        image: (H, W, 3) uint8, the full picture; not modified.
        sample: with ``pred_instances``.

    Returns:
        the crop (h, w, 3) uint8, and the found keypoints (K, 2) in its pixels.
    """
    center, scale, size = (np.asarray(sample.metainfo[f'input_{k}']) for k in ('center', 'scale', 'size'))
    cut = TopdownAffine(tuple(size))(dict(img=image, bbox_center=center[None], bbox_scale=scale[None]))
    return cut['img'], (sample.pred_instances.keypoints[0] - center + 0.5 * scale) / scale * size


def write_result(
    result: ImageResult,
    target: Path,
    *,
    visualizer: Any,
    dataset_meta: dict[str, Any] | None,
    kpt_thr: float = 0.3,
    draw_bbox: bool = False,
    draw_heatmap: bool = False,
    show: bool = False,
) -> dict[str, Any]:
    """Write ``<target>.json`` and ``<target>_pose.jpg``.

    Args:
        result: of an `Inferencer`, without error.
        target: folder and name to write to, without suffix.
        visualizer: a PoseLocalVisualizer that knows the definition of the keypoints.
        dataset_meta: that definition.
        kpt_thr: draw keypoints scored above this.
        draw_bbox: draw the boxes too.
        draw_heatmap: write ``<target>_heatmap.jpg``, all heatmaps where they belong in the picture, and
            ``<target>_heatmaps_<n>.jpg`` for each person, keypoint by keypoint; the model must have
            been made with ``test_cfg.output_heatmaps=True``.
        show: open a window too.

    Returns:
        The record that the json holds, see `result_record`.

    Raises:
        OSError: a file cannot be written.
    """
    from ..visualization import heatmap_grid, overlay_heatmap, sample_heatmaps, write_image

    record = result_record(result, dataset_meta)
    target.parent.mkdir(parents=True, exist_ok=True)
    Path(f'{target}.json').write_text(_json_text(record), encoding='utf-8')
    image = np.ascontiguousarray(result.image[..., ::-1])
    visualizer.add_datasample(
        result.path,
        image,
        result.samples,
        draw_gt=False,
        draw_bbox=draw_bbox,
        kpt_thr=kpt_thr,
        show=show,
        out_file=f'{target}_pose.jpg',
    )
    if draw_heatmap and result.samples:
        heat = sample_heatmaps(result.samples, 'pred_fields', image.shape[:2])
        write_image(f'{target}_heatmap.jpg', overlay_heatmap((image * 0.6).astype(np.uint8), heat, vmax=1.0))
        for number, sample in enumerate(result.samples, 1):
            maps = sample.pred_fields.heatmaps.float().cpu().numpy()
            crop, points = crop_of_sample(image, sample)
            names = keypoint_names(dataset_meta, len(maps))
            write_image(
                f'{target}_heatmaps_{number}.jpg', heatmap_grid(maps, image=crop, names=names, keypoints=points)
            )
    return record


def _json_text(record: dict[str, Any]) -> str:
    """One line an entry and one line a person, to be read by people too."""
    lines = [f'{json.dumps(key)}: {json.dumps(value)}' for key, value in record.items() if key != 'people']
    people = ',\n  '.join(json.dumps(person) for person in record['people'])
    return '{' + ',\n '.join([*lines, f'"people": [{people}]']) + '}\n'
