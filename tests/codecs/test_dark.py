import numpy as np
import pytest
import torch
from codec_oracles import dark_loop, noisy_heatmaps
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpose_dark.codecs import (
    dark_refine,
    dark_refine_with_covariances,
    gaussian_kernel,
    heatmap_peaks,
    taylor_step,
    unbiased_gaussian_heatmaps,
)

# Seen: 8e-6 heatmap pixels. OpenCV blurs in float32, in an order that depends on the processor's instructions, and
# the second derivatives of the logarithm magnify its rounding.
LOOP = 2e-4
SIZES = [(48, 64, 2.0, 11), (72, 96, 3.0, 17), (24, 32, 1.0, 3), (64, 64, 1.5, 9), (24, 30, 2.5, 15), (8, 8, 1.0, 11)]


def refine(maps, kernel_size):
    tensor = torch.as_tensor(maps)
    return dark_refine(tensor, heatmap_peaks(tensor)[0], blur_kernel_size=kernel_size)


@pytest.mark.parametrize('noise', [0.0, 0.01, 0.02])
@pytest.mark.parametrize(('width', 'height', 'sigma', 'kernel_size'), SIZES)
def test_equals_the_loop_where_the_loop_is_sane(width, height, sigma, kernel_size, noise):
    maps = noisy_heatmaps(5, 6, 17, width, height, sigma, noise, margin=1.0)
    expected = dark_loop(maps, kernel_size)
    np.testing.assert_allclose(refine(maps, kernel_size), expected, atol=LOOP)


@pytest.mark.parametrize('size', [(1, 1), (2, 3), (4, 4), (5, 5), (5, 40)])
def test_maps_too_small_for_the_derivatives(size):
    width, height = size
    maps = noisy_heatmaps(6, 3, 5, width, height, 1.0)
    np.testing.assert_allclose(refine(maps, 11), dark_loop(maps, 11), atol=LOOP)


@pytest.mark.parametrize('scale', [1e-3, 1e-6, 10.0, 1e6])
def test_height_of_the_map_does_not_matter(scale):
    maps = noisy_heatmaps(7, 2, 17, 48, 64, 2.0)
    torch.testing.assert_close(refine(maps * np.float32(scale), 11), refine(maps, 11), atol=LOOP, rtol=0)


def test_negative_surroundings_are_cut_off_at_the_references_floor():
    """A narrow peak in a slightly negative map: values at two pixels' distance are below the floor."""
    maps = noisy_heatmaps(8, 4, 17, 24, 32, 0.7, noise=0) - np.float32(0.01)
    np.testing.assert_allclose(refine(maps, 3), dark_loop(maps, 3), atol=LOOP)


def test_tiny_maps_meet_the_floor_as_the_references_do():
    maps = noisy_heatmaps(9, 4, 17, 24, 32, 1.0, noise=0) * np.float32(3e-9)
    np.testing.assert_allclose(refine(maps, 3), dark_loop(maps, 3), atol=LOOP)


@settings(max_examples=60, deadline=None)
@given(st.floats(8, 40), st.floats(8, 55), st.floats(0.05, 1), st.sampled_from([(1.0, 7), (2.0, 11), (3.0, 17)]))
def test_finds_the_centre_of_a_gaussian(x, y, height, sigma_and_kernel):
    sigma, kernel_size = sigma_and_kernel
    maps, _ = unbiased_gaussian_heatmaps(torch.tensor([[[x, y]]]), torch.ones(1, 1), heatmap_size=(48, 64), sigma=sigma)
    error = (refine(maps * height, kernel_size) - torch.tensor([x, y])).abs().max()
    assert error < {1.0: 0.03, 2.0: 0.01, 3.0: 0.01}[sigma]


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('size', [(48, 64), (7, 9), (3, 3)])
def test_noise_stays_on_the_map_and_near_its_peak(seed, size):
    width, height = size
    maps = torch.from_numpy(np.random.default_rng(seed).normal(size=(8, 17, height, width)).astype(np.float32))
    peaks, _ = heatmap_peaks(maps)
    refined = dark_refine(maps, peaks, blur_kernel_size=11)
    assert refined.isfinite().all()
    assert (refined >= 0).all()
    assert (refined <= torch.tensor([width - 1, height - 1])).all()
    assert (refined - peaks).abs().max() <= 7


