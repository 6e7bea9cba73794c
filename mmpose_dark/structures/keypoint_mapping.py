"""Renumbering the keypoints of one dataset as another's."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..utils.errors import InputError

__all__ = ['KeypointMapping', 'Pairs', 'map_keypoints', 'map_sigmas']

Pairs = Sequence[tuple[int | Sequence[int], int]]


class KeypointMapping:
    """From the keypoints of one set to those of another.

    Args:
        num_keypoints: how many there are afterwards, K'.
        mapping: pairs (source, target) of keypoint ids; the source may be several ids, of which the mean is taken.

    Raises:
        InputError: a source is negative, or a target comes twice or is not below ``num_keypoints``.

    >>> mapping = KeypointMapping(2, [(2, 0), ((0, 1), 1)])
    >>> mapping.mean(np.array([[[1.0], [2.0], [4.0]]])).tolist()
    [[[4.0], [1.5]]]
    """

    def __init__(self, num_keypoints: int, mapping: Pairs) -> None:
        self.num_keypoints = num_keypoints
        self.pairs = [(tuple(s) if isinstance(s, Sequence) else (s,), target) for s, target in mapping]
        targets = [target for _, target in self.pairs]
        if any(not sources or min(sources) < 0 for sources, _ in self.pairs):
            raise InputError(f'keypoint mapping: a source is an id or several ids from 0 on, got {list(mapping)}')
        if len(set(targets)) != len(targets) or not all(0 <= t < num_keypoints for t in targets):
            raise InputError(
                f'keypoint mapping: targets must be different ids below num_keypoints={num_keypoints}, got {targets}'
            )
        self._largest = max((max(sources) for sources, _ in self.pairs), default=-1)
        groups: dict[int, list[tuple[tuple[int, ...], int]]] = {}
        for pair in self.pairs:
            groups.setdefault(len(pair[0]), []).append(pair)
        # for each number of sources: their ids (number of sources, T) and the targets (T,)
        self._groups = [(np.array([s for s, _ in g]).T, np.array([t for _, t in g])) for g in groups.values()]

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Renumber coordinates or scores; several sources are averaged, targets without a source are zero.

        Args:
            values: (N, K, ...) of the source keypoints; not modified.

        Returns:
            (N, K', ...) of the same dtype.

        Raises:
            InputError: the mapping names a source that ``values`` lacks.
        """
        return self._apply(values, lambda rows: sum(rows[1:], rows[0]) / len(rows))

    def product(self, values: np.ndarray) -> np.ndarray:
        """Renumber labels: a target made of several sources is visible where all are; zero without a source.

        Args:
            values: (N, K) 0 or 1; not modified.

        Returns:
            (N, K') of the same dtype.

        Raises:
            InputError: the mapping names a source that ``values`` lacks.
        """
        return self._apply(values, math.prod)

    def _apply(self, values: np.ndarray, join: Callable[[list[np.ndarray]], np.ndarray]) -> np.ndarray:
        values = np.asarray(values)
        if self._largest >= values.shape[1]:
            sources, target = next(pair for pair in self.pairs if self._largest in pair[0])
            raise InputError(
                f'keypoint mapping {sources[0] if len(sources) == 1 else sources} -> {target}: {self._largest} is not '
                f'one of 0 to {values.shape[1] - 1}, as there are {values.shape[1]} keypoints'
            )
        out = np.zeros((len(values), self.num_keypoints, *values.shape[2:]), values.dtype)
        for sources, targets in self._groups:
            rows = [values[:, row] for row in sources]
            out[:, targets] = rows[0] if len(rows) == 1 else join(rows)
        return out


def map_keypoints(keypoints: np.ndarray, num_keypoints: int, mapping: Pairs) -> np.ndarray:
    """Renumber keypoints; those that nothing maps to are zero.

    Args:
        keypoints: (N, K, D) keypoints, last axis e.g. x, y and score; not modified.
        num_keypoints: how many there are afterwards, K'.
        mapping: pairs (source, target); several sources are averaged (as mmpose 1.x's ``KeypointConverter``).

    Returns:
        (N, K', D) keypoints.

    Raises:
        InputError: an index outside either set, or a target that comes twice.

    >>> map_keypoints(np.array([[[1.0], [2.0], [4.0]]]), 2, [(2, 0), ((0, 1), 1)]).tolist()
    [[[4.0], [1.5]]]
    """
    return KeypointMapping(num_keypoints, mapping).mean(keypoints)


def map_sigmas(sigmas: np.ndarray, num_keypoints: int, mapping: Pairs) -> np.ndarray:
    """Renumber the sigmas (K,) as :func:`map_keypoints` does keypoints: (K',), 1 where nothing maps to.

    >>> map_sigmas(np.array([0.1, 0.2]), 3, [(1, 0), (0, 1)]).tolist()
    [0.2, 0.1, 1.0]
    """
    known = KeypointMapping(num_keypoints, mapping)
    mapped = known.mean(np.asarray(sigmas, np.float64)[None])[0]
    mapped[sorted(set(range(num_keypoints)) - {target for _, target in known.pairs})] = 1.0
    return mapped
