"""UDP against loops written after the paper and the reference, and its properties."""

import cv2
import numpy as np
import pytest
import torch
from codec_oracles import noisy_heatmaps

from mmpose_dark.codecs import UDPHeatmap, heatmap_peaks, offset_maps, udp_gaussian_heatmaps, udp_refine


def udp_loop(heatmaps, kernel_size):
    """The reference's refinement without any guard: (n, k, 2) in heatmap pixels."""
    n, k, height, width = heatmaps.shape
    border = (kernel_size - 1) // 2
    result = np.zeros((n, k, 2))
    for i, j in np.ndindex(n, k):
        raw = heatmaps[i, j]
        y, x = np.unravel_index(raw.argmax(), raw.shape)
        blurred = cv2.GaussianBlur(np.pad(raw, border), (kernel_size, kernel_size), 0)[border:][:height, border:][
            :, :width
        ]
        log = np.pad(np.log(np.clip(blurred * (raw.max() / blurred.max()), 1e-3, 50.0)), 1, mode='edge').astype(
            np.float64
        )
        p = log[y : y + 3, x : x + 3]
        gradient = np.array([p[1, 2] - p[1, 0], p[2, 1] - p[0, 1]]) / 2
        mixed = (p[2, 2] - p[1, 2] - p[2, 1] + 2 * p[1, 1] - p[1, 0] - p[0, 1] + p[0, 0]) / 2
        hessian = np.array([[p[1, 2] - 2 * p[1, 1] + p[1, 0], mixed], [mixed, p[2, 1] - 2 * p[1, 1] + p[0, 1]]])
        result[i, j] = (x, y) - np.linalg.solve(hessian + np.finfo(np.float32).eps * np.eye(2), gradient)
    return result


@pytest.mark.parametrize(
    ('width', 'height', 'sigma', 'kernel_size'), [(48, 64, 2.0, 11), (24, 32, 1.0, 3), (72, 96, 3, 17)]
)
def test_refinement_equals_the_loop_where_the_loop_is_sane(width, height, sigma, kernel_size):
    maps = noisy_heatmaps(3, 4, 17, width, height, sigma, 0.005, margin=-1.0)
    expected = udp_loop(maps, kernel_size)
    tensor = torch.from_numpy(maps)
    peaks = heatmap_peaks(tensor)[0]
    found = udp_refine(tensor, peaks, blur_kernel_size=kernel_size)
    sane = np.abs(expected - peaks.numpy()).max(-1) <= 1.5
    assert sane.mean() > 0.9
    inside = ((expected >= 0) & (expected <= (width - 1, height - 1))).all(-1)
    # Where the clip at 0.001 cuts a neighbour off, the factor of the whole map's maximum decides; not near real peaks.
    np.testing.assert_allclose(found.numpy()[sane & inside], expected[sane & inside], atol=2e-3)


def test_gaussian_targets_equal_a_loop():
    rng = np.random.default_rng(0)
    xy = rng.uniform(-6, [30, 38], (40, 2)).astype(np.float32)
    maps, weights = udp_gaussian_heatmaps(torch.from_numpy(xy), torch.ones(40), heatmap_size=(24, 32), sigma=1.5)
    for i, point in enumerate(xy):
        radius, expected = 1.5 * 3, np.zeros((32, 24))
        nearest = (point + 0.5).astype(np.int64)
        (left, top), (right, bottom) = (nearest - radius).astype(np.int64), (nearest + radius + 1).astype(np.int64)
        outside = left >= 24 or top >= 32 or right < 0 or bottom < 0
        assert weights[i] == (0 if outside else 1)
        if outside:
            continue
        middle = (2 * radius + 1) // 2
        for y in range(max(top, 0), min(bottom, 32)):
            for x in range(max(left, 0), min(right, 24)):
                d = (x - left - middle - (point[0] - nearest[0]), y - top - middle - (point[1] - nearest[1]))
                expected[y, x] = np.exp(-(d[0] ** 2 + d[1] ** 2) / (2 * 1.5**2))
        np.testing.assert_allclose(maps[i], expected, atol=1e-5)


def test_combined_targets_equal_a_loop():
    xy = torch.tensor([[5.3, 7.8], [0.0, 0.0], [40.0, 3.0]])
    maps, weights = offset_maps(xy, torch.tensor([1.0, 0.0, 1.0]), heatmap_size=(24, 32), radius_factor=0.1)
    assert maps.shape == (9, 32, 24)
    assert weights.tolist() == [1, 0, 1]
    assert not maps[3:6].any()
    for k in (0, 2):
        for x, y in np.ndindex(24, 32):
            way = (xy[k].numpy() - (x, y)) / 3.2
            expected = [float((way**2).sum() <= 1), *way]
            np.testing.assert_allclose(maps[3 * k : 3 * k + 3, y, x], expected, atol=1e-5)


