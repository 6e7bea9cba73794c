"""mmengine's optimizer wrapper, whose sums of gradients survive a resume."""

from typing import TYPE_CHECKING

from mmengine.dist import gather_object, get_rank, get_world_size
from mmengine.optim import OptimWrapper as BaseOptimWrapper

from ..registry import OPTIM_WRAPPERS

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ['OptimWrapper', 'gather_gradients', 'restore_gradients']


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(BaseOptimWrapper):
    """Steps an optimizer, after several batches if so asked (``accumulative_counts``); arguments as mmengine's."""

    def initialize_count_status(self, model: 'nn.Module', init_counts: int, max_counts: int) -> None:
        """Count from ``init_counts``; the gradients summed up to there come from the checkpoint."""
        super().initialize_count_status(model, 0, max_counts)
        self._inner_count = init_counts

    @property
    def summed_iterations(self) -> int:
        """Iterations whose gradients wait for the next step of the optimizer."""
        count, each = self._inner_count, self._accumulative_counts
        return 0 if each == 1 or count == self._max_counts else count % each


def gather_gradients(wrapper: object, model: 'nn.Module') -> 'list[dict[str, torch.Tensor]] | None':
    """Return the sums of gradients that wait for a step, of each process; None where none waits.

    All processes must call it. The first gets the list, the others an empty one.

    Args:
        wrapper: the optimizer's; others than `OptimWrapper` have no sums that can be kept.
        model: whose parameters' gradients, of any shape, are summed.
    """
    if not isinstance(wrapper, OptimWrapper) or not wrapper.summed_iterations:
        return None
    own = {name: p.grad.detach().cpu() for name, p in model.named_parameters() if p.grad is not None}
    return (gather_object(own) or []) if get_world_size() > 1 else [own]


def restore_gradients(model: 'nn.Module', saved: 'list[dict[str, torch.Tensor]]') -> bool:
    """Put this process's sums of gradients back.

    Args:
        model: whose parameters get gradients.
        saved: for each process the sums by parameter, in the parameters' shapes.

    Returns:
        Whether that was possible: not for another number of processes.
    """
    if not isinstance(saved, list) or len(saved) != get_world_size():
        return False
    mine = saved[get_rank()]
    for name, parameter in model.named_parameters():
        if name in mine:
            parameter.grad = mine[name].to(parameter.device, parameter.dtype).reshape(parameter.shape)
    return True
