"""Numbers and pixels in the forms that other packages have them."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmpose_dark.utils.errors import InputTypeError
from mmpose_dark.utils.foreign_types import as_numbers, is_pil_image, is_tensor


def test_kinds_are_told_apart() -> None:
    values = (np.zeros(2), torch.zeros(2), Image.new('L', (2, 2)), 'a.jpg', None, [1])
    assert [is_tensor(value) for value in values] == [False, True, False, False, False, False]
    assert [is_pil_image(value) for value in values] == [False, False, True, False, False, False]


def test_numbers_keep_their_values() -> None:
    exact = 1 / 3
    for given in (exact, np.float64(exact), torch.tensor(exact, dtype=torch.float64, requires_grad=True)):
        assert as_numbers(given, 'x') == exact
    assert as_numbers(torch.ones(2, dtype=torch.bfloat16), 'x').tolist() == [1, 1]
    assert as_numbers(torch.tensor([2**53 - 1]), 'x').tolist() == [2**53 - 1]
    assert as_numbers([True, False], 'x').tolist() == [1, 0]
    assert as_numbers([], 'x').shape == (0,)


@pytest.mark.parametrize('value', [None, 'abc', [[1, 2], [3]], {'a': 1}, [None, 1.0], np.array(['1']), 1j])
def test_what_is_no_number_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(InputTypeError, match='keypoints must be an array of numbers, got'):
        as_numbers(value, 'keypoints')
