import cv2
import numpy as np
import pytest
import torch
from codec_oracles import noisy_heatmaps

from mmpose_dark.codecs import blur_around_peaks, gaussian_kernel, heatmap_peaks, peak_blur

# 121 products of values below 1 are added in float32 (a rounding of 6e-8 each time), in an order that depends on the
# processor's instructions and the number of threads; 1.4e-7 to 3e-7 was seen.
ROUNDING = 1e-6


@pytest.mark.parametrize('size', [1, 3, 5, 7, 9, 11, 13, 17, 31, 61])
def test_kernel_is_opencvs(size):
    np.testing.assert_allclose(gaussian_kernel(size), cv2.getGaussianKernel(size, 0)[:, 0], atol=1e-9)


@pytest.mark.parametrize('size', [0, -1, 2, 10])
def test_kernel_size_must_be_odd_and_positive(size):
    with pytest.raises(ValueError, match=f'positive odd number, got {size}'):
        gaussian_kernel(size)


def opencv_neighbourhood(raw, x, y, kernel_size):
    border = kernel_size // 2 + 2
    blurred = cv2.GaussianBlur(np.pad(raw, 2 * border), (kernel_size, kernel_size), 0)
    return blurred[y + 2 * border - 2 :, x + 2 * border - 2 :][:5, :5]


@pytest.mark.parametrize('route', [peak_blur._from_windows, peak_blur._from_rows])
@pytest.mark.parametrize('kernel_size', [1, 3, 5, 9, 11, 17])
@pytest.mark.parametrize('size', [(48, 64), (7, 30), (11, 3), (1, 1)])
def test_equals_opencv_with_zeros_outside(route, kernel_size, size):
    """Also where the window, or the kernel alone, is larger than the map."""
    maps = noisy_heatmaps(1, 3, 5, *size, 2.0, margin=3)
    peaks, _ = heatmap_peaks(torch.from_numpy(maps))
    blurred = route(torch.from_numpy(maps), peaks, kernel_size)
    assert blurred.shape == (3, 5, 5, 5)
    assert blurred.dtype == torch.float64
    for i, j in np.ndindex(3, 5):
        expected = opencv_neighbourhood(maps[i, j], *peaks[i, j].tolist(), kernel_size)
        np.testing.assert_allclose(blurred[i, j], expected, atol=ROUNDING)


@pytest.mark.parametrize('corner', [(0, 0), (19, 0), (0, 11), (19, 11), (1, 10)])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_peak_in_a_corner(corner, dtype):
    maps = torch.rand(1, 1, 12, 20, dtype=dtype)
    blurred = blur_around_peaks(maps, torch.tensor([[corner]]), kernel_size=11)
    expected = opencv_neighbourhood(maps[0, 0].double().numpy(), *corner, 11)
    np.testing.assert_allclose(blurred[0, 0], expected, atol=ROUNDING)


@pytest.mark.parametrize('route', [peak_blur._from_windows, peak_blur._from_rows])
def test_a_bad_map_leaves_its_neighbours_alone(route):
    maps = torch.rand(1, 3, 12, 12)
    peaks = torch.tensor([[[0, 0], [5, 5], [11, 11]]])
    expected = route(maps, peaks, 11)
    maps[0, 1] = torch.nan
    blurred = route(maps, peaks, 11)
    torch.testing.assert_close(blurred[:, ::2], expected[:, ::2])
    assert blurred[:, 1].isnan().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_maps_are_summed_in_float32(dtype):
    maps = torch.rand(2, 3, 16, 16).to(dtype)
    peaks, _ = heatmap_peaks(maps)
    expected = blur_around_peaks(maps.double(), peaks, kernel_size=11)
    for route in (peak_blur._from_windows, peak_blur._from_rows):
        torch.testing.assert_close(route(maps, peaks, 11), expected, atol=ROUNDING, rtol=0)


def test_autocast_does_not_round():
    maps = torch.rand(2, 3, 16, 16)
    peaks, _ = heatmap_peaks(maps)
    expected = blur_around_peaks(maps, peaks, kernel_size=11)
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(blur_around_peaks(maps, peaks, kernel_size=11), expected, atol=0, rtol=0)


def test_tables_made_in_inference_mode_serve_outside():
    maps = torch.rand(1, 1, 13, 13)
    peaks = torch.tensor([[[6, 6]]])
    with torch.inference_mode():
        inside = blur_around_peaks(maps, peaks, kernel_size=7)
    torch.testing.assert_close(blur_around_peaks(maps, peaks, kernel_size=7), inside.clone())
