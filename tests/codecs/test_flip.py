import pytest
import torch

from mmpose_dark.codecs import flip_heatmaps


def test_flipping_twice_gives_the_same():
    maps = torch.randn(2, 4, 5, 6)
    assert torch.equal(flip_heatmaps(flip_heatmaps(maps, [0, 2, 1, 3]), [0, 2, 1, 3]), maps)


@pytest.mark.parametrize('shift', [False, True])
def test_flip_equals_a_loop(shift):
    maps, pairs = torch.randn(2, 3, 4, 6), [1, 0, 2]
    before, expected = maps.clone(), torch.empty_like(maps)
    for k in range(3):
        for x in range(6):
            expected[:, k, :, x] = maps[:, pairs[k], :, 5 - (max(x - 1, 0) if shift else x)]
    assert torch.equal(flip_heatmaps(maps, pairs, shift_heatmap=shift), expected)
    assert torch.equal(maps, before)


def test_flip_needs_an_index_for_each_keypoint():
    with pytest.raises(ValueError, match='3 heatmaps but flip_indices of 2'):
        flip_heatmaps(torch.zeros(1, 3, 4, 4), [1, 0])
