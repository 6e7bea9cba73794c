"""Whether the records of an annotation file are complete, have ids of their own, and meet."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .numbers_in_files import hashable, number
from .people import People
from .report import Finding, found

__all__ = ['check_categories', 'check_ids', 'check_images', 'check_usable']


def check_images(images: Sequence[dict], file: str) -> list[Finding]:
    """Look at the image records: complete, with ids and names of their own.

    Args:
        images: as in the file.
        file: where, for messages.

    >>> [f.check for f in check_images([dict(id=1, file_name='a.jpg', width=4)], 'a.json')]
    ['image-record']
    """
    out = []
    lacking = [
        (i, k) for i, image in enumerate(images) for k in ('id', 'file_name', 'width', 'height') if k not in image
    ]
    if lacking:
        out.append(
            found(
                'error',
                'image-record',
                '{n} entries are missing in image records; every image needs id, file_name, width and height',
                file=file,
                rows=lacking,
                label=lambda row: f'images[{row[0]}] (id {images[row[0]].get("id")}): no {row[1]!r}',
            )
        )
    sizes = [
        i for i, image in enumerate(images) if any(k in image and not _positive(image[k]) for k in ('width', 'height'))
    ]
    if sizes:
        out.append(
            found(
                'error',
                'image-record',
                '{n} images have a width or height that is no positive number',
                file=file,
                rows=sizes,
                label=lambda i: f'image {images[i].get("id")}: {images[i].get("width")}x{images[i].get("height")}',
            )
        )
    out += _repeated([image.get('id') for image in images], 'error', 'image-ids', 'image ids come more than once', file)
    message = 'file names belong to more than one image record'
    return out + _repeated([image.get('file_name') for image in images], 'warning', 'image-names', message, file)


def check_ids(people: People, given_ids: Sequence[object]) -> list[Finding]:
    """Look at the annotations' ids and at the image ids they point to.

    Args:
        people: the annotations.
        given_ids: the ids that stand in the file.
    """
    message = 'annotation ids come more than once; they are numbered anew here, other programs lose all but the last'
    out = _repeated(given_ids, 'warning', 'annotation-ids', message, people.file)
    lacking = sum(number is None for number in given_ids)
    if lacking:
        message = f'{lacking} annotations have no id; all are numbered anew here, other programs need one'
        out.append(found('warning', 'annotation-ids', message, file=people.file))
    lost = [i for i, image_id in enumerate(people.image_ids) if image_id not in people.images]
    if lost:
        known = {str(image_id) for image_id in people.images}
        remedy = 'add the images or remove the annotations'
        if any(str(people.image_ids[i]) in known for i in lost):
            remedy = 'the ids are numbers in one list and strings in the other: write them alike'
        out.append(
            found(
                'error',
                'image-ids-meet',
                f'{{n}} of {len(people)} annotations point to an image_id that no image has; {remedy}',
                file=people.file,
                rows=lost,
                label=lambda i: f'annotation {people.ids[i]}: image_id {people.image_ids[i]!r}',
            )
        )
    return out


def check_categories(categories: object, people: People, keypoint_names: Sequence[str]) -> list[Finding]:
    """Compare category ids, and the keypoint names of the category with those of the definition.

    Args:
        categories: of the file; None if it has none.
        people: its annotations.
        keypoint_names: of the definition, K of them.
    """
    out = []
    used = Counter(hashable(c) for c in people.categories if c is not None)
    if not isinstance(categories, list) or not all(isinstance(category, dict) for category in categories):
        categories = None  # what else may stand there is refused where the file is read
    if not categories:
        out.append(
            found('warning', 'categories', "there are no 'categories'; COCO programs need them", file=people.file)
        )
    else:
        known = {hashable(category.get('id')) for category in categories}
        strange = [i for i, c in enumerate(people.categories) if c is not None and hashable(c) not in known]
        if strange:
            out.append(
                found(
                    'error',
                    'categories',
                    f'{{n}} annotations are of a category that the file does not list ({sorted(map(str, known))}); '
                    'they are refused',
                    file=people.file,
                    rows=strange,
                    label=lambda i: f'{people.label(i)}: category {people.categories[i]}',
                )
            )
    if len(used) > 1:
        counts = ', '.join(f'{n} of {c}' for c, n in used.most_common())
        message = f'annotations of several categories ({counts}); all of them are taken for people'
        out.append(found('warning', 'categories', message, file=people.file))
    for category in categories or ():
        out += _check_names(category, keypoint_names, people.file)
    return out


def check_usable(people: People, *, counted: slice = slice(None)) -> list[Finding]:
    """Say how many annotations are people to learn from, and why others are none.

    Args:
        people: the annotations.
        counted: the keypoints that num_keypoints counts (whole-body annotations: the body's).
    """
    valid, crowd, labelled = people.valid, people.iscrowd, people.labelled.any(1)
    if not len(people):
        return [found('error', 'no-people', 'there is no annotation', file=people.file)]
    if not valid.any():
        message = (
            f'none of {len(people)} annotations can be used: {int(crowd.sum())} are crowd regions, '
            f'{int((~crowd & ~labelled).sum())} have no keypoint with v > 0, the others no box with an area'
        )
        return [found('error', 'no-people', message, file=people.file)]
    never = np.flatnonzero(~people.labelled[valid].any(0))
    out = []
    if len(never):
        message = f'keypoints {", ".join(map(str, never))} are never labelled; the network cannot learn them'
        out.append(found('note', 'keypoint-never', message, file=people.file))
    silent = np.flatnonzero(valid & (people.num_keypoints == 0))
    if len(silent):
        message = '{n} annotations say num_keypoints=0 and have labelled keypoints; they are left out'
        out.append(found('warning', 'num-keypoints', message, file=people.file, rows=silent, label=people.label))
    number = people.labelled[:, counted].sum(1)
    other = np.flatnonzero(valid & (people.num_keypoints > 0) & (people.num_keypoints != number))
    if len(other):
        message = (
            '{n} annotations have another num_keypoints than keypoints with v > 0 (so in CrowdPose, which counts '
            'in its own way; elsewhere a slip)'
        )
        out.append(
            found(
                'note',
                'num-keypoints',
                message,
                file=people.file,
                rows=other,
                label=lambda i: f'{people.label(i)}: num_keypoints {people.num_keypoints[i]}, labelled {number[i]}',
            )
        )
    return out


def _check_names(category: dict, keypoint_names: Sequence[str], file: str) -> list[Finding]:
    names = category.get('keypoints') or []
    if not isinstance(names, list) or not names:
        return []
    count = len(keypoint_names)
    if len(names) != count:
        message = f'the category lists {len(names)} keypoint names, the definition has {count}'
        return [found('warning', 'keypoint-names', message, file=file)]
    place = {_plain(name): i for i, name in enumerate(keypoint_names)}
    moved = [(i, place[_plain(n)]) for i, n in enumerate(names) if place.get(_plain(n), i) != i]
    if not moved:
        return []
    message = (
        '{n} keypoints stand at other places than in the definition: values would be of other joints, and flipping '
        'would swap the wrong ones; write a definition in the order of the file (docs/custom_dataset.md)'
    )
    return [
        found(
            'error',
            'keypoint-names',
            message,
            file=file,
            rows=moved,
            label=lambda row: f'{names[row[0]]!r}: {row[0]} in the file, {row[1]} in the definition',
        )
    ]


def _plain(name: object) -> str:
    return re.sub(r'[^a-z0-9]+', '_', str(name).lower()).strip('_')


def _positive(value: object) -> bool:
    return number(value) > 0


def _repeated(values: Sequence[object], severity: str, check: str, message: str, file: str) -> list[Finding]:
    try:
        counts = Counter(v for v in values if v is not None)
    except TypeError:  # something that cannot be an id, such as a list
        counts = Counter(map(str, values))
    several = [v for v, n in counts.items() if n > 1]
    if not several:
        return []
    return [
        found(severity, check, f'{{n}} {message}', file=file, rows=several, label=lambda v: f'{v!r}: {counts[v]} times')
    ]