def test_saddle_keeps_the_peak():
    """Two equal ridges crossing: the blurred map has no maximum at the peak."""
    maps = torch.zeros(1, 1, 21, 21)
    maps[0, 0, 6:15, 6:15] = 0.9
    maps[0, 0, 8:13, 8:13] = 0.0
    maps[0, 0, 10, 10] = 1.0
    refined = refine(maps, 3)
    assert refined.tolist() == [[[10.0, 10.0]]]


class TestTaylorStep:
    @pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.float16])
    def test_exact_on_a_paraboloid(self, dtype):
        """With x^2 y^2 terms absent, all differences are exact."""
        rng = np.random.default_rng(0)
        x = torch.arange(-2, 3, dtype=dtype)
        y = x[:, None]
        centre = torch.from_numpy(rng.uniform(-1, 1, (30, 2))).to(dtype)
        u, v = x - centre[:, 0, None, None], y - centre[:, 1, None, None]
        log_map = -(u * u + 0.5 * v * v + 0.4 * u * v)
        tolerance = {torch.float64: 1e-12, torch.float32: 2e-6, torch.float16: 2e-2}[dtype]
        step = taylor_step(log_map)
        torch.testing.assert_close(step, centre.to(step.dtype), atol=tolerance, rtol=0)

    @pytest.mark.parametrize('shape', [(5, 5), (0, 5, 5), (2, 3, 5, 5)])
    def test_shapes(self, shape):
        assert taylor_step(torch.zeros(shape)).shape == (*shape[:-2], 2)

    @pytest.mark.parametrize('signs', [(1, 1), (1, -1), (-1, 1), (0, 0), (-1, 0)])
    def test_stays_without_a_maximum(self, signs):
        x = torch.arange(-2.0, 3.0)
        log_map = signs[0] * (x - 0.3) ** 2 + signs[1] * (x[:, None] - 0.3) ** 2
        assert taylor_step(log_map).tolist() == [0, 0]


@pytest.mark.parametrize('seed', range(3))
def test_covariances_are_those_of_a_gaussian_and_its_blur(seed):
    """A Gaussian map of known covariance S, blurred with a kernel of variance s: the peak has S + s."""
    rng = np.random.default_rng(seed)
    turn, spread = rng.uniform(0, np.pi), rng.uniform(2.0, 3.5, 2)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    covariance = axes @ np.diag(spread**2) @ axes.T
    centre = np.array([24.0, 30.0]) + rng.uniform(-0.4, 0.4, 2)
    offset = np.stack(np.meshgrid(np.arange(48), np.arange(64)), -1) - centre
    maps = np.exp(-0.5 * np.einsum('...i,ij,...j', offset, np.linalg.inv(covariance), offset))[None, None]
    tensor = torch.from_numpy(maps.astype(np.float32))
    peaks = heatmap_peaks(tensor)[0]
    points, found = dark_refine_with_covariances(tensor, peaks, blur_kernel_size=7)
    assert torch.equal(points, dark_refine(tensor, peaks, blur_kernel_size=7))
    weights, taps = np.array(gaussian_kernel(7)), np.arange(-3, 4)
    expected = covariance + np.eye(2) * (weights * taps**2).sum()
    # Second differences over two pixels see a Gaussian 1 % wider than its curvature at the peak says.
    np.testing.assert_allclose(found[0, 0], expected, rtol=0.02, atol=0.1)
    assert torch.equal(found, found.mT)


def test_covariances_exist_where_a_point_was_refined_only():
    maps = noisy_heatmaps(3, 2, 17, 24, 32, 1.0, margin=-1.0)
    maps[0, 3], maps[1, 2] = 0.0, np.nan
    tensor = torch.from_numpy(maps)
    peaks = heatmap_peaks(tensor)[0]
    points, covariances = dark_refine_with_covariances(tensor, peaks, blur_kernel_size=3)
    known = torch.isfinite(covariances).all((-1, -2))
    assert torch.equal(known, (points != peaks).any(-1))
    assert known.any()
    assert not known.all()
    assert (torch.linalg.eigvalsh(covariances[known]) > 0).all()
