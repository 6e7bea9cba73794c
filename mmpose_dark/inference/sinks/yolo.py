"""Labels as Ultralytics' pose networks read them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...structures.poses import Poses
from ...utils.atomic_file import write_atomic
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .drawn_images import frame_name
from .files import writing

__all__ = ['YoloSink', 'yolo_lines']


def yolo_lines(poses: Poses, image_hw: tuple[int, int], *, kpt_thr: float) -> str:
    r"""Return the lines of a label file.

    Args:
        poses: N people.
        image_hw: height and width of their image.
        kpt_thr: keypoints with lower scores count as not labelled, 0 0 0.

    Returns:
        For each person the class 0, centre and size of the box, and x, y and visibility (2 or 0) of each keypoint, as
        shares of width and height; edges of pixels are counted, so that a keypoint in the middle of the first pixel is
        half a pixel from the edge.

    >>> yolo_lines(Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 8]]), (10, 10), kpt_thr=0.3)
    '0 0.200000 0.400000 0.400000 0.800000 0.150000 0.250000 2\n'
    """
    height, width = image_hw
    scale = np.array([width, height], np.float64)
    labelled = (poses.keypoint_scores >= kpt_thr) & np.isfinite(poses.keypoints).all(-1)
    points = np.where(labelled[..., None], ((poses.keypoints + 0.5) / scale).clip(0, 1), 0)
    marks = np.concatenate([points, 2 * labelled[..., None]], -1).reshape(len(poses), 3 * poses.num_keypoints)
    corners = poses.boxes.astype(np.float64).clip(0, (width, height) * 2).reshape(-1, 2, 2)
    places = np.concatenate([corners.mean(1) / scale, (corners[:, 1] - corners[:, 0]) / scale], 1)
    form = ' '.join(['0', *['%.6f'] * 4, *['%.6f %.6f %d'] * poses.num_keypoints]) + '\n'
    return ''.join(form % tuple(row) for row in np.concatenate([places, marks], 1))


class YoloSink(BaseSink):
    """Writes ``STEM_yolo/labels/NAME.txt`` and ``STEM_yolo/data.yaml``.

    Args:
        folder: to write into.
        stem: of the folder.
        kpt_thr: see `yolo_lines`.
    """

    format = 'yolo'
    needs_images = True

    def __init__(self, folder: Path, stem: str, *, kpt_thr: float = 0.3) -> None:
        super().__init__(folder, stem)
        self.kpt_thr = kpt_thr

    @property
    def outputs(self) -> Sequence[Path]:
        """The folder."""
        return [self.folder / f'{self.stem}_yolo']

    @property
    def writes_folder(self) -> bool:
        """True."""
        return True

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Write ``data.yaml``.

        Raises:
            OutputError: it cannot be written.
        """
        self._taken, self._moving = set(), info.is_moving
        count = 0 if keypoint_set is None else int(keypoint_set['num_keypoints'])
        lines = ['train: images', 'val: images', f'kpt_shape: [{count}, 3]']
        if keypoint_set is not None:
            lines.append(f'flip_idx: {json.dumps([int(i) for i in keypoint_set["flip_indices"]])}')
        lines += ['names:', '  0: person', '']
        with writing(self.outputs[0]):
            (self.outputs[0] / 'labels').mkdir(parents=True, exist_ok=True)
            write_atomic(self.outputs[0] / 'data.yaml', '\n'.join(lines))

    def write(self, result: ImageResult) -> None:
        """Write the labels of a frame, an empty file where nobody is.

        Raises:
            OutputError: full disk.
        """
        name = frame_name(result, self._taken, moving=self._moving)
        if result.image is None:
            return
        path = self.outputs[0] / 'labels' / f'{name}.txt'
        with writing(path):
            write_atomic(path, yolo_lines(result.poses, result.image.shape[:2], kpt_thr=self.kpt_thr))

    def close(self) -> None:
        """Nothing is left to do."""
