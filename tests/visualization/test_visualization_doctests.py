"""The examples in the docstrings run."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize('name', ['boxes', 'canvas', 'colors', 'heatmaps', 'keypoints', 'sheets'])
def test_examples(name: str) -> None:
    module = importlib.import_module(f'mmpose_dark.visualization.{name}')
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0
