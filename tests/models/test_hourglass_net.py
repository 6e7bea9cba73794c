"""mmpose's hourglass: parameter names, and values of mmpose 1.3.2 for weights and images that a formula gives."""

import pytest
import torch

from mmpose_dark.models import HourglassNet

# Mean, standard deviation and element [1, 3, 5, 7] of both feature maps, of mmpose 1.3.2's network filled as below.
REFERENCE = [(0.00202405, 0.00281665, 0.006042), (0.00203797, 0.00285223, 0.00604062)]
LAYOUT = dict(
    num_stacks=2, downsample_times=3, stage_channels=(256, 256, 24, 32), stage_blocks=(2, 1, 2, 4), feat_channel=20
)


def fill(model: torch.nn.Module) -> None:
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            scale = 'running_var' in name or ('bn' in name and name.endswith('weight'))
            wave = torch.sin(torch.arange(value.numel()) * 0.7 + len(name)).reshape(value.shape)
            value.copy_(wave * 0.004 + (1.0 if scale else 0.0))


def test_values_are_the_references():
    model = HourglassNet(**LAYOUT).eval()
    fill(model)
    images = torch.sin(torch.arange(2 * 3 * 64 * 64) * 0.01).reshape(2, 3, 64, 64)
    with torch.no_grad():
        found = model(images)
    for maps, expected in zip(found, REFERENCE, strict=True):
        got = (maps.double().mean().item(), maps.double().std().item(), maps[1, 3, 5, 7].item())
        assert got == pytest.approx(expected, rel=1e-3)


def test_names_are_the_references():
    names = set(HourglassNet(**LAYOUT).state_dict())
    for name in (
        'stem.0.conv.weight',
        'stem.1.0.downsample.0.weight',
        'hourglass_modules.0.up1.1.conv2.weight',
        'hourglass_modules.1.low2.low2.low2.3.bn1.weight',
        'hourglass_modules.0.low2.low3.0.downsample.1.running_var',
        'out_convs.1.bn.bias',
        'inters.0.conv1.weight',
        'conv1x1s.0.conv.weight',
        'remap_convs.0.bn.weight',
    ):
        assert name in names


def test_sizes_that_do_not_divide():
    layout = dict(LAYOUT, stage_channels=(8, 8, 8, 8))
    assert HourglassNet(**layout)(torch.zeros(1, 3, 64, 48))[1].shape == (1, 20, 16, 12)


def test_frozen_stages_and_wrong_layouts():
    layout = dict(LAYOUT, stage_channels=(8, 8, 8, 8), frozen_stages=1)
    model = HourglassNet(**layout).train()
    assert not any(p.requires_grad for p in model.hourglass_modules[0].parameters())
    assert all(p.requires_grad for p in model.hourglass_modules[1].parameters())
    with pytest.raises(ValueError, match='have 4 values'):
        HourglassNet(downsample_times=3, stage_channels=(8, 8))
    with pytest.raises(ValueError, match='frozen_stages must be -1 to 2'):
        HourglassNet(frozen_stages=5)
