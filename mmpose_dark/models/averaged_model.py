"""The averaged model of ``EMAHook(ema_type='ExpMomentumEMA')``."""

import math

from mmengine.model import ExponentialMovingAverage
from torch import Tensor, device, nn

from mmpose_dark.registry import MODELS

from ..utils.errors import InputError

__all__ = ['ExpMomentumEMA', 'annealed_momentum']


def annealed_momentum(momentum: float, gamma: float, steps: int) -> float:
    """Return the share of the new weights after ``steps`` updates: from nearly 1 down to ``momentum``.

    >>> [round(annealed_momentum(0.0002, 2000, steps), 4) for steps in (0, 2000, 100000)]
    [0.9995, 0.3678, 0.0002]
    """
    return (1 - momentum) * math.exp(-(1 + steps) / gamma) + momentum


@MODELS.register_module()
class ExpMomentumEMA(ExponentialMovingAverage):
    """An exponential moving average that follows the weights closely at first and slowly later (YOLOX).

    Args:
        model: whose weights are averaged.
        momentum: share of the new weights in the end.
        gamma: number of updates in which the share falls to about a third.
        interval: iterations between two updates.
        device: where the average is kept; None for the model's.
        update_buffers: average the buffers too.

    Raises:
        InputError: ``gamma`` is not positive.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> average = ExpMomentumEMA(net, momentum=0.5, gamma=1)
    >>> average.update_parameters(net)
    >>> average.module.weight.equal(net.weight)
    True
    """

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        gamma: int = 2000,
        interval: int = 1,
        device: device | None = None,
        update_buffers: bool = False,
    ) -> None:
        super().__init__(model, momentum, interval, device, update_buffers)
        if gamma <= 0:
            raise InputError(f'ExpMomentumEMA: gamma must be positive, got {gamma}')
        self.gamma = gamma

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        """Move one average towards the new values, in place.

        Args:
            averaged_param: of any shape; changed.
            source_param: of the same shape.
            steps: number of updates before this one.
        """
        averaged_param.lerp_(source_param, annealed_momentum(self.momentum, self.gamma, int(steps)))