def combined_loop(maps, kernel_size, radius):
    """The reference's decoding of discs and ways: points (n, k, 2) in heatmap pixels and scores (n, k)."""
    n, channels = maps.shape[:2]
    points, scores = np.zeros((n, channels // 3, 2)), np.zeros((n, channels // 3))
    for i, j in np.ndindex(n, channels // 3):
        sizes = (2 * kernel_size + 1, kernel_size, kernel_size)
        disc, *ways = (cv2.GaussianBlur(maps[i, 3 * j + p], (size, size), 0) for p, size in enumerate(sizes))
        y, x = np.unravel_index(disc.argmax(), disc.shape)
        points[i, j] = (x, y) + radius * np.array([way[y, x] for way in ways])
        scores[i, j] = disc[y, x]
    return points, scores


@pytest.mark.parametrize(
    ('width', 'height', 'kernel_size', 'dtype'),
    [(48, 64, 11, torch.float32), (24, 32, 3, torch.float64), (72, 96, 17, torch.float16)],
)
def test_combined_decoding_equals_the_loop(width, height, kernel_size, dtype):
    codec = UDPHeatmap((4 * width, 4 * height), (width, height), 'combined', blur_kernel_size=kernel_size)
    generator = torch.Generator().manual_seed(0)
    # Points up to the border: there the mirror image decides.
    xy = torch.rand(5, 17, 2, generator=generator) * torch.tensor([4.0 * width - 4, 4.0 * height - 4])
    maps = codec.batch_encode(xy)[0]
    maps = (maps + 0.1 * torch.randn(maps.shape, generator=generator)).to(dtype)
    points, scores = combined_loop(maps.float().numpy(), kernel_size, 0.0546875 * max(width, height))
    points = points.clip(0, (width - 1, height - 1)) * (4 * np.array([width, height]) / (width - 1, height - 1))
    found, found_scores = codec.batch_decode(maps)
    np.testing.assert_allclose(found, points, atol=2e-4)  # 4e-5 seen
    np.testing.assert_allclose(found_scores, scores, atol=1e-6)


@pytest.mark.parametrize('heatmap_type', ['gaussian', 'combined'])
def test_sub_pixel_keypoints_come_back(heatmap_type):
    codec = UDPHeatmap((192, 256), (48, 64), heatmap_type)
    xy = torch.rand(8, 17, 2) * torch.tensor([130.0, 190.0]) + 30  # the mirror image enters nearer to the border
    keypoints, scores = codec.batch_decode(codec.batch_encode(xy)[0])
    # Decoding counts the input whole and encoding one pixel less, as the reference: 0.5 % of the place.
    expected = xy * torch.tensor([192 / 191, 256 / 255])
    assert (keypoints - expected).abs().max() < (0.15 if heatmap_type == 'gaussian' else 0.01)
    assert (scores > 0.2).all()


def test_mirrored_combined_maps_decode_to_mirrored_points():
    codec = UDPHeatmap((48, 64), (12, 16), 'combined', blur_kernel_size=3, radius_factor=0.2)
    xy = torch.rand(4, 3, 2) * 30 + 8
    maps, _ = codec.batch_encode(xy)
    mirrored, _ = codec.batch_encode(torch.stack([47 - xy[..., 0], xy[..., 1]], -1)[:, [1, 0, 2]])
    torch.testing.assert_close(codec.mirror(mirrored, [1, 0, 2]), maps, atol=1e-4, rtol=0)


def test_wrong_settings_and_maps_are_named():
    with pytest.raises(ValueError, match="heatmap_type 'discs' is not one of 'gaussian', 'combined'"):
        UDPHeatmap((48, 64), (12, 16), 'discs')
    with pytest.raises(ValueError, match='too small for blur_kernel_size=13'):
        UDPHeatmap((48, 64), (12, 16), 'combined', blur_kernel_size=13)
    with pytest.raises(ValueError, match=r'must be \(N, 3 K, 16, 12\)'):
        UDPHeatmap((48, 64), (12, 16), 'combined', blur_kernel_size=3).batch_decode(torch.zeros(1, 4, 16, 12))
    with pytest.raises(ValueError, match='above 1'):
        UDPHeatmap((48, 64), (1, 16))


@pytest.mark.parametrize('heatmap_type', ['gaussian', 'combined'])
def test_nothing_reads_a_value_from_the_device(heatmap_type):
    codec = UDPHeatmap((48, 64), (12, 16), heatmap_type, blur_kernel_size=3)
    maps, _ = codec.batch_encode(torch.empty(2, 4, 2, device='meta'))
    assert codec.points(maps).keypoints.shape == (2, 4, 2)


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_combined_maps_that_are_no_numbers_give_no_point_and_leave_the_others(bad):
    codec = UDPHeatmap((48, 64), (12, 16), 'combined', blur_kernel_size=3)
    maps, _ = codec.batch_encode(torch.full((2, 2, 2), 20.0))
    maps[0, 0, 5, 5] = bad
    maps[1, 4, 5, 5] = bad  # a way: the peak stays
    keypoints, scores = codec.batch_decode(maps)
    assert torch.isfinite(keypoints).all()
    assert keypoints[0, 0].tolist() == [0, 0]
    assert scores[0, 0] == 0
    assert (scores.flatten()[1:] > 0.1).all()
    assert torch.equal(keypoints[0, 1], keypoints[1, 0])


def test_golden_values(shared):
    """The cases of ../shared, kept here so that a change is noticed before the acceptance run."""
    import json
    import sys

    sys.path.insert(0, str(shared / 'golden'))
    try:
        import inputs
    finally:
        sys.path.pop(0)
    golden = np.load(shared / 'golden/udp.npz')
    for case in json.loads((shared / 'golden/codec_cases.json').read_text()):
        size, maps_size, sigma = tuple(case['input_size']), tuple(case['heatmap_size']), case['sigma']
        codec = UDPHeatmap(size, maps_size, sigma=sigma, blur_kernel_size=case['blur_kernel_size'])
        maps = inputs.heatmaps(case['seed'], case['n'], case['k'], *maps_size, sigma)
        expected = golden[f'decode_{case["name"]}_keypoints']
        peaks = heatmap_peaks(torch.from_numpy(maps))[0].numpy()
        step = expected / np.array(size) * (np.array(maps_size) - 1) - peaks
        sane = (np.abs(step) <= 2).all(-1) & ((peaks > 1) & (peaks < np.array(maps_size) - 2)).all(-1)
        found = codec.batch_decode(torch.from_numpy(maps))[0].numpy()
        np.testing.assert_allclose(found[sane], expected[sane], atol=2e-3)
