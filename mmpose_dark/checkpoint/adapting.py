"""Modules that have a say in how weights are brought to their shapes."""

from typing import Protocol, runtime_checkable

from torch import nn

from .state_dict import StateDict

__all__ = ['AdaptsWeights', 'adapted']


@runtime_checkable
class AdaptsWeights(Protocol):
    """A module that is shown the weights of a whole network before they are compared with it."""

    def adapt_weights(self, weights: StateDict, prefix: str, *, source: str, is_start: bool) -> StateDict:
        """Return the weights as this module can take them.

        Args:
            weights: of the whole network, by the names used here, of any shape.
            prefix: what the names of this module's own begin with, ``'backbone.'``.
            source: the checkpoint, for messages.
            is_start: a training starts from them, so that they need not give the checkpoint's own outputs.

        Raises:
            CheckpointError: they cannot be brought to this module.
        """


def adapted(model: nn.Module, weights: StateDict, *, source: str, is_start: bool) -> StateDict:
    """Ask every module of a network that wants to be asked, and return the weights as they want them.

    Args:
        model: the network.
        weights: by the names used here, of any shape.
        source: the checkpoint, for messages.
        is_start: see `AdaptsWeights.adapt_weights`.

    >>> adapted(nn.Linear(2, 2), {'weight': 1}, source='a.pth', is_start=False)
    {'weight': 1}
    """
    for name, module in model.named_modules():
        if isinstance(module, AdaptsWeights):
            prefix = f'{name}.' if name else ''
            weights = module.adapt_weights(weights, prefix, source=source, is_start=is_start)
    return weights
