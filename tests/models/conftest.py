import pathlib
import sys

import pytest
import torch

import mmpose_dark.models  # noqa: F401 - registers the components

sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
