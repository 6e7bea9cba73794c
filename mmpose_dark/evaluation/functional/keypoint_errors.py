"""What kind of error each predicted keypoint is: good, jitter, inversion, swap or miss.

After Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation" (ICCV 2017,
arXiv:1707.05388), section 3. With the similarity of a predicted keypoint p to a labelled one q of a person of area
s^2, ``ks(p, q) = exp(-|p - q|^2 / (2 s^2 (2 sigma)^2))``, and thresholds ``low`` and ``high``:

- good: ``ks >= high`` to its own label;
- jitter: ``low <= ks < high`` to its own label;
- inversion: ``ks < low`` to its own label, ``ks >= low`` to its left-right partner of the same person;
- swap: ``ks < low`` to its own label, ``ks >= low`` to the same keypoint of another person in the image, or to
  the partner of that (swapped and inverted at once);
- miss: all others.

A keypoint that fits inversion and swap is the one whose similarity is larger, an inversion where they are equal.
The sigma is that of the predicted keypoint; the area that of the person whom it is compared with.
"""

from collections.abc import Sequence

import numpy as np

from ...utils.errors import InputError
from .oks import keypoint_similarity

__all__ = ['ERROR_KINDS', 'KEYPOINT_KINDS', 'UNLABELLED', 'keypoint_error_kinds', 'mirrored_keypoints']

ERROR_KINDS = ('jitter', 'inversion', 'swap', 'miss')
KEYPOINT_KINDS = ('good', *ERROR_KINDS)
UNLABELLED = ''  # of a keypoint whose place nobody knows
_PAIRS_AT_ONCE = 1 << 20


def keypoint_error_kinds(
    found: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    area: np.ndarray,
    *,
    sigmas: np.ndarray,
    flip_pairs: Sequence[tuple[int, int]],
    image_ids: np.ndarray | None = None,
    thresholds: tuple[float, float] = (0.5, 0.85),
) -> np.ndarray:
    """Name the kind of error of each predicted keypoint.

    The kinds are defined above, after Ronchi and Perona (ICCV 2017).

    Args:
        found: (N, K, 2) predicted keypoints, x and y in pixels. One that is not finite is a miss.
        truth: (N, K, 2) labelled keypoints of the same people. People whom nobody found belong here too, with NaN in
            ``found``: others are swapped with them.
        visible: (N, K) label, above 0 where the place is known.
        area: (N,) square pixels.
        sigmas: (K,) spread of each keypoint, as a fraction of the square root of the area.
        flip_pairs: pairs of numbers of left and right keypoints.
        image_ids: (N,) numbers or names of the images; all people are in one image by default.
        thresholds: ``low`` and ``high`` in 0..1.

    Returns:
        (N, K) strings: one of `KEYPOINT_KINDS`, or `UNLABELLED` where the keypoint is not labelled.

    Raises:
        ValueError: shapes do not fit, a labelled keypoint is not finite, the area of a person with labels is not above
            0, or thresholds are not 0 < low <= high <= 1.

    >>> truth = np.array([[[0, 0], [30, 0], [60, 0.0]], [[0, 90], [30, 90], [60, 90.0]]])
    >>> found = truth.copy()
    >>> found[0] = [[1, 0], [60, 0], [30, 90]]
    >>> labels, area = np.ones((2, 3)), np.full(2, 1000.0)
    >>> keypoint_error_kinds(found, truth, labels, area, sigmas=np.full(3, 0.05), flip_pairs=[(1, 2)])[0].tolist()
    ['good', 'inversion', 'swap']
    """
    found, truth = np.asarray(found, np.float64), np.asarray(truth, np.float64)
    labelled, area, sigmas = np.asarray(visible) > 0, np.asarray(area, np.float64), np.asarray(sigmas, np.float64)
    partner = mirrored_keypoints(flip_pairs, len(sigmas))
    _check(found, truth, labelled, area, len(sigmas), thresholds)
    image = _numbered(image_ids, len(found))
    low, high = thresholds
    with np.errstate(invalid='ignore', over='ignore'):
        own = keypoint_similarity(found, truth, areas=area[:, None], sigmas=sigmas)
        inverted = keypoint_similarity(found, truth[:, partner], areas=area[:, None], sigmas=sigmas)
    paired = labelled[:, partner] & (partner != np.arange(len(sigmas)))
    inverted = np.where(paired & (inverted >= low), inverted, 0.0)
    swapped = np.zeros_like(inverted)
    doubtful = labelled & np.isfinite(found).all(-1) & (own < low)
    swapped[doubtful] = _most_like_others(
        found, truth, labelled, area, sigmas=sigmas, partner=partner, image=image, places=np.nonzero(doubtful)
    )
    nearer = (inverted >= low) & (inverted >= swapped)
    rules = ((~labelled, UNLABELLED), (own >= high, 'good'), (own >= low, 'jitter'), (nearer, 'inversion'))
    return _first_of((*rules, (swapped >= low, 'swap')), 'miss')


