"""Tracking by optical flow, as Simple Baselines does it: poses of the last frames, carried to this one."""

import numpy as np

from ...evaluation.functional.oks import paired_oks
from ...utils.errors import InputError
from .flow import FLOWS, carry_points, dense_flow, make_dense_flow, small_grey, sparse_flow
from .lives import StagedTracker
from .observed import Observed

__all__ = ['FlowTracker']


class FlowTracker(StagedTracker):
    """Follows people by what the images show (Xiao, Wu and Wei, ECCV 2018, arXiv:1804.06208, section 3.2).

    Each track keeps its poses of the last ``memory`` frames in which it was seen, and optical flow carries all of them
    on from frame to frame, so that somebody who is hidden for some frames is still compared with poses from before. A
    person's similarity with a track is the largest OKS with one of its poses. Where the paper takes the most similar
    pairs one by one, the assignment here is the best for all.

    Args:
        memory: poses that a track keeps.
        flow: one of `FLOWS`.
        longest: pixels of the longer side of the images that flow is computed on.
        max_gap: seconds for which the poses of a lost track are carried on; flow soon carries them elsewhere.
        min_similarity: least OKS of a person with a track.
        **settings: of `StagedTracker`: ``certain``, ``uncertain``, ``keypoint_thr`` ...

    Raises:
        InputError: a value out of range.
    """

    needs_images = True

    def __init__(
        self,
        *,
        memory: int = 3,
        flow: str = 'dis',
        longest: int = 512,
        max_gap: float = 1.0,
        min_similarity: float = 0.15,
        **settings: float | np.ndarray | None,
    ) -> None:
        if memory < 1 or longest < 32:
            raise InputError(f'FlowTracker: memory={memory} must be at least 1 and longest={longest} at least 32')
        if flow not in FLOWS:
            raise InputError(f'FlowTracker: flow {flow!r} is not one of {", ".join(FLOWS)}')
        self.memory, self.flow, self.longest = memory, flow, longest
        self._dense = make_dense_flow() if flow == 'dis' else None
        super().__init__(max_gap=max_gap, min_similarity=min_similarity, **settings)

    def clear_tracks(self) -> None:
        """Forget all tracks and the last image."""
        self._grey: np.ndarray | None = None
        self._poses = np.zeros((0, self.memory, 0, 2))  # (T, L, K, 2) pixels, the latest first
        self._known = np.zeros((0, self.memory, 0), bool)
        self._sizes = np.zeros((0, self.memory))

    def keep_tracks(self, kept: np.ndarray) -> None:
        """Forget all tracks but those of a mask (T,)."""
        self._poses, self._known, self._sizes = self._poses[kept], self._known[kept], self._sizes[kept]

    def move_on(self, seconds: float, image: np.ndarray | None) -> None:
        """Carry all poses to the next frame, whose image is (H, W, 3) uint8 BGR."""
        grey, factor = small_grey(image, self.longest)
        if self._grey is not None and self._grey.shape == grey.shape and self._known.any():
            if self._dense is not None:
                self._poses = carry_points(self._poses, dense_flow(self._grey, grey, self._dense), factor)
            else:
                moved = sparse_flow(self._grey, grey, self._poses[self._known], factor)
                self._poses[self._known] = moved
        self._grey = grey

    def similarities(self, seen: Observed, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (T, N), the largest OKS with a remembered pose, twice: lost tracks are treated like the others.

        It is 0 below ``min_similarity``; ``sigmas`` are (K,).
        """
        if not len(self._poses):
            return np.zeros((0, len(seen))), np.zeros((0, len(seen)))
        common = self._known[:, None] & seen.seen[None, :, None]
        areas = self._sizes[:, None] * seen.sizes[None, :, None]
        similarity = paired_oks(
            self._poses[:, None], seen.points[None, :, None], areas=areas, sigmas=sigmas, visible=common
        ).max(-1)
        similarity = np.where(similarity >= self.min_similarity, similarity, 0.0)
        return similarity, similarity

    def update(self, rows: np.ndarray, seen: Observed) -> None:
        """Remember the P people seen as the latest poses of the tracks ``rows`` (P,)."""
        if not len(rows):
            return
        for memory, new in ((self._poses, seen.points), (self._known, seen.seen), (self._sizes, seen.sizes)):
            memory[rows, 1:] = memory[rows, :-1].copy()
            memory[rows, 0] = new

    def begin(self, seen: Observed) -> None:
        """Begin a track for each of the N people seen."""
        if not len(seen):
            return
        people, count = seen.seen.shape
        poses = np.zeros((people, self.memory, count, 2))
        known = np.zeros((people, self.memory, count), bool)
        poses[:, 0], known[:, 0] = seen.points, seen.seen
        sizes = np.repeat(seen.sizes[:, None], self.memory, 1)
        old = len(self._poses)
        self._poses = np.concatenate([self._poses, poses]) if old else poses
        self._known = np.concatenate([self._known, known]) if old else known
        self._sizes = np.concatenate([self._sizes, sizes]) if old else sizes
