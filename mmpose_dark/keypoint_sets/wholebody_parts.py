"""The parts of COCO-WholeBody's 133 keypoints, and the fields that hold them in its files."""

from typing import NamedTuple

__all__ = ['WHOLEBODY_FIELDS', 'WHOLEBODY_PARTS', 'WholeBodyPart']


class WholeBodyPart(NamedTuple):
    """A part of a whole body.

    Attributes:
        keypoints: field of its keypoints in annotations and results; empty for the whole.
        score: field of its score in results.
        place: of its keypoints among the 133.
    """

    keypoints: str
    score: str
    place: slice

    @property
    def count(self) -> int:
        """Number of its keypoints.

        >>> WHOLEBODY_PARTS['face'].count
        68
        """
        return self.place.stop - self.place.start


WHOLEBODY_PARTS = {
    'body': WholeBodyPart('keypoints', 'score', slice(0, 17)),
    'foot': WholeBodyPart('foot_kpts', 'foot_score', slice(17, 23)),
    'face': WholeBodyPart('face_kpts', 'face_score', slice(23, 91)),
    'lefthand': WholeBodyPart('lefthand_kpts', 'lefthand_score', slice(91, 112)),
    'righthand': WholeBodyPart('righthand_kpts', 'righthand_score', slice(112, 133)),
    'wholebody': WholeBodyPart('', 'wholebody_score', slice(0, 133)),
}

WHOLEBODY_FIELDS = {part.keypoints: part.count for part in WHOLEBODY_PARTS.values() if part.keypoints}
"""Number of keypoints of each field that holds some, in the order of the 133."""
