"""Who is who: the best assignment of people to tracks, in stages."""

import numpy as np

__all__ = ['assign', 'match_in_stages']


def assign(similarity: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Pair tracks and people so that the sum of their similarities is greatest.

    Args:
        similarity: (T, N); NaN counts as 0.
        least: pairs below it, or at 0, are not allowed.

    Returns:
        Tracks (P,) and people (P,), the pairs, by rising track.

    >>> tracks, people = assign(np.array([[0.9, 0.8], [0.7, 0.1], [0.0, 0.1]]), 0.2)
    >>> tracks.tolist(), people.tolist()
    ([0, 1], [1, 0])
    """
    similarity = np.nan_to_num(np.asarray(similarity, np.float64), nan=0.0)
    allowed = (similarity >= least) & (similarity > 0)
    if not allowed.any():
        return np.zeros(0, int), np.zeros(0, int)
    from scipy.optimize import linear_sum_assignment

    tracks, people = linear_sum_assignment(np.where(allowed, similarity, 0.0), maximize=True)
    good = allowed[tracks, people]
    return tracks[good], people[good]


def match_in_stages(
    similarity: np.ndarray,
    again: np.ndarray,
    *,
    certain: np.ndarray,
    recent: np.ndarray,
    just_seen: np.ndarray,
    least: float,
    least_again: float,
) -> np.ndarray:
    """Find the track of each person: certain people first, then uncertain ones, then those who come back.

    Certain and uncertain people (as ByteTrack, Zhang et al., ECCV 2022, arXiv:2110.06864) may go on with tracks seen
    lately. Certain ones who fit none of them may be somebody whose pose changed since the last frame, or somebody who
    was lost for longer.

    Args:
        similarity: (T, N) with tracks as they go on.
        again: (T, N) by place and size alone.
        certain: (N,) boolean.
        recent: (T,) boolean, whether a track was seen lately.
        just_seen: (T,) boolean, whether it was seen in the last frame.
        least: similarity that goes on.
        least_again: the same by place and size alone.

    Returns:
        (N,) row of the track, -1 for none.

    >>> close = np.array([[0.9, 0.6]])
    >>> both = dict(recent=np.array([True]), just_seen=np.array([True]), least=0.3, least_again=0.3)
    >>> match_in_stages(close, close, certain=np.array([False, True]), **both).tolist()
    [-1, 0]
    """
    found = np.full(similarity.shape[1], -1)
    free = np.ones(similarity.shape[0], bool)
    stages = (
        (similarity, least, recent, certain),
        (similarity, least, recent, ~certain),
        (again, least_again, ~recent | just_seen, certain),
    )
    for table, limit, which, whom in stages:
        rows, columns = np.flatnonzero(free & which), np.flatnonzero(whom & (found < 0))
        tracks, people = assign(table[np.ix_(rows, columns)], limit)
        found[columns[people]] = rows[tracks]
        free[rows[tracks]] = False
    return found
