"""Whether keypoints lie where they can, and left and right are what they are called."""

from collections.abc import Mapping

import numpy as np

from .people import People
from .report import Finding, found

__all__ = ['check_keypoints', 'check_sides', 'check_visibility']

_SIDE_PAIRS = ('shoulder', 'hip')
_ENOUGH = 20  # people before the two sides are judged
_ENOUGH_FACING = 100


def check_visibility(people: People, *, values: tuple[int, ...] = (0, 1, 2)) -> list[Finding]:
    """Look for visibilities that mean nothing.

    Args:
        people: the annotations.
        values: allowed; () where any non-negative number is (confidences of whole-body parts).
    """
    v = people.keypoints[..., 2]
    known = np.isfinite(v)
    wrong = known & (v < 0) if not values else known & ~np.isin(v, values)
    rows = np.flatnonzero(wrong.any(1) & ~people.iscrowd)
    if not len(rows):
        return []
    allowed = ', '.join(map(str, values)) if values else 'not negative'
    message = (
        f'{{n}} annotations have visibilities other than {allowed} (0 not labelled, 1 hidden, 2 visible); '
        'what is above 0 counts as labelled'
    )
    return [
        found(
            'warning',
            'visibility',
            message,
            file=people.file,
            rows=rows,
            label=lambda i: f'{people.label(i)}: {sorted({float(x) for x in v[i][wrong[i]]})[:4]}',
        )
    ]


def check_keypoints(people: People) -> list[Finding]:
    """Look for labelled keypoints outside the image, at its corner, relative, or with x and y swapped."""
    xy, labelled = people.keypoints[..., :2], people.labelled & people.valid[:, None]
    sizes = people.size_wh[:, None]
    known = labelled & np.isfinite(sizes).all(-1)
    total = int(known.sum())
    if not total:
        return []
    relative = known & (xy <= 1.5).all(-1) & (sizes > 2).all(-1)
    if relative.sum() > total / 2:
        message = 'keypoints are relative (0 to 1); pixels are needed: multiply by width and height of the image'
        return [found('error', 'keypoint-relative', message, file=people.file)]
    out = []
    outside = known & _outside(xy, sizes)
    count = int(outside.sum())
    swapped = int((known & _outside(xy[..., ::-1], sizes)).sum())
    if count > 0.1 * total and swapped < 0.1 * count:
        message = (
            f'{count} of {total} labelled keypoints lie outside their image, {swapped} would with x and y swapped: '
            'the order is x, y, visibility'
        )
        return [found('error', 'keypoint-outside', message, file=people.file)]
    if count:
        severity = 'error' if count > 0.2 * total else 'warning' if count > 0.01 * total else 'note'
        rows = np.flatnonzero(outside.any(1))
        message = (
            f'{count} of {total} labelled keypoints ({count / total:.2%}), of {{n}} people, lie outside their image'
        )

        def label(i: int) -> str:
            k = int(np.flatnonzero(outside[i])[0])
            x, y = (float(v) for v in xy[i, k])
            width, height = people.size_wh[i]
            return f'{people.label(i)}: keypoint {k} at ({x:g}, {y:g}), image {width:g}x{height:g}'

        out.append(found(severity, 'keypoint-outside', message, file=people.file, rows=rows, label=label))
    corner = labelled & (xy == 0).all(-1)
    if corner.sum() > max(1, 0.001 * total):
        rows = np.flatnonzero(corner.any(1))
        message = (
            f'{int(corner.sum())} keypoints of {{n}} people are labelled and stand at (0, 0): probably not annotated, '
            'and their visibility should be 0'
        )
        severity = 'error' if corner.sum() > 0.05 * total else 'warning'
        out.append(found(severity, 'keypoint-corner', message, file=people.file, rows=rows, label=people.label))
    return out


def check_sides(people: People, name_to_id: Mapping[str, int]) -> list[Finding]:
    """Look for mixed-up sides, by shoulders and hips.

    A body hardly ever shows its shoulders one way round and its hips the other (1 in 30 measured), so if most people
    do, the keypoints of one of the two are swapped. And most people are photographed from the front (two thirds
    to four fifths measured), where their left is on the image's right.

    Args:
        people: the annotations.
        name_to_id: keypoint ids by name; nothing is checked without left and right shoulder and hip.
    """
    names = [(f'left_{part}', f'right_{part}') for part in _SIDE_PAIRS]
    if not all(name in name_to_id for pair in names for name in pair):
        return []
    xy, labelled = people.keypoints[..., :2], people.labelled & people.valid[:, None]
    width = np.maximum(people.bbox[:, 2], 1)
    signs, clear = [], np.ones(len(people), bool)
    for left, right in names:
        left, right = name_to_id[left], name_to_id[right]
        apart = (xy[:, left, 0] - xy[:, right, 0]) / width
        signs.append(np.sign(apart))
        clear &= labelled[:, left] & labelled[:, right] & (np.abs(apart) > 0.1)
    count = int(clear.sum())
    if count < _ENOUGH:
        return []
    crossed = clear & (signs[0] != signs[1])
    if crossed.sum() > 0.3 * count:
        message = (
            f'{int(crossed.sum())} of {count} people have left and right shoulder one way round and left and right '
            'hip the other: the sides of one of them are swapped in the file or in the definition'
        )
        severity = 'error' if crossed.sum() > 0.6 * count else 'warning'
        rows = np.flatnonzero(crossed)
        return [found(severity, 'sides-crossed', message, file=people.file, rows=rows, label=people.label)]
    facing = float((signs[0][clear] > 0).mean())
    if count >= _ENOUGH_FACING and facing < 0.2:
        message = (
            f'only {facing:.0%} of {count} people have their left shoulder on the right of the image; usually '
            "most do, as they face the camera: left and right may be the viewer's, or swapped"
        )
        return [found('warning', 'sides-swapped', message, file=people.file)]
    return []


def _outside(xy: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(N, K) whether points lie beyond the outermost pixels, with a pixel's grace."""
    return ((xy < -1) | (xy > sizes)).any(-1)
