"""People as plain dictionaries."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmengine.structures import InstanceData

__all__ = ['split_instances']


def split_instances(instances: 'InstanceData | None') -> list[dict[str, object]]:
    """Return people as plain dictionaries, one each: ``keypoints``, ``keypoint_scores``, ``bbox``, ``bbox_score``.

    A box stands in a tuple of its own, ``([x1, y1, x2, y2],)``: that is how mmpose writes it, and what scripts read.

    >>> from mmengine.structures import InstanceData
    >>> people = InstanceData(keypoints=np.zeros((1, 1, 2)), keypoint_scores=np.ones((1, 1)), bboxes=np.zeros((1, 4)))
    >>> split_instances(people)
    [{'keypoints': [[0.0, 0.0]], 'keypoint_scores': [1.0], 'bbox': ([0.0, 0.0, 0.0, 0.0],)}]
    """
    people: list[dict[str, object]] = []
    for i in range(0 if instances is None else len(instances.keypoints)):
        person = dict(keypoints=instances.keypoints[i].tolist(), keypoint_scores=instances.keypoint_scores[i].tolist())
        if 'bboxes' in instances:
            person['bbox'] = (instances.bboxes[i].tolist(),)
            if 'bbox_scores' in instances:
                person['bbox_score'] = instances.bbox_scores[i]
        people.append(person)
    return people
