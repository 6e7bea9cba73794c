"""The mirrored blur against OpenCV's, on every way it is computed."""

import cv2
import numpy as np
import pytest
import torch

from mmpose_dark.codecs.mirrored_blur import blur_maps, blurred_at


def expected(maps, size):
    return np.stack([cv2.GaussianBlur(m, (size, size), 0) for m in maps.reshape(-1, *maps.shape[-2:])])


@pytest.mark.parametrize('kernel_size', [1, 3, 11, 23])
@pytest.mark.parametrize('people', [1, 40])  # of less, and of more than are blurred at once
def test_blur_is_opencvs(kernel_size, people):
    maps = torch.randn(people, 3, 32, 24, generator=torch.Generator().manual_seed(0))
    wanted = expected(maps.numpy(), kernel_size).reshape(maps.shape)
    np.testing.assert_allclose(blur_maps(maps, kernel_size=kernel_size), wanted, atol=2e-6)  # 7e-7 seen
    double = blur_maps(maps.double(), kernel_size=kernel_size)  # by matrices, as on a GPU and in a traced graph
    assert double.dtype == torch.float64
    np.testing.assert_allclose(double, wanted, atol=2e-6)


def test_one_pixel_is_that_of_the_whole_blur():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 5, 2, 16, 12, generator=generator)
    points = torch.stack([torch.randint(0, side, (3, 5), generator=generator) for side in (12, 16)], -1)
    points[0, :4] = torch.tensor([[0, 0], [11, 0], [0, 15], [11, 15]])
    whole = blur_maps(maps.flatten(1, 2), kernel_size=11).view(maps.shape)
    found = blurred_at(maps, points, kernel_size=11)
    for i, j in np.ndindex(3, 5):
        x, y = points[i, j]
        torch.testing.assert_close(found[i, j], whole[i, j, :, y, x], atol=1e-6, rtol=0)


def test_autocast_and_half_precision_do_not_round():
    maps = torch.rand(2, 3, 32, 24)
    plain = blur_maps(maps, kernel_size=11)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(blur_maps(maps, kernel_size=11), plain)
        torch.testing.assert_close(blur_maps(maps.double(), kernel_size=11).float(), plain)
    assert blur_maps(maps.half(), kernel_size=11).dtype == torch.float32


def test_nothing_at_all_stays_nothing():
    assert blur_maps(torch.zeros(0, 17, 64, 48), kernel_size=11).shape == (0, 17, 64, 48)
    assert blurred_at(torch.zeros(0, 17, 2, 64, 48), torch.zeros(0, 17, 2).long(), kernel_size=11).shape == (0, 17, 2)
