import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    'name',
    [
        'base_module',
        'layers',
        'backbones.resnet',
        'heads.heatmap_ops',
        'heads.targets',
        'losses.heatmap_loss',
    ],
)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f'mmpose_dark.models.{name}'))
    assert result.attempted
    assert not result.failed
