"""Functions that exist for mmpose's scripts alone, against plain loops."""

import numpy as np
import pytest
import torch

from mmpose_dark.compat.boxes import (
    bbox_clip_border,
    bbox_corner2xyxy,
    bbox_xyxy2corner,
    keypoint_clip_border,
)
from mmpose_dark.compat.conversions import pose_pck_accuracy, transform_ann, transform_pred, transform_sigmas
from mmpose_dark.compat.tensors import bbox_overlaps, flip_heatmaps
from mmpose_dark.datasets import CocoDataset, CombinedDataset
from mmpose_dark.evaluation.functional import nms
from mmpose_dark.registry import DATA_SAMPLERS
from mmpose_dark.utils.errors import InputError


def random_boxes(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 50, (count, 2))
    return np.concatenate([corners, corners + rng.uniform(1, 40, (count, 2))], axis=1)


def plain_overlap(a: np.ndarray, b: np.ndarray, mode: str) -> float:
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    union = areas[0] if mode == 'iof' else sum(areas) - shared
    around = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return shared / union - ((around - union) / around if mode == 'giou' else 0)


@pytest.mark.parametrize('mode', ['iou', 'iof', 'giou'])
def test_bbox_overlaps(mode: str) -> None:
    first, second = random_boxes(7, 0), random_boxes(5, 1)
    expected = [[plain_overlap(a, b, mode) for b in second] for a in first]
    got = bbox_overlaps(torch.from_numpy(first), torch.from_numpy(second), mode)
    np.testing.assert_allclose(got, expected, atol=1e-12)
    aligned = bbox_overlaps(torch.from_numpy(first[:5]), torch.from_numpy(second), mode, is_aligned=True)
    np.testing.assert_allclose(aligned, np.diagonal(np.array(expected)[:5]), atol=1e-12)
    assert bbox_overlaps(torch.zeros(0, 4), torch.from_numpy(second)).shape == (0, 5)
    assert bbox_overlaps(torch.from_numpy(first)[None], torch.zeros(1, 0, 4)).shape == (1, 7, 0)


def test_bbox_overlaps_refuses() -> None:
    with pytest.raises(InputError, match='mode must be one of'):
        bbox_overlaps(torch.zeros(1, 4), torch.zeros(1, 4), 'dice')
    with pytest.raises(InputError, match='do not go together'):
        bbox_overlaps(torch.zeros(2, 4), torch.zeros(3, 4), is_aligned=True)


def test_nms_keeps_what_no_better_box_covers() -> None:
    dets = np.c_[random_boxes(40, 2), np.random.default_rng(3).uniform(size=40)]
    wide = dets[:, :4] + [0, 0, 1, 1]  # a pixel counts with its whole width
    keep: list[int] = []
    for i in np.argsort(-dets[:, 4]):
        if all(plain_overlap(wide[i], wide[j], 'iou') <= 0.3 for j in keep):
            keep.append(int(i))
    assert nms(dets, 0.3) == keep
    assert nms(np.zeros((0, 5)), 0.3) == []


def test_corners_and_borders() -> None:
    boxes = random_boxes(3, 4)
    corners = bbox_xyxy2corner(boxes)
    assert corners.shape == (3, 4, 2)
    np.testing.assert_array_equal(bbox_corner2xyxy(corners), boxes)
    np.testing.assert_array_equal(bbox_corner2xyxy(corners[0]), boxes[0])
    clipped = bbox_clip_border(boxes - 10, (20, 30))
    assert clipped.min() >= 0
    assert clipped[:, ::2].max() <= 20
    np.testing.assert_array_equal(bbox_clip_border(bbox_xyxy2corner(boxes - 10), (20, 30)), bbox_xyxy2corner(clipped))
    labels = np.ones((1, 3, 2))
    points = np.array([[[1.0, 1.0], [21.0, 1.0], [1.0, -1.0]]])
    assert keypoint_clip_border(points, labels, (20, 30))[1][0, :, 0].tolist() == [1, 0, 0]
    assert labels.all()


def test_conversions() -> None:
    points = np.arange(12).reshape(1, 4, 3)
    annotation = dict(keypoints=points.flatten().tolist(), num_keypoints=4, id=3)
    assert transform_ann(annotation, 3, [(3, 0), (0, 2)]) is annotation
    assert annotation == dict(keypoints=[9, 10, 11, 0, 0, 0, 0, 1, 2], num_keypoints=3, id=3)
    found = dict(keypoints=points[..., :2] * 1.0, keypoint_scores=points[..., 2] * 1.0)
    (converted,) = transform_pred([found], 2, [(1, 1)])
    assert converted['keypoints'].tolist() == [[[0, 0], [3, 4]]]
    assert converted['keypoint_scores'].tolist() == [[0, 5]]
    assert transform_sigmas(np.array([0.1, 0.2], np.float32), 3, [(1, 2)]).dtype == np.float32