def _first_of(rules: Sequence[tuple[np.ndarray, str]], otherwise: str) -> np.ndarray:
    """Return at each place the name of the first rule that holds there."""
    names = [np.array(name, 'U9') for _, name in rules]
    return np.select([where for where, _ in rules], names, np.array(otherwise, 'U9'))


def _numbered(image_ids: np.ndarray | None, count: int) -> np.ndarray:
    """Number of the image of each of ``count`` people, from 0."""
    if image_ids is None:
        return np.zeros(count, np.int64)
    if np.shape(image_ids) != (count,):
        raise InputError(f'image_ids {np.shape(image_ids)} must be (N,) with N = {count}')
    return np.unique(image_ids, return_inverse=True)[1].reshape(-1)


def mirrored_keypoints(flip_pairs: Sequence[tuple[int, int]], num_keypoints: int) -> np.ndarray:
    """Return the number of each keypoint's left-right partner, its own where it has none: (K,).

    Raises:
        ValueError: a pair names a keypoint that is not there.

    >>> mirrored_keypoints([(1, 2)], 4).tolist()
    [0, 2, 1, 3]
    """
    pairs = np.asarray(flip_pairs, np.int64).reshape(-1, 2)
    if pairs.size and not (pairs.min() >= 0 and pairs.max() < num_keypoints):
        raise InputError(f'flip_pairs {pairs.tolist()} name a keypoint outside 0..{num_keypoints - 1}')
    partner = np.arange(num_keypoints)
    partner[pairs] = pairs[:, ::-1]
    return partner


def _most_like_others(
    found: np.ndarray,
    truth: np.ndarray,
    labelled: np.ndarray,
    area: np.ndarray,
    *,
    sigmas: np.ndarray,
    partner: np.ndarray,
    image: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Largest similarity of some keypoints to the same keypoint, or its partner, of other people of their image.

    Args:
        found: (N, K, 2).
        truth: (N, K, 2).
        labelled: (N, K) boolean.
        area: (N,).
        sigmas: (K,).
        partner: (K,) numbers of the left-right partners.
        image: (N,) number of each person's image.
        places: persons (M,) and keypoints (M,) that are asked about.

    Returns:
        (M,); 0 where there is nobody else.
    """
    order = np.argsort(image, kind='stable')
    sizes = np.bincount(image, minlength=1)
    starts = np.cumsum(sizes) - sizes
    best = np.zeros(len(places[0]))
    ends = np.cumsum(sizes[image[places[0]]])  # of the pairs of each keypoint with the people of its image
    first = 0
    while first < len(best):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side='right')))
        person, keypoint = places[0][first:last], places[1][first:last]
        count = sizes[image[person]]
        begin = np.cumsum(count) - count
        asked = np.repeat(np.arange(len(person)), count)
        other = order[np.arange(len(asked)) - begin[asked] + starts[image[person[asked]]]]
        person, keypoint = person[asked], keypoint[asked]
        like = np.zeros(len(asked))
        for named in (keypoint, partner[keypoint]):
            with np.errstate(invalid='ignore', over='ignore'):
                similarity = keypoint_similarity(
                    found[person, keypoint], truth[other, named], areas=area[other], sigmas=sigmas[keypoint]
                )
            counts = labelled[other, named] & (other != person)
            like = np.maximum(like, np.where(counts, similarity, 0.0))
        best[first:last] = np.maximum.reduceat(like, begin)
        first = last
    return best


def _check(
    found: np.ndarray,
    truth: np.ndarray,
    labelled: np.ndarray,
    area: np.ndarray,
    num_keypoints: int,
    thresholds: tuple[float, float],
) -> None:
    """Refuse arrays that do not fit, as `keypoint_error_kinds` says."""
    shape = (len(found), num_keypoints)
    for name, array, expected in (
        ('found', found, (*shape, 2)),
        ('truth', truth, (*shape, 2)),
        ('visible', labelled, shape),
        ('area', area, shape[:1]),
    ):
        if array.shape != expected:
            raise InputError(f'{name} {array.shape} must be {expected}: N people of found, K = {num_keypoints} sigmas')
    lost = labelled & ~np.isfinite(truth).all(-1)
    if lost.any():
        person, keypoint = (int(i) for i in np.argwhere(lost)[0])
        raise InputError(
            f'{int(lost.sum())} labelled keypoints of truth are not finite, the first is keypoint {keypoint} of person '
            f'{person}; say visible=0 where the place is not known'
        )
    flat = labelled.any(1) & ~(area > 0)
    if flat.any():
        raise InputError(f'area of person {int(flat.argmax())} is {area[flat.argmax()]}; it must be above 0')
    low, high = thresholds
    if not 0 < low <= high <= 1:
        raise InputError(f'thresholds {thresholds} must be 0 < low <= high <= 1')
