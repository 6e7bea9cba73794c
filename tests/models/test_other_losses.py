"""Adaptive wing loss and online hard keypoint mining against plain loops after their papers."""

import math

import pytest
import torch

from mmpose_dark.models import AdaptiveWingLoss, CombinedTargetMSELoss, KeypointOHKMMSELoss


def maps(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, 5, 4, 3, generator=generator), torch.rand(2, 5, 4, 3, generator=generator)


def wing(y_hat, y, *, alpha=2.1, omega=14.0, epsilon=1.0, theta=0.5):
    """One pixel, equation 3 of the paper."""
    slope = omega * (1 / (1 + (theta / epsilon) ** (alpha - y))) * (alpha - y)
    slope *= (theta / epsilon) ** (alpha - y - 1) * (1 / epsilon)
    offset = theta * slope - omega * math.log(1 + (theta / epsilon) ** (alpha - y))
    if abs(y - y_hat) < theta:
        return omega * math.log(1 + abs((y - y_hat) / epsilon) ** (alpha - y))
    return slope * abs(y - y_hat) - offset


@pytest.mark.parametrize('weighted', [False, True])
def test_adaptive_wing_equals_a_loop(weighted):
    output, target = maps()
    weights = torch.tensor([[1.0, 0.0, 1.0, 0.5, 1.0]]).repeat(2, 1)
    factor = weights[..., None, None] if weighted else torch.ones(1, 1, 1, 1)
    pairs = zip((output * factor).flatten().tolist(), (target * factor).flatten().tolist(), strict=True)
    expected = sum(wing(a, b) for a, b in pairs) / output.numel()
    loss = AdaptiveWingLoss(use_target_weight=weighted, loss_weight=2.0)
    assert loss(output, target, weights).item() == pytest.approx(2 * expected, rel=1e-4)


def test_adaptive_wing_is_smooth_where_its_parts_meet():
    target = torch.full((1, 1, 1, 1), 0.7, dtype=torch.float32)
    near, far = (AdaptiveWingLoss()(target - 0.5 + d, target) for d in (1e-4, -1e-4))
    assert near.item() == pytest.approx(far.item(), rel=1e-2)


@pytest.mark.parametrize('weighted', [False, True])
def test_ohkm_equals_a_loop(weighted):
    output, target = maps(1)
    weights = torch.tensor([[1.0, 0.0, 1.0, 0.5, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0]])
    total = 0.0
    for i in range(2):
        errors = []
        for k in range(5):
            factor = weights[i, k] if weighted else 1.0
            errors.append((((output[i, k] - target[i, k]) * factor) ** 2).mean().item())
        total += sum(sorted(errors)[-3:]) / 3 / 2
    loss = KeypointOHKMMSELoss(use_target_weight=weighted, topk=3)
    assert loss(output, target, weights).item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize('loss', [AdaptiveWingLoss(use_target_weight=True), KeypointOHKMMSELoss(True, topk=2)])
def test_wrong_calls_are_named(loss):
    output, target = maps()
    name = type(loss).__name__
    with pytest.raises(ValueError, match=f'{name}: use_target_weight=True needs'):
        loss(output, target)
    with pytest.raises(ValueError, match=f'{name}: the network gives'):
        loss(output[:, :2], target, torch.ones(2, 5))
    with pytest.raises(ValueError, match=f'{name}: target_weights'):
        loss(output, target, torch.ones(2, 4))


def test_settings_out_of_range_are_named():
    with pytest.raises(ValueError, match='topk=6, but there are 5 keypoints'):
        KeypointOHKMMSELoss(topk=6)(*maps())
    with pytest.raises(ValueError, match='topk must be positive'):
        KeypointOHKMMSELoss(topk=0)
    with pytest.raises(ValueError, match='epsilon=0'):
        AdaptiveWingLoss(epsilon=0)


@pytest.mark.parametrize('loss', [AdaptiveWingLoss(), KeypointOHKMMSELoss(topk=2)])
def test_half_precision_is_summed_in_float32(loss):
    output, target = maps()
    half = loss(output.bfloat16().requires_grad_(), target)
    half.backward()
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(loss(output, target).item(), rel=0.05)


@pytest.mark.parametrize('weighted', [False, True])
def test_combined_target_loss_equals_a_loop(weighted):
    generator = torch.Generator().manual_seed(2)
    output, target = (torch.rand(2, 6, 4, 3, generator=generator) for _ in range(2))
    weights = torch.tensor([[1.0, 0.0], [0.5, 1.0]])
    total = 0.0
    for k in range(2):
        factor = weights[:, k, None, None] if weighted else 1.0
        disc, true_disc = output[:, 3 * k] * factor, target[:, 3 * k] * factor
        total += 0.5 * ((disc - true_disc) ** 2).mean().item()
        for part in (1, 2):
            error = true_disc * output[:, 3 * k + part] - true_disc * target[:, 3 * k + part]
            total += 0.5 * (error**2).mean().item()
    loss = CombinedTargetMSELoss(use_target_weight=weighted, loss_weight=3.0)
    assert loss(output, target, weights).item() == pytest.approx(3 * total / 2, rel=1e-4)
    with pytest.raises(ValueError, match='4 maps are not three a keypoint'):
        loss(output[:, :4], target[:, :4], weights)