def test_pck_of_heatmaps() -> None:
    maps = np.zeros((1, 3, 10, 20))
    maps[0, :2, 4, 7] = 1
    moved = np.roll(maps, 3, axis=3)
    each, mean, count = pose_pck_accuracy(maps, moved, np.array([[True, True, False]]), thr=0.2)
    assert each.tolist() == [0, 0, -1]  # three pixels to the side, of a height of ten: mmpose divides x by that
    assert (mean, count) == (0, 2)
    sizes = np.array([[20, 10]])
    each, mean, _ = pose_pck_accuracy(maps, moved, np.array([[True, True, False]]), thr=0.2, normalize=sizes)
    assert (each.tolist(), mean) == ([1, 1, -1], 1)


def test_flip_heatmaps() -> None:
    maps = torch.randn(2, 3, 4, 5)
    mirrored = maps.flip(-1)[:, [1, 0, 2]]
    assert torch.equal(flip_heatmaps(maps, [1, 0, 2], shift_heatmap=False), mirrored)
    shifted = flip_heatmaps(maps, [1, 0, 2])
    assert torch.equal(shifted[..., 1:], mirrored[..., :-1])
    assert torch.equal(flip_heatmaps(maps, shift_heatmap=False), maps.flip(-1))
    with pytest.raises(InputError, match='udp_combined'):
        flip_heatmaps(maps, flip_mode='udp_combined')


def test_multi_source_sampler(tiny_coco) -> None:
    def dataset(indices: object) -> CocoDataset:
        return CocoDataset(
            ann_file='annotations/person.json', data_root=str(tiny_coco.root), data_prefix=dict(img='images/'),
            indices=indices,
        )  # fmt: skip

    joined = CombinedDataset(dict(from_file='coco'), [dataset(None), dataset(1)])
    first = len(joined.datasets[0])
    settings = dict(type='MultiSourceSampler', dataset=joined, batch_size=4, source_ratio=[3, 1], seed=0)
    sampler = DATA_SAMPLERS.build(settings)
    numbers = [int(key) if isinstance(key, int) else key.index for key in sampler]
    assert len(numbers) == len(sampler) == -(-len(joined) // 4) * 4
    for batch in np.reshape(numbers, (-1, 4)):
        assert (batch < first).tolist() == [True, True, True, False]
    with pytest.raises(InputError, match='a share for each of the 2'):
        DATA_SAMPLERS.build(dict(settings, source_ratio=[1]))
    with pytest.raises(InputError, match='CombinedDataset'):
        DATA_SAMPLERS.build(dict(settings, dataset=joined.datasets[0]))


class TestHeatmaps:
    """mmpose's functions of one image, against our codecs' batches and plain loops."""

    maps = np.random.default_rng(3).random((5, 24, 16)).astype(np.float32)

    def test_peaks(self):
        from mmpose_dark.codecs.utils import get_heatmap_maximum

        maps = self.maps.copy()
        maps[2] = 0
        places, values = get_heatmap_maximum(np.stack([maps, maps]))
        for k in range(5):
            y, x = np.unravel_index(maps[k].argmax(), (24, 16))
            expected = (-1, -1) if k == 2 else (x, y)
            assert tuple(places[0, k]) == tuple(places[1, k]) == expected
            assert values[0, k] == maps[k].max()

    def test_blur(self):
        import cv2
        from mmpose_dark.codecs.utils.post_processing import gaussian_blur

        found = gaussian_blur(self.maps, 5)
        for one, blurred in zip(self.maps, found, strict=True):
            padded = cv2.GaussianBlur(np.pad(one, 2), (5, 5), 0)[2:-2, 2:-2]
            np.testing.assert_allclose(blurred, padded * one.max() / padded.max(), atol=1e-5)

    def test_refinement_and_targets(self):
        from mmpose_dark.codecs.utils import (
            generate_gaussian_heatmaps,
            generate_unbiased_gaussian_heatmaps,
            get_heatmap_maximum,
            refine_keypoints,
            refine_keypoints_dark,
        )

        from mmpose_dark.codecs import MSRAHeatmap

        keypoints = np.random.default_rng(0).uniform(4, 12, (2, 5, 2))
        visible = np.ones((2, 5))
        visible[0, 3] = 0
        for unbiased, draw in ((False, generate_gaussian_heatmaps), (True, generate_unbiased_gaussian_heatmaps)):
            codec = MSRAHeatmap((64, 96), (16, 24), sigma=1, unbiased=unbiased, blur_kernel_size=5)
            maps, weights = draw((16, 24), keypoints, visible, 1)
            singly = [codec.encode(4 * keypoints[i : i + 1], visible[i : i + 1])['heatmaps'] for i in range(2)]
            np.testing.assert_allclose(maps, np.maximum(*singly), atol=1e-6)
            np.testing.assert_array_equal(weights, visible)
            one = singly[1]
            peaks = get_heatmap_maximum(one)[0][None]
            moved = refine_keypoints_dark(peaks, one, 5) if unbiased else refine_keypoints(peaks, one)
            np.testing.assert_allclose(4 * moved, codec.decode(one)[0], atol=1e-4)
        empty = refine_keypoints_dark(np.full((1, 5, 2), -1.0), np.zeros_like(self.maps), 5)
        assert (empty == -1).all()
