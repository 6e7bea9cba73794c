"""A tiny network with weights that make different heatmaps for different images."""

from pathlib import Path

import pytest
import torch

TINY_CONFIG = Path(__file__).with_name('tiny_pose_config.py')


@pytest.fixture(scope='session')
def tiny_config() -> str:
    return str(TINY_CONFIG)


@pytest.fixture(scope='session')
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    from mmpose_dark.apis import init_model

    torch.manual_seed(0)
    model = init_model(TINY_CONFIG)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
        elif name.endswith('final_layer.bias'):
            torch.nn.init.uniform_(parameter)
    path = tmp_path_factory.mktemp('tiny') / 'tiny.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)
