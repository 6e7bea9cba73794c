"""Validation and test: one pass over a dataset, each sample once, bad images named at the end."""

from typing import TYPE_CHECKING

import torch
from mmengine.dataset import DefaultSampler as BaseDefaultSampler
from mmengine.runner.base_loop import BaseLoop

from ...deploy import Acceleration, accelerate
from ...evaluation.evaluator import Evaluator
from ...evaluation.gathering import each_once, gather_in_rank_order
from ...registry import DATA_SAMPLERS, LOOPS
from ...utils.errors import InputError
from ...utils.precision import autocast
from ..batch import Batch, ForeignBatch
from ..batches import batches
from ..predictions import NonFinitePredictions
from ..runner_protocol import RunnerLike
from ..samplers import DefaultSampler

if TYPE_CHECKING:
    from mmengine.evaluator import Evaluator as BaseEvaluator
    from torch.utils.data import DataLoader

    from ...datasets.errors import BadSample

__all__ = ['TestLoop', 'ValLoop']


def _count_each_sample_once(dataloader: 'DataLoader | dict') -> 'DataLoader | dict':
    """Turn off what would count some samples twice on several processes (rounding up) or not at all (drop_last)."""
    if isinstance(dataloader, dict) and dataloader.get('drop_last'):
        dataloader = {**dataloader, 'drop_last': False}
    sampler = dataloader.get('sampler') if isinstance(dataloader, dict) else None
    kind = sampler.get('type') if isinstance(sampler, dict) else None
    cls = DATA_SAMPLERS.find(kind) if isinstance(kind, str) else kind
    if isinstance(cls, type) and issubclass(cls, (DefaultSampler, BaseDefaultSampler)):
        return {**dataloader, 'sampler': {**sampler, 'round_up': False}}
    return dataloader


class _EvalLoop(BaseLoop):
    stage: str

    def __init__(
        self,
        runner: RunnerLike,
        dataloader: 'DataLoader | dict',
        evaluator: 'BaseEvaluator | dict | list',
        fp16: bool = False,
        amp: str | bool | None = None,
    ) -> None:
        super().__init__(runner, _count_each_sample_once(dataloader))
        self.evaluator = evaluator if isinstance(evaluator, Evaluator) else runner.build_evaluator(evaluator)
        metainfo = getattr(self.dataloader.dataset, 'metainfo', None)
        self.evaluator.dataset_meta = metainfo
        runner.visualizer.dataset_meta = metainfo
        if not len(self.dataloader.dataset):
            raise InputError(f'the {self.stage} dataset has no sample; see {self.stage}_dataloader.dataset')
        self.amp = ('float16' if fp16 else None) if amp is None else amp
        self.bad_samples: list[BadSample] = []
        self._not_finite = NonFinitePredictions()

    def run(self) -> dict[str, float]:
        """Predict for the whole dataset and return the metrics of all processes together."""
        stage, hook = self.stage, self.runner.call_hook
        hook(f'before_{stage}')
        hook(f'before_{stage}_epoch')
        self.runner.model.eval()
        bad: list[BadSample] = []
        self._not_finite = NonFinitePredictions()
        for idx, data_batch in enumerate(batches(self.dataloader, stage)):
            if isinstance(data_batch, dict):
                bad += data_batch.pop('bad_samples', None) or []
                if not len(data_batch['inputs']):
                    continue
            self.run_iter(idx, data_batch)
        self.bad_samples = each_once((sample, sample) for sample in gather_in_rank_order(bad))
        good = len(self.dataloader.dataset) - len(self.bad_samples)
        if not good:
            self._report_bad_samples()
            raise InputError(f'none of the {len(self.bad_samples)} samples of the {stage} dataset could be read')
        metrics = self.evaluator.evaluate(good)
        hook(f'after_{stage}_epoch', metrics=metrics)
        hook(f'after_{stage}')
        self._report_bad_samples()
        self._not_finite.report(self.runner.logger, good)
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Batch | ForeignBatch) -> None:
        """Predict for one batch and hand the predictions to the metrics."""
        stage, hook = self.stage, self.runner.call_hook
        hook(f'before_{stage}_iter', batch_idx=idx, data_batch=data_batch)
        with autocast(next(self.runner.model.parameters()).device, self.amp):
            outputs = getattr(self.runner.model, f'{stage}_step')(data_batch)
        self._not_finite.look_at(outputs)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        hook(f'after_{stage}_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)

    def _report_bad_samples(self) -> None:
        if not self.bad_samples:
            return
        reasons = {str(sample.path): sample.reason for sample in self.bad_samples}
        lines = ''.join(f'\n  {path}: {reason}' for path, reason in reasons.items())
        self.runner.logger.warning(
            f'{len(self.bad_samples)} samples of {len(reasons)} images could not be read; '
            f'the metrics are without predictions for them:{lines}'
        )


@LOOPS.register_module()
class ValLoop(_EvalLoop):
    """Validation while training.

    Args:
        runner: the runner.
        dataloader: a data loader or its config.
        evaluator: an evaluator, or the config of one or several metrics.
        fp16: as mmengine's: evaluate in float16.
        amp: evaluate in the given half precision ('auto', 'float16', 'bfloat16'); goes before ``fp16``.
    """

    stage = 'val'


@LOOPS.register_module()
class TestLoop(_EvalLoop):
    """Test of a trained network.

    Args:
        runner: the runner.
        dataloader: as of `ValLoop`.
        evaluator: as of `ValLoop`.
        fp16: as of `ValLoop`.
        amp: as of `ValLoop`.
        backend: what runs the network, see `Acceleration`.
        compile: run it through ``torch.compile``.
        fuse_conv_bn: fold batch normalisation into the convolutions.

    Raises:
        ValueError: an unknown backend, or options that do not go together.
    """

    __test__ = False  # not a test for pytest to collect
    stage = 'test'

    def __init__(
        self,
        runner: RunnerLike,
        dataloader: 'DataLoader | dict',
        evaluator: 'BaseEvaluator | dict | list',
        fp16: bool = False,
        amp: str | bool | None = None,
        *,
        backend: str = 'torch',
        compile: bool = False,
        fuse_conv_bn: bool = False,
    ) -> None:
        self.acceleration = Acceleration(backend=backend, compile=compile, fuse_conv_bn=fuse_conv_bn)
        super().__init__(runner, dataloader, evaluator, fp16, amp)
        if self.amp and backend != 'torch':
            raise InputError(f'test_cfg: amp={self.amp!r} is for the torch backend; {backend} has its own precision')

    def run(self) -> dict[str, float]:
        """Make the network as fast as asked for, then predict for the whole dataset; return the metrics."""
        accelerate(self.runner.bare_model, self.acceleration)
        return super().run()
