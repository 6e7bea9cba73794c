import numpy as np
import pytest
import torch
from codec_oracles import noisy_heatmaps, quarter_pixel_loop

from mmpose_dark.codecs import heatmap_peaks, quarter_pixel_refine


@pytest.mark.parametrize('size', [(48, 64), (24, 32), (5, 4), (3, 3), (2, 2), (1, 6), (1, 1)])
@pytest.mark.parametrize('kind', ['gaussian', 'noise', 'plateau'])
def test_equals_the_loop(size, kind):
    width, height = size
    maps = noisy_heatmaps(2, 6, 17, width, height, 1.5, margin=2)
    if kind == 'noise':
        maps = np.random.default_rng(4).normal(size=maps.shape).astype(np.float32)
    if kind == 'plateau':  # neighbours of equal height: no move
        maps = np.round(maps * 4) / 4
    tensor = torch.from_numpy(maps)
    refined = quarter_pixel_refine(tensor, heatmap_peaks(tensor)[0])
    assert refined.dtype == torch.float32
    np.testing.assert_array_equal(refined, quarter_pixel_loop(maps))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_any_float_type(dtype):
    maps = torch.from_numpy(noisy_heatmaps(3, 2, 5, 24, 32, 2.0)).to(dtype)
    refined = quarter_pixel_refine(maps, heatmap_peaks(maps)[0])
    assert refined.dtype == torch.float32
    np.testing.assert_array_equal(refined, quarter_pixel_loop(maps.to(torch.float64).numpy()))
