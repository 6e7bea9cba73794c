import pytest
import torch

from mmpose_dark.models import Hourglass
from mmpose_dark.registry import MODELS


def small(**kwargs):
    return Hourglass(**(dict(num_stacks=2, out_channels=4, num_features=16) | kwargs))


# The DARK paper's networks at 17 keypoints.
@pytest.mark.parametrize(('stacks', 'parameters'), [(4, 13_020_612), (8, 25_598_472)])
def test_published_size(stacks, parameters):
    with torch.device('meta'):
        net = Hourglass(stacks)
        ys = net(torch.zeros(1, 3, 128, 96))
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert [tuple(y.shape) for y in ys] == [(1, 17, 32, 24)] * stacks


@pytest.mark.parametrize('size', [(64, 64), (128, 96), (100, 84)])
def test_sizes_that_do_not_halve_evenly(size):
    with torch.no_grad():
        ys = small().eval()(torch.randn(1, 3, *size))
    assert ys[-1].shape == (1, 4, size[0] // 4, size[1] // 4)


def test_every_parameter_learns_from_the_sum_over_stacks():
    net = small(num_blocks=2, depth=2)
    sum(y.square().mean() for y in net(torch.randn(2, 3, 64, 64))).backward()
    assert all(p.grad is not None for p in net.parameters())


def test_first_heatmaps_reach_the_second():
    net = small().eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = net(x)
        net.score[0].bias.add_(1)
        after = net(x)
    torch.testing.assert_close(after[0], before[0] + 1)
    assert (after[1] - before[1]).abs().max() > 1e-3


def test_frozen_stages():
    net = small(frozen_stages=1).train()
    frozen = {'.'.join(k.split('.')[:2]) for k, p in net.named_parameters() if not p.requires_grad}
    assert {'hg.0', 'res.0', 'fc.0', 'score.0', 'fc_.0', 'score_.0', 'layer1.0'} <= frozen
    assert not {'hg.1', 'score.1'} & frozen


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [(dict(num_stacks=0), 'num_stacks'), (dict(num_features=15), 'even'), (dict(frozen_stages=3), 'frozen_stages')],
)
def test_wrong_arguments_are_named(kwargs, words):
    with pytest.raises(ValueError, match=words):
        small(**kwargs)


def test_images_too_small_for_the_depth_are_refused():
    with pytest.raises(ValueError, match='at least 64 x 64'):
        small()(torch.zeros(1, 3, 64, 60))
    assert small(depth=3)(torch.zeros(1, 3, 64, 60))[0].shape == (1, 4, 16, 15)


def test_whole_model_returns_the_last_heatmaps():
    backbone = dict(type='Hourglass', num_stacks=2, out_channels=4, num_features=16)
    head = dict(
        type='HeatmapHead',
        in_channels=4,
        out_channels=4,
        deconv_out_channels=None,
        final_layer=None,
        multi_output=True,
    )
    model = MODELS.build(dict(type='TopDown', backbone=backbone, head=head)).eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model(x), model.backbone(x)[-1])
