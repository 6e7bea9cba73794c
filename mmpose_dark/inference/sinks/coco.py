"""COCO's formats: results to be evaluated, and annotations to be corrected by people."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...annotations.areas import area_of_box
from ...structures.bbox import bbox_xyxy2xywh
from ...structures.poses import Poses
from ..coco_file import CocoResultsFile
from ..frames import SourceInfo
from ..records import coco_results
from ..results import ImageResult
from .base import BaseSink
from .drawn_images import frame_name
from .files import WholeFile, writing

__all__ = ['CocoAnnotationSink', 'CocoResultSink', 'coco_image_id']


def coco_image_id(result: ImageResult, ids: Mapping[str, int | str | None] | None) -> int | str | None:
    """Return the id of an image: that of its path in ``ids``; without these, its number in the source from 1.

    >>> coco_image_id(ImageResult('a.jpg', index=4), {'a.jpg': 139}), coco_image_id(ImageResult('', index=4), None)
    (139, 5)
    """
    return result.index + 1 if ids is None else ids.get(result.path)


class CocoResultSink(BaseSink):
    """Writes ``STEM_results.json``, COCO's results format, with ``track_id`` where people are tracked.

    Args:
        folder: to write into.
        stem: of the file.
        image_ids: by path; an image without one is left out. None: the images' numbers from 1.
        category_id: of people.
    """

    format = 'coco'

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        image_ids: Mapping[str, int | str | None] | None = None,
        category_id: int | str = 1,
    ) -> None:
        super().__init__(folder, stem)
        self.image_ids, self.category_id = image_ids, category_id

    @property
    def outputs(self) -> Sequence[Path]:
        """The file."""
        return [self.folder / f'{self.stem}_results.json']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        self._file = CocoResultsFile(self.outputs[0]).__enter__()

    def write(self, result: ImageResult) -> None:
        """Write the people of a frame.

        Raises:
            OutputError: full disk.
        """
        image_id = coco_image_id(result, self.image_ids)
        if image_id is None or result.error is not None:
            return
        records = coco_results(result, image_id=image_id, category_id=self.category_id)
        if result.poses.track_ids is not None:
            records = [dict(r, track_id=int(i)) for r, i in zip(records, result.poses.track_ids, strict=True)]
        self._file.add(records)

    def close(self) -> None:
        """Give the file its name.

        Raises:
            OutputError: full disk.
        """
        self._file.__exit__(None, None, None)

    def abort(self) -> None:
        """Remove what was written."""
        if getattr(self, '_file', None) is not None:
            self._file.__exit__(RuntimeError, RuntimeError(), None)


class CocoAnnotationSink(BaseSink):
    """Writes ``STEM_annotations.json``: images, annotations and the category, as labelling tools import them.

    A keypoint scored below ``kpt_thr`` counts as not labelled: 0, 0, 0. Frames of a video are called
    ``frame_000012.png``, as CVAT calls them.

    Args:
        folder: to write into.
        stem: of the file.
        image_ids: as of `CocoResultSink`.
        kpt_thr: see above.
    """

    format = 'coco-annotations'
    needs_images = True

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        image_ids: Mapping[str, int | str | None] | None = None,
        kpt_thr: float = 0.3,
    ) -> None:
        super().__init__(folder, stem)
        self.image_ids, self.kpt_thr = image_ids, kpt_thr
        self._whole: WholeFile | None = None

    @property
    def outputs(self) -> Sequence[Path]:
        """The file."""
        return [self.folder / f'{self.stem}_annotations.json']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        count = 0 if keypoint_set is None else int(keypoint_set['num_keypoints'])
        poses = Poses.empty(count, keypoint_set)
        category = dict(
            id=1, name='person', supercategory='person', keypoints=poses.keypoint_names,
            skeleton=[[a + 1, b + 1] for a, b in poses.skeleton],
        )  # fmt: skip
        self._moving, self._taken, self._number = info.is_moving, set(), 0
        self._whole = WholeFile(self.outputs[0])
        # Images and people are two lists of one file: the second waits in a file without a name.
        self._people = tempfile.TemporaryFile('w+', encoding='utf-8')  # noqa: SIM115
        about = dict(description=f'poses of {info.name} by mmpose_dark')
        self._put(f'{{"info": {json.dumps(about)}, "categories": [{json.dumps(category)}],\n"images": [')
        self._images = 0

    def _put(self, text: str) -> None:
        with writing(self.outputs[0], left='what was there before is untouched'):
            self._whole.file.write(text)

    def write(self, result: ImageResult) -> None:
        """Write an image and its people; one that could not be read is left out.

        Raises:
            OutputError: full disk.
        """
        image_id = coco_image_id(result, self.image_ids)
        if result.image is None or image_id is None:
            return
        name = frame_name(result, self._taken, moving=self._moving)
        file_name = f'{name}.png' if self._moving or not result.path else Path(result.path).name
        height, width = result.image.shape[:2]
        image = dict(id=image_id, file_name=file_name, width=width, height=height)
        if self._moving:
            image |= dict(frame_id=result.index, time=result.time)
        self._put((',\n' if self._images else '\n') + json.dumps(image))
        self._images += 1
        for record in self._records(result.poses, image_id):
            with writing(self.outputs[0]):
                self._people.write((',\n' if record['id'] > 1 else '\n') + json.dumps(record, allow_nan=False))

    def _records(self, poses: Poses, image_id: int | str) -> list[dict[str, object]]:
        records = []
        labelled = (poses.keypoint_scores >= self.kpt_thr) & np.isfinite(poses.keypoints).all(-1)
        points = np.where(labelled[..., None], poses.keypoints.astype(np.float64).round(2), 0)
        marks = np.concatenate([points, np.where(labelled, 2, 0)[..., None]], -1)
        sides = bbox_xyxy2xywh(poses.boxes.astype(np.float64)).round(2)
        for i in range(len(poses)):
            self._number += 1
            record = dict(
                id=self._number, image_id=image_id, category_id=1, iscrowd=0,
                keypoints=[int(v) if j % 3 == 2 else float(v) for j, v in enumerate(marks[i].ravel())],
                num_keypoints=int(labelled[i].sum()), bbox=sides[i].tolist(),
                area=round(float(area_of_box(sides[i, 2], sides[i, 3])), 2), score=round(float(poses.scores[i]), 4),
            )  # fmt: skip
            if poses.track_ids is not None:
                record['track_id'] = int(poses.track_ids[i])
            records.append(record)
        return records

    def close(self) -> None:
        """Give the file its name.

        Raises:
            OutputError: full disk.
        """
        self._put('],\n"annotations": [')
        self._people.seek(0)
        while block := self._people.read(1 << 20):
            self._put(block)
        self._put(']}\n')
        self._people.close()
        self._whole.complete()

    def abort(self) -> None:
        """Remove what was written."""
        if self._whole is not None:
            self._whole.abort()
            self._people.close()
