import pytest
import torch

from mmpose_dark.models import KeypointMSELoss


def loop(output, target, weights=None, mask=None):
    """The definition: each pixel's squared error times its weights, summed, over the number of all pixels."""
    total, count = 0.0, 0
    for b in range(output.shape[0]):
        for k in range(output.shape[1]):
            for h in range(output.shape[2]):
                for w in range(output.shape[3]):
                    error = float(output[b, k, h, w] - target[b, k, h, w]) ** 2
                    if weights is not None:
                        error *= float(weights[b, k] if weights.ndim == 2 else weights[b, k, h, w])
                    if mask is not None:
                        error *= float(mask.expand_as(target)[b, k, h, w])
                    total, count = total + error, count + 1
    return total / count


@pytest.fixture
def maps():
    return torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)


@pytest.mark.parametrize('shape', [None, (2, 3), (2, 3, 4, 5)])
@pytest.mark.parametrize('mask', [None, (2, 1, 4, 5), (2, 3, 1, 1)])
def test_equals_its_definition(maps, shape, mask):
    weights = None if shape is None else torch.rand(shape)
    mask = None if mask is None else torch.rand(mask)
    loss = KeypointMSELoss(use_target_weight=weights is not None, loss_weight=2.0)
    assert loss(*maps, weights, mask).item() == pytest.approx(2 * loop(*maps, weights, mask), rel=1e-4)


def test_weights_are_ignored_unless_wanted(maps):
    assert KeypointMSELoss()(*maps, torch.zeros(2, 3)).item() == pytest.approx(loop(*maps), rel=1e-4)


def test_empty_channels_are_skipped_but_counted(maps):
    output, target = maps
    target[0, 1] = 0
    expected = loop(output, target) - output[0, 1].square().sum().item() / output.numel()
    assert KeypointMSELoss(skip_empty_channel=True)(output, target).item() == pytest.approx(expected, rel=1e-4)


def test_half_precision_is_summed_in_single():
    output, target = torch.full((8, 17, 64, 48), 0.01, dtype=torch.bfloat16), torch.zeros(8, 17, 64, 48)
    loss = KeypointMSELoss()(output, target)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(float(output[0, 0, 0, 0]) ** 2, rel=1e-4)


@pytest.mark.parametrize(
    ('weights', 'mask', 'words'),
    [
        (None, None, 'needs target_weights'),
        (torch.ones(2, 4), None, r'target_weights \(2, 4\)'),
        (torch.ones(2, 3, 1), None, 'target_weights'),
        (torch.ones(2, 3), torch.ones(2, 2, 4, 5), 'mask'),
        (torch.ones(2, 3), torch.ones(4, 5), 'mask'),
    ],
)
def test_wrong_shapes_are_named(maps, weights, mask, words):
    with pytest.raises(ValueError, match=words):
        KeypointMSELoss(use_target_weight=True)(*maps, weights, mask)


def test_heatmaps_of_another_size_are_named(maps):
    with pytest.raises(ValueError, match='heatmap_size'):
        KeypointMSELoss()(maps[0], torch.zeros(2, 3, 8, 5))
