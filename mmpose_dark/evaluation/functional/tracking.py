"""CLEAR-MOT: misses, false positives and identity switches of tracked joints (Bernardin and Stiefelhagen, 2008)."""

from collections.abc import Hashable

import numpy as np

__all__ = ['TrackedJoints', 'mot_summary']


class TrackedJoints:
    """Counts of one tracker per joint, updated frame by frame.

    Attributes:
        objects, matches, misses, false_positives, switches: (J,) counts.
        fragmentations: (J,) how often a person that was matched is matched again after frames in which they were not.
        distance: (J,) sum of the distances of matches.

    Args:
        num_joints: J.
        max_distance: greatest distance of a match.
    """

    def __init__(self, num_joints: int, max_distance: float = 0.5) -> None:
        self.max_distance = max_distance
        self.objects = np.zeros(num_joints, int)
        self.matches = np.zeros(num_joints, int)
        self.misses = np.zeros(num_joints, int)
        self.false_positives = np.zeros(num_joints, int)
        self.switches = np.zeros(num_joints, int)
        self.fragmentations = np.zeros(num_joints, int)
        self.distance = np.zeros(num_joints)
        self._interrupted: dict[tuple[Hashable, int, int], bool] = {}  # (sequence, joint, person) matched before
        self._last: dict[tuple[Hashable, int, int], int] = {}  # (sequence, joint, person) -> its last track

    def update(
        self,
        sequence: Hashable,
        people: np.ndarray,
        tracks: np.ndarray,
        distance: np.ndarray,
        labelled: np.ndarray,
        present: np.ndarray,
    ) -> None:
        """Count one frame; frames come in the order of time.

        Args:
            sequence: the video; tracks of different videos have nothing to do with each other.
            people: (G,) track ids of the ground truth.
            tracks: (N,) track ids of the predictions.
            distance: (N, G, J); infinite where either side has no such joint.
            labelled: (G, J) boolean.
            present: (N, J) boolean.
        """
        for j in range(distance.shape[2]):
            gt, dt = np.flatnonzero(labelled[:, j]), np.flatnonzero(present[:, j])
            cost = distance[dt][:, gt, j]
            matched = self._match(sequence, j, people[gt], tracks[dt], cost)
            self.objects[j] += len(gt)
            self.matches[j] += len(matched)
            self.misses[j] += len(gt) - len(matched)
            self.false_positives[j] += len(dt) - len(matched)
            self.distance[j] += sum(cost[n, g] for n, g in matched)
            self._count_fragmentations(sequence, j, people[gt], {g for _, g in matched})

    def _count_fragmentations(self, sequence: Hashable, joint: int, people: np.ndarray, matched: set[int]) -> None:
        for g, person in enumerate(people.tolist()):
            key = (sequence, joint, person)
            if g in matched:
                self.fragmentations[joint] += self._interrupted.get(key, False)
                self._interrupted[key] = False
            elif key in self._interrupted:
                self._interrupted[key] = True

    def _match(
        self, sequence: Hashable, joint: int, people: np.ndarray, tracks: np.ndarray, cost: np.ndarray
    ) -> list[tuple[int, int]]:
        """Pairs (prediction, person): first those of before that still hold, then the nearest of the rest."""
        allowed = cost <= self.max_distance
        pairs = []
        for g, person in enumerate(people.tolist()):
            before = self._last.get((sequence, joint, person))
            for n in np.flatnonzero((tracks == before) & allowed[:, g])[:1] if before is not None else ():
                pairs.append((int(n), g))
                allowed[n], allowed[:, g] = False, False
        if allowed.any():
            from scipy.optimize import linear_sum_assignment

            # a forbidden pair costs more than all allowed ones together, so that as many as possible are matched
            expensive = 2 * min(cost.shape) * self.max_distance + 1
            rows, columns = linear_sum_assignment(np.where(allowed, cost, expensive))
            for n, g in zip(rows.tolist(), columns.tolist(), strict=True):
                if not allowed[n, g]:
                    continue
                pairs.append((n, g))
                key, track = (sequence, joint, people[g].item()), tracks[n].item()
                self.switches[joint] += self._last.get(key, track) != track
                self._last[key] = track
        return pairs


def mot_summary(tracked: TrackedJoints) -> tuple[np.ndarray, dict[str, float]]:
    """Return the accuracy of each joint and the values over all joints.

    Returns:
        (J,) MOTA = 1 - (misses + false positives + switches) / objects, NaN for joints without ground truth; and
        ``MOTP`` (100 x (1 - mean distance of matches)), ``Precision``, ``Recall`` (per cent, means over the joints),
        ``Misses``, ``False positives`` and ``Switches``.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        wrong = tracked.misses + tracked.false_positives + tracked.switches
        mota = np.where(tracked.objects > 0, 1 - wrong / tracked.objects, np.nan)
        motp = 1 - tracked.distance / tracked.matches
        precision = tracked.matches / (tracked.matches + tracked.false_positives)
        recall = tracked.matches / tracked.objects

    def mean(values: np.ndarray) -> float:
        known = values[np.isfinite(values)]
        return float(100 * known.mean()) if known.size else float('nan')

    return mota, {
        'MOTP': mean(motp),
        'Precision': mean(precision),
        'Recall': mean(recall),
        'Misses': float(tracked.misses.sum()),
        'False positives': float(tracked.false_positives.sum()),
        'Switches': float(tracked.switches.sum()),
    }
