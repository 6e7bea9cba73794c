"""COCO's results form: metrics and inference write the same, and numbers survive the file."""

import json

import numpy as np

from mmpose_dark.structures.coco_record import coco_records
from mmpose_dark.structures.poses import Poses


def test_records_equal_a_plain_loop():
    rng = np.random.default_rng(0)
    xy, keypoint_scores, scores = rng.normal(100, 30, (5, 4, 2)), rng.random((5, 4)), rng.random(5)
    image_ids, category_ids = np.array([3, 3, 8, 1, 8]), np.array([1, 2, 1, 1, 1])
    found = coco_records(xy, keypoint_scores, scores, image_ids=image_ids, category_ids=category_ids)
    for n, record in enumerate(json.loads(json.dumps(found))):
        keypoints = [float(v) for k in range(4) for v in (xy[n, k, 0], xy[n, k, 1], keypoint_scores[n, k])]
        assert record == dict(
            image_id=int(image_ids[n]), category_id=int(category_ids[n]), keypoints=keypoints, score=float(scores[n])
        )


def test_ids_may_be_strings_and_nobody_gives_nothing():
    one = coco_records(
        np.zeros((1, 1, 2)), np.ones((1, 1)), np.ones(1), image_ids=np.array(['a']), category_ids=np.ones(1, int)
    )
    assert one[0]['image_id'] == 'a'
    empty = np.zeros(0, int)
    assert coco_records(np.zeros((0, 3, 2)), np.zeros((0, 3)), empty, image_ids=empty, category_ids=empty) == []


def test_poses_are_written_in_the_same_form():
    poses = Poses(np.float32([[[1.25, 2.5], [3, 4]]]), np.float32([[0.5, 0.75]]), [[0, 0, 4, 4]])
    expected = coco_records(
        poses.keypoints, poses.keypoint_scores, poses.scores, image_ids=np.array([7]), category_ids=np.array([1])
    )
    assert poses.to_coco(7) == expected
