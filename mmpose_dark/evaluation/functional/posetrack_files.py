"""PoseTrack18's form of results: one file a sequence, which the benchmark's server and its tools read."""

import os
import pathlib
from collections.abc import Hashable, Iterable, Mapping, Sequence

from ...annotations import read_json
from ...utils.errors import InputError

__all__ = ['read_sequences', 'sequence_results']

Record = Mapping[str, object]


def read_sequences(source: str | os.PathLike) -> dict[str, list[Record]]:
    """Return the images of each sequence, by the name of its file.

    Args:
        source: a folder with one file a sequence, or one file of them all, whose images lie in a folder a sequence.

    Raises:
        InputError: an image without a ``file_name``.
    """
    path = pathlib.Path(source)
    if path.is_dir():
        return {file.name: list(read_json(file)['images']) for file in sorted(path.glob('*.json'))}
    sequences: dict[str, list[Record]] = {}
    for image in read_json(path)['images']:
        name = image.get('file_name')
        if not isinstance(name, str):
            raise InputError(f'{path}: image {image.get("id")!r} has no file_name, so its sequence is not known')
        sequences.setdefault(f'{pathlib.PurePosixPath(name).parent.name}.json', []).append(image)
    return sequences


def sequence_results(
    sequences: Mapping[str, Sequence[Record]], rows: Iterable[Record], keypoint_names: Sequence[str]
) -> dict[str, dict[str, list]]:
    """Distribute results over the files of the benchmark.

    Args:
        sequences: of `read_sequences`.
        rows: results in COCO's form, with ``track_id`` or without: then the people of an image are numbered.
        keypoint_names: of the 17 keypoints.

    Returns:
        File name -> its content: ``images``, ``annotations``, ``categories``.

    >>> row = dict(image_id=7, keypoints=[1.0, 2.0, 0.5], score=0.9, category_id=1)
    >>> found = sequence_results({'a.json': [dict(id=7, file_name='a/1.jpg')]}, [row], ['nose'])
    >>> found['a.json']['annotations']
    [{'image_id': 7, 'keypoints': [1.0, 2.0, 0.5], 'scores': [0.5], 'score': 0.9, 'track_id': 0}]
    """
    people: dict[Hashable, list[Record]] = {}
    for row in rows:
        people.setdefault(row['image_id'], []).append(row)
    category = dict(supercategory='person', id=1, name='person', keypoints=list(keypoint_names))
    return {
        name: dict(
            images=[dict(id=image['id'], file_name=image['file_name']) for image in images],
            annotations=[
                dict(
                    image_id=row['image_id'],
                    keypoints=row['keypoints'],
                    scores=row['keypoints'][2::3],
                    score=row['score'],
                    track_id=row.get('track_id', number),
                )
                for image in images
                for number, row in enumerate(people.get(image['id'], ()))
            ],
            categories=[category],
        )
        for name, images in sequences.items()
    }
