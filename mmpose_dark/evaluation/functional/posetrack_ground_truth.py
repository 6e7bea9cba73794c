"""PoseTrack18's annotated frames, as arrays."""

import os
import pathlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ...annotations import head_sizes_of_boxes, normal_coco, read_json
from ...utils.errors import InputError, MissingFileError
from .polygons import inside_any

__all__ = ['JOINTS', 'JOINT_GROUPS', 'NUM_KEYPOINTS', 'PoseTrackFrame', 'PoseTrackGroundTruth']

# name of the value -> keypoints (PoseTrack18's order) that it averages; the ears (3, 4) are not evaluated
JOINT_GROUPS = {
    'Head': (0, 1, 2),
    'Shou': (5, 6),
    'Elb': (7, 8),
    'Wri': (9, 10),
    'Hip': (11, 12),
    'Knee': (13, 14),
    'Ankl': (15, 16),
}
JOINTS = tuple(j for group in JOINT_GROUPS.values() for j in group)
NUM_KEYPOINTS = 17


@dataclass(frozen=True)
class PoseTrackFrame:
    """The annotated people of one image.

    Attributes:
        img_id: id of the image.
        sequence: the video it belongs to.
        xy: (G, 15, 2) pixels, the evaluated joints.
        labelled: (G, 15) boolean; without joints that lie in ignored regions.
        head_size: (G,) pixels.
        track_ids: (G,).
        ignored: polygons, each (P, 2) pixels, in which predictions do not count.
    """

    img_id: Hashable
    sequence: Hashable
    xy: np.ndarray
    labelled: np.ndarray
    head_size: np.ndarray
    track_ids: np.ndarray
    ignored: list[np.ndarray]


@dataclass(frozen=True)
class PoseTrackGroundTruth:
    """All annotated frames.

    Attributes:
        frames: those with at least one labelled person, in the order of the file: only they are evaluated.
        img_ids: ids of all images, also those without people.
        source: where it was read from, for messages.
    """

    frames: list[PoseTrackFrame]
    img_ids: frozenset[Hashable]
    source: str

    @classmethod
    def read(cls, source: 'str | os.PathLike | dict | PoseTrackGroundTruth') -> 'PoseTrackGroundTruth':
        """Read PoseTrack18 annotations.

        Args:
            source: path of a JSON file with all sequences, of a folder of one file a sequence, a dict, or a
                ``PoseTrackGroundTruth``, which is returned as it is.

        Raises:
            FileNotFoundError: there is no such file, or no JSON in the folder.
            ValueError: the file is broken or an annotation lacks what is needed.

        >>> ann = dict(id=1, image_id=7, bbox_head=[0, 0, 30, 40], keypoints=[5, 5, 1] * 17)
        >>> PoseTrackGroundTruth.read(dict(images=[dict(id=7)], annotations=[ann])).frames[0].head_size.tolist()
        [30.0]
        """
        if isinstance(source, cls):
            return source
        name, parts = _read_parts(source)
        frames, img_ids = [], set()
        for number, part in enumerate(parts):
            data = normal_coco(part, name)
            people: dict[Hashable, list[dict]] = {}
            for ann in data.annotations:
                people.setdefault(ann['image_id'], []).append(ann)
            for image in data.images:
                if image['id'] in img_ids:
                    raise InputError(f'{name}: two images have the id {image["id"]!r}; ids must differ over all files')
                img_ids.add(image['id'])
                frame = _frame(image, people.get(image['id'], ()), image.get('vid_id', number), name)
                if frame is not None:
                    frames.append(frame)
        return cls(frames=frames, img_ids=frozenset(img_ids), source=name)


def _read_parts(source: str | os.PathLike | dict) -> tuple[str, list]:
    """What the annotations are called in messages, and the content of each of their files."""
    if not isinstance(source, str | os.PathLike):
        return 'the given annotations', [source]
    path = pathlib.Path(source)
    files = sorted(path.glob('*.json')) if path.is_dir() else [path]
    if not files:
        raise MissingFileError(f'no .json file in {path}; expected PoseTrack18 annotations, one file a sequence')
    return str(path), [read_json(file) for file in files]


def _frame(image: dict, people: Sequence[dict], sequence: Hashable, name: str) -> PoseTrackFrame | None:
    """The frame of an image, or None if nobody is labelled in it."""
    kept = [(k, ann) for ann in people if (k := _keypoints(ann, name))[:, 2].any()]
    if not kept:
        return None
    keypoints = np.stack([k for k, _ in kept])
    heads = np.array([_head_box(ann, name) for _, ann in kept], np.float64)
    ignored = zip(image.get('ignore_regions_x') or (), image.get('ignore_regions_y') or (), strict=True)
    polygons = [np.array([x, y], np.float64).T for x, y in ignored if len(x) > 2]
    labelled = (keypoints[..., 2] > 0) & ~inside_any(keypoints[..., :2], polygons)
    some = labelled.any(1)
    return PoseTrackFrame(
        img_id=image['id'],
        sequence=sequence,
        xy=keypoints[some, :, :2],
        labelled=labelled[some],
        head_size=head_sizes_of_boxes(heads[some]),
        track_ids=np.array([ann.get('track_id', -1) for _, ann in kept])[some],
        ignored=polygons,
    )


def _keypoints(ann: dict, name: str) -> np.ndarray:
    """(15, 3) the evaluated keypoints of an annotation: x, y in pixels and whether labelled."""
    keypoints = np.asarray(ann.get('keypoints', ()), np.float64)
    if not keypoints.size:
        keypoints = np.zeros(3 * NUM_KEYPOINTS)
    if keypoints.size != 3 * NUM_KEYPOINTS:
        raise InputError(
            f'{name}: annotation {ann.get("id")} (image {ann["image_id"]}) has {keypoints.size} numbers in '
            f"'keypoints', expected {3 * NUM_KEYPOINTS}"
        )
    keypoints = keypoints.reshape(NUM_KEYPOINTS, 3)[list(JOINTS)]
    return np.concatenate([keypoints[:, :2], keypoints[:, 2:] > 0], 1)


def _head_box(ann: dict, name: str) -> Sequence[float]:
    box = ann.get('bbox_head', ())
    if len(box) != 4:
        raise InputError(
            f'{name}: annotation {ann.get("id")} (image {ann["image_id"]}) has no head box of 4 numbers in '
            "'bbox_head', by which PoseTrack measures distances"
        )
    return box
