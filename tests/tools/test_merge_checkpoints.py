import pytest
import torch

from mmpose_dark.checkpoint import load_checkpoint
from mmpose_dark.config.reading import load_config
from mmpose_dark.registry import MODELS


@pytest.fixture
def ensemble_config(tiny_config, tmp_path):
    path = tmp_path / 'ensemble.py'
    path.write_text(f"_base_ = [{tiny_config!r}]\nmodel = dict(type='HeatmapEnsemble', others=1)\n")
    return path


@pytest.mark.slow
def test_an_ensemble_of_checkpoints_is_tested(tiny_config, ensemble_config, call_tool, tmp_path):
    singles = []
    for seed in range(2):
        torch.manual_seed(seed)
        singles.append(MODELS.build(load_config(tiny_config).model).eval())
        torch.save(dict(state_dict=singles[-1].state_dict(), meta={}), tmp_path / f'{seed}.pth')
    paths = [tmp_path / '0.pth', tmp_path / '1.pth']
    said = call_tool('misc/merge_checkpoints.py', ensemble_config, *paths, '--out', tmp_path / 'all.pth')
    assert 'all.pth: 2 networks' in said
    model = MODELS.build(load_config(ensemble_config).model).eval()
    load_checkpoint(model, tmp_path / 'all.pth')
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model(image), (singles[0](image) + singles[1](image)) / 2)
    out = call_tool('test.py', ensemble_config, tmp_path / 'all.pth', '--device', 'cpu', '--work-dir', tmp_path / 'w')
    assert 'coco/AP' in out
    # One network's weights are not the ensemble's, and the other way round.
    assert 'in the model but not in the checkpoint' in call_tool('test.py', ensemble_config, paths[0], status=2)
    assert 'does not fit the model' in call_tool('test.py', tiny_config, tmp_path / 'all.pth', status=2)


def test_mistakes(tiny_config, ensemble_config, call_tool, tmp_path):
    torch.save({}, tmp_path / '0.pth')
    arguments = [tmp_path / '0.pth', '--out', tmp_path / 'all.pth']
    said = call_tool('misc/merge_checkpoints.py', ensemble_config, *arguments, status=2)
    assert 'has 2 networks, 1 checkpoints are given; set model.others' in said
    said = call_tool('misc/merge_checkpoints.py', tiny_config, *arguments, status=2)
    assert 'model.type is TopDown; HeatmapEnsemble is needed' in said
