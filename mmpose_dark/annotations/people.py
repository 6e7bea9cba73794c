"""The one rule of which annotations are people, for datasets, evaluation and checks alike.

- A crowd region (``iscrowd``) is nobody: it is not trained on, and what is found in it does not count.
- An annotation without a keypoint labelled (none with v > 0, an empty list, null or no list) is nobody to train on or
  to find; with a box, what is found in it does not count.
- Everybody else must have a box. Training leaves them out without; an evaluation cannot, as it would count them as
  missed.
- An evaluation by area needs the area of everybody else.
"""

from collections.abc import Mapping

from .errors import AnnotationError

__all__ = ['is_labelled', 'require_box']


def is_labelled(ann: Mapping[str, object]) -> bool:
    """Tell whether an annotation in normal form has a keypoint with v > 0.

    >>> is_labelled(dict(keypoints=[1, 2, 0.5])), is_labelled(dict(keypoints=[1, 2, 0])), is_labelled({})
    (True, False, False)
    """
    return any(v > 0 for v in ann.get('keypoints', ())[2::3])


def require_box(ann: Mapping[str, object], where: str) -> None:
    """Stop at a labelled person without a box.

    Args:
        ann: annotation in normal form.
        where: names it, for the error.

    Raises:
        AnnotationError: there is no box.

    >>> require_box(dict(keypoints=[1, 2, 0]), 'annotation 7')
    """
    if 'bbox' not in ann and not ann.get('iscrowd') and is_labelled(ann):
        raise AnnotationError(
            f"{where} has labelled keypoints and no 'bbox' (x, y, width, height), which an evaluation needs: give the "
            'box, or remove the annotation'
        )
