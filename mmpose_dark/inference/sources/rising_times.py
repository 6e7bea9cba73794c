"""Times of frames that rise, whatever a file says."""

__all__ = ['RisingTimes']

_JUMP = 10  # steps back that are no disorder, but another beginning


class RisingTimes:
    """Makes of the times that a file says seconds from its first frame, each later than the one before.

    A time that stays or falls a bit becomes half a step later than the one before, so that the next one can be right
    again. One that falls far is a clock that began anew, as in files that were put together: what follows is
    shifted. A frame without a time is a step later than the one before.

    Args:
        step: usual seconds from frame to frame, above 0.

    >>> times = RisingTimes(0.25)
    >>> [times(t) for t in (7.0, 7.25, 7.25, 7.75, None)]
    [(0.0, False), (0.25, False), (0.375, True), (0.75, False), (1.0, False)]
    """

    def __init__(self, step: float) -> None:
        self.step = step
        self.last: float | None = None
        self._begin: float | None = None

    def __call__(self, time: float | None) -> tuple[float, bool]:
        """Return the time of the next frame, and whether what the file says was changed."""
        due = 0.0 if self.last is None else self.last + self.step
        if time is None:
            self.last = due
            return due, False
        if self._begin is None:
            self._begin = time - due
        found, changed = time - self._begin, False
        if self.last is not None and found <= self.last:
            changed = True
            if self.last - found > _JUMP * self.step:
                found, self._begin = due, time - due
            else:
                found = self.last + self.step / 2
        self.last = found
        return found, changed

    def of_lost(self, time: float | None) -> float | None:
        """Return the time of a frame that has no image, None where it is not later than the one before."""
        if time is None or self.last is None or self._begin is None or time - self._begin <= self.last:
            return None
        self.last = time - self._begin
        return self.last
