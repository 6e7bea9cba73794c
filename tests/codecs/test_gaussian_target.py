import math

import numpy as np
import pytest
import torch
from codec_oracles import biased_target, unbiased_target
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpose_dark.codecs import gaussian_heatmaps, unbiased_gaussian_heatmaps

PAIRS = [(gaussian_heatmaps, biased_target), (unbiased_gaussian_heatmaps, unbiased_target)]
both = pytest.mark.parametrize(('draw', 'oracle'), PAIRS, ids=['biased', 'unbiased'])

# NumPy's and torch's exponentials, of any instruction set, are a rounding or two (6e-8) apart.
EXP = 1e-6


@both
@pytest.mark.parametrize('sigma', [1, 1.0, 1.5, 2.0, 2.5, 3, 0.7])
@pytest.mark.parametrize('size', [(48, 64), (24, 32), (9, 5), (1, 1)])
def test_equals_one_keypoint_at_a_time(draw, oracle, sigma, size):
    width, height = size
    rng = np.random.default_rng(3)
    margin = 4 * sigma + 1
    xy = rng.uniform(-margin, np.array(size) + margin, (3, 40, 2)).astype(np.float32)
    xy[0, :8] = np.round(xy[0, :8] * 2) / 2  # halves, where rounding could go either way
    visible = rng.choice([0.0, 0.3, 0.5, 1.0, 2.0], (3, 40)).astype(np.float32)
    maps, weights = draw(torch.from_numpy(xy), torch.from_numpy(visible), heatmap_size=size, sigma=sigma)
    assert maps.shape == (3, 40, height, width)
    assert maps.dtype == weights.dtype == torch.float32
    for i, j in np.ndindex(3, 40):
        expected, on_map = oracle(xy[i, j], width, height, sigma)
        drawn = visible[i, j] >= 0.5
        assert weights[i, j] == (visible[i, j] if on_map or not drawn else 0)
        np.testing.assert_allclose(maps[i, j], expected * drawn, atol=EXP, err_msg=str(xy[i, j]))


@both
def test_label_below_one_half_draws_nothing_and_keeps_its_weight(draw, oracle):
    visible = torch.tensor([0.0, 0.3, 0.49])
    maps, weights = draw(torch.full((3, 2), 5.0), visible, heatmap_size=(10, 10), sigma=1.0)
    assert not maps.any()
    torch.testing.assert_close(weights, visible)


@both
@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf, 1e30, -1e30])
def test_keypoint_that_is_no_place_has_weight_zero(draw, oracle, bad):
    xy = torch.tensor([[bad, 3.0], [3.0, bad], [bad, bad], [3.0, 3.0]])
    maps, weights = draw(xy, torch.ones(4), heatmap_size=(8, 8), sigma=1.0)
    assert weights.tolist() == [0, 0, 0, 1]
    assert not maps[:3].any()
    assert maps[3].max() == 1


@both
def test_visibility_that_is_no_number_has_weight_zero(draw, oracle):
    maps, weights = draw(torch.full((1, 2), 3.0), torch.tensor([math.nan]), heatmap_size=(8, 8), sigma=1.0)
    assert weights.tolist() == [0]
    assert not maps.any()


@both
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_computes_in_float32_at_least(draw, oracle, dtype):
    xy = torch.tensor([[[10.25, 20.5]]])  # exact in every type
    expected, _ = draw(xy, torch.ones(1, 1), heatmap_size=(48, 64), sigma=2.0)
    maps, weights = draw(xy.to(dtype), torch.ones(1, 1, dtype=dtype), heatmap_size=(48, 64), sigma=2.0)
    assert maps.dtype == weights.dtype == torch.float32
    torch.testing.assert_close(maps, expected, atol=EXP, rtol=0)


@both
def test_no_value_is_too_small_to_multiply_fast(draw, oracle):
    maps, _ = draw(torch.tensor([[2.3, 3.7]]), torch.ones(1), heatmap_size=(96, 96), sigma=2.0)
    assert maps[maps > 0].min() >= torch.finfo(torch.float32).tiny


@both
def test_does_not_touch_its_arguments_or_need_gradients(draw, oracle):
    xy, visible = torch.tensor([[math.nan, 2.0]], requires_grad=True), torch.ones(1)
    maps, weights = draw(xy, visible, heatmap_size=(8, 8), sigma=1.0)
    assert visible.tolist() == [1]
    assert xy[0, 0].isnan()
    assert not maps.requires_grad
    assert weights.data_ptr() != visible.data_ptr()


@settings(max_examples=50, deadline=None)
@given(st.floats(8, 40), st.floats(8, 55), st.sampled_from([1.0, 2.0]))
def test_unbiased_target_has_its_centre_of_mass_at_the_keypoint(x, y, sigma):
    maps, _ = unbiased_gaussian_heatmaps(torch.tensor([[x, y]]), torch.ones(1), heatmap_size=(48, 64), sigma=sigma)
    heatmap = maps[0].double()
    column = (heatmap.sum(0) * torch.arange(48)).sum() / heatmap.sum()
    row = (heatmap.sum(1) * torch.arange(64)).sum() / heatmap.sum()
    assert abs(column - x) < 2e-3 and abs(row - y) < 2e-3  # noqa: PT018


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 47), st.floats(0, 63))
def test_biased_target_is_the_same_within_a_pixel(x, y):
    xy = torch.tensor([[x, y], [math.floor(x + 0.5), math.floor(y + 0.5)]])
    maps, _ = gaussian_heatmaps(xy, torch.ones(2), heatmap_size=(48, 64), sigma=2.0)
    torch.testing.assert_close(maps[0], maps[1])


def test_large_batches_use_memory_that_behaves_like_any_other():
    """Above 32 MiB the maps lie in memory taken from the system directly."""
    xy = torch.rand(20, 133, 2) * 60
    maps, _ = unbiased_gaussian_heatmaps(xy, torch.ones(20, 133), heatmap_size=(48, 72), sigma=2.0)
    assert maps.numel() * 4 > 32 * 2**20
    part, _ = unbiased_gaussian_heatmaps(xy[7:8], torch.ones(1, 133), heatmap_size=(48, 72), sigma=2.0)
    torch.testing.assert_close(maps[7:8], part, atol=0, rtol=0)
    view = maps[3]
    del maps
    assert view.add_(1).min() >= 1
