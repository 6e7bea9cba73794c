import pathlib
import runpy
import sys

import pytest
import torch
from shipped_configs import shipped_config
from torch import nn

from mmpose_dark.models.complexity import model_complexity
from mmpose_dark.registry import MODELS

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Published parameters (millions) and GFLOPs, of the tables of DARK, HRNet and Simple Baselines.
PUBLISHED = [
    ('darkpose/coco/hourglass4_coco_128x96_dark', 13.0, 2.7),
    pytest.param('darkpose/coco/res152_coco_128x96_dark', 68.6, 3.9, marks=pytest.mark.slow),
    ('darkpose/coco/hrnet_w32_coco_256x192_dark', 28.5, 7.1),
    pytest.param('darkpose/coco/hrnet_w48_coco_384x288_dark', 63.6, 32.9, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(('name', 'millions', 'gflops'), PUBLISHED)
def test_published_sizes(name: str, millions: float, gflops: float) -> None:
    cfg = shipped_config(f'top_down/{name}.py')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    cost = model_complexity(model, tuple(reversed(cfg.codec.input_size)))
    assert cost.parameters / 1e6 == pytest.approx(millions, abs=0.06)
    assert cost.gflops == pytest.approx(gflops, abs=0.06)
    assert cost.gmacs == pytest.approx(cost.gflops * 1.073741824)


@pytest.mark.parametrize(
    ('layer', 'macs'),
    [
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), 8 * 4 * 3 * 3 * 9),  # 8 channels of 4x3, 3x3 of 3 channels each
        (nn.Conv2d(3, 6, (3, 1), padding=(1, 0), groups=3), 6 * 8 * 6 * 3),
        (nn.ConvTranspose2d(3, 8, 4, stride=2, padding=1), 8 * 16 * 12 * 3 * 16),
        (nn.Linear(6, 5), 3 * 8 * 5 * 6),  # 24 rows of 6
        (nn.BatchNorm2d(3), 0),
    ],
)
def test_layers_by_hand(layer: nn.Module, macs: int) -> None:
    cost = model_complexity(layer, (8, 6))
    assert cost.macs == macs
    assert cost.parameters == sum(p.numel() for p in layer.parameters())


def test_the_model_stays_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout())
    model[1].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model_complexity(model, (4, 4))
    assert model.training
    assert not model[1].training
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert not any(m._forward_hooks for m in model.modules())


def test_parts_add_up_and_shared_parameters_count_once() -> None:
    conv = nn.Conv2d(3, 3, 1, bias=False)
    model = nn.Sequential(nn.Sequential(conv, nn.ReLU()), nn.Sequential(nn.Conv2d(3, 3, 1, bias=False)))
    model[1][0].weight = conv.weight
    cost = model_complexity(model, (2, 2), depth=1)
    assert cost.parameters == 9
    assert [(p.name, p.parameters, p.macs) for p in cost.parts] == [('0', 9, 36), ('1', 0, 36)]


def test_a_size_that_is_none() -> None:
    with pytest.raises(ValueError, match=r'positive height and width, got \(0, 4\)'):
        model_complexity(nn.Conv2d(3, 3, 1), (0, 4))


def get_flops(monkeypatch: pytest.MonkeyPatch, *args: str) -> None:
    tool = ROOT / 'tools' / 'analysis_tools' / 'get_flops.py'
    monkeypatch.setattr(sys, 'argv', [str(tool), *args])
    runpy.run_path(str(tool), run_name='__main__')


def test_get_flops(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    config = tmp_path / 'small.py'
    config.write_text(
        "codec = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1)\n"
        "model = dict(type='TopDown', backbone=dict(type='ResNet', depth=18),\n"
        "             head=dict(type='HeatmapHead', in_channels=512, out_channels=17))\n"
    )
    get_flops(monkeypatch, str(config))
    out = capsys.readouterr().out
    assert 'one image of 128x96' in out
    options = ['--shape', '64', '48', '--depth', '1', '--cfg-options', 'model.head.out_channels=1']
    get_flops(monkeypatch, str(config), *options)
    smaller = capsys.readouterr().out
    rows = [line.split()[0] for line in smaller.splitlines() if line[:1].islower()]
    assert rows == ['part', 'backbone', 'head', 'total']
    total = [float(text.split('GMACs:')[1].split()[0]) for text in (out, smaller)]
    assert total[1] < total[0] / 3
    with pytest.raises(SystemExit, match='2'):
        get_flops(monkeypatch, str(tmp_path / 'smal.py'))
    assert 'did you mean' in capsys.readouterr().err
