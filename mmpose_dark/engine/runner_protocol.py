"""What hooks, loops and the profiler use of a runner."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from mmengine.config import Config
    from mmengine.evaluator import Evaluator
    from mmengine.hooks import Hook
    from mmengine.logging import MessageHub, MMLogger
    from mmengine.optim import OptimWrapper
    from mmengine.runner.base_loop import BaseLoop
    from mmengine.visualization import Visualizer
    from torch.utils.data import DataLoader

__all__ = ['RunnerLike']


class RunnerLike(Protocol):
    """The side of `PoseRunner` that its parts see; they need no more than this, and nothing of how it is built.

    Attributes:
        cfg: the whole config of the run.
        device: where the model is.
        seed: of the run.
        experiment_name: the config's name and the time the run began.
        timestamp: the time the run began, in the names of what it writes.
        work_dir: folder of all that the run writes.
        epoch: epochs that are done.
        iter: iterations that are done.
        max_epochs: of the training.
        max_iters: of the training.
        model: the network, in its wrapper if there are several processes.
        bare_model: the network without that wrapper.
        optim_wrapper: the optimizer.
        hooks: in the order they run in.
        logger: of the run.
        message_hub: histories of losses, and notes that checkpoints keep.
        visualizer: draws images, and hands scalars to its backends.
        train_dataloader: of the training.
        val_dataloader: of the validation.
        test_dataloader: of the test.
        train_loop: goes over the training data.
        val_loop: goes over the validation data; None without validation.
        test_loop: goes over the test data.
        val_evaluator: the metrics of the validation.
        sharded_checkpoints: whether each process writes its share of a checkpoint.
    """

    cfg: 'Config'
    device: 'torch.device'
    seed: int
    experiment_name: str
    timestamp: str
    work_dir: str
    epoch: int
    iter: int
    max_epochs: int
    max_iters: int
    model: 'torch.nn.Module'
    bare_model: 'torch.nn.Module'
    optim_wrapper: 'OptimWrapper'
    hooks: 'list[Hook]'
    logger: 'MMLogger'
    message_hub: 'MessageHub'
    visualizer: 'Visualizer'
    train_dataloader: 'DataLoader'
    val_dataloader: 'DataLoader'
    test_dataloader: 'DataLoader'
    train_loop: 'BaseLoop'
    val_loop: 'BaseLoop | None'
    test_loop: 'BaseLoop'
    val_evaluator: 'Evaluator'
    sharded_checkpoints: bool

    def call_hook(self, fn_name: str, **kwargs: object) -> None:
        """Call a method of every hook."""

    def build_evaluator(self, evaluator: 'Evaluator | dict | list') -> 'Evaluator':
        """Return an evaluator, built if it is a config."""

    def build_optim_wrapper(self, optim_wrapper: 'OptimWrapper | dict') -> 'OptimWrapper':
        """Return an optimizer wrapper, built if it is a config."""

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        *,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
    ) -> None:
        """Write a checkpoint that is complete or not there."""

    def train(self) -> 'torch.nn.Module':
        """Train."""

    def test(self) -> dict[str, float]:
        """Test."""
