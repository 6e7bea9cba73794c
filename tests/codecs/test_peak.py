import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmpose_dark.codecs import heatmap_peaks


@settings(max_examples=100, deadline=None)
@given(npst.arrays(np.float32, st.tuples(*[st.integers(1, 9)] * 4), elements=st.sampled_from([-1, 0, 0.25, 1, 7])))
def test_is_the_first_highest_pixel(maps):
    peaks, values = heatmap_peaks(torch.from_numpy(maps))
    assert peaks.shape == (*maps.shape[:2], 2)
    for index in np.ndindex(maps.shape[:2]):
        y, x = np.unravel_index(maps[index].argmax(), maps.shape[2:])
        assert peaks[index].tolist() == [x, y]
        assert values[index] == maps[index].max()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_values_keep_their_type(dtype):
    maps = torch.rand(2, 3, 8, 6).to(dtype)
    peaks, values = heatmap_peaks(maps)
    assert values.dtype == dtype
    torch.testing.assert_close(values, maps.flatten(2).amax(-1))
    assert peaks.dtype == torch.int64


@pytest.mark.parametrize('layout', ['channels_last', 'transposed', 'sliced', 'requires_grad'])
def test_any_memory_layout(layout):
    maps = torch.rand(2, 3, 8, 6)
    expected = heatmap_peaks(maps)
    same = {
        'channels_last': lambda: maps.contiguous(memory_format=torch.channels_last),
        'transposed': lambda: maps.mT.contiguous().mT,
        'sliced': lambda: torch.cat([maps, maps], -1)[..., :6],
        'requires_grad': lambda: maps.clone().requires_grad_(),
    }[layout]()
    torch.testing.assert_close(heatmap_peaks(same), expected)


def test_nan_is_found_not_hidden():
    maps = torch.zeros(1, 4, 4)
    maps[0, 2, 1] = math.nan
    peaks, values = heatmap_peaks(maps)
    assert peaks.tolist() == [[1, 2]]
    assert values.isnan().all()


def test_no_maps():
    peaks, values = heatmap_peaks(torch.zeros(0, 17, 4, 4))
    assert peaks.shape == (0, 17, 2)
    assert values.shape == (0, 17)
