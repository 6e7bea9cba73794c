"""Which detector a command uses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..inference.detectors import BaseDetector

__all__ = ['DEFAULT_DETECTOR', 'make_detector']

DEFAULT_DETECTOR = 'yolox-s'
_DEMO = 'demo'


def make_detector(name: str | None, *, score_thr: float) -> 'BaseDetector':
    """Return a detector by its name, file or URL; ``demo`` is the package's own, of drawn people.

    Args:
        name: None for the default one.
        score_thr: boxes with lower scores are left out.

    Raises:
        UserError: see `find_detector`.
    """
    if name == _DEMO:
        from ..synthetic.people_detector import shipped_detector

        return shipped_detector(score_thr=score_thr)
    from ..inference.detectors import find_detector

    return find_detector(name or DEFAULT_DETECTOR, score_thr=score_thr)
