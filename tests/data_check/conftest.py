"""A dataset to be damaged."""

import pytest
from checked_data import Data, copied_data


@pytest.fixture
def data(tiny_coco, tmp_path) -> Data:
    return copied_data(tiny_coco, tmp_path)
