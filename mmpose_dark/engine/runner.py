"""The runner: mmengine's, with what today's torch, the CPU and exact resuming need.

Each difference stands in a file of its own (`state`, `latest`, `position`, `resuming`, `work_folder`, `dataloader`,
`loops`, `distributed`); here they are put in their places.
"""

import copy
import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from mmengine.config import Config
from mmengine.dist import get_rank, is_distributed, is_main_process
from mmengine.evaluator import Evaluator as BaseEvaluator
from mmengine.model import MMDistributedDataParallel, is_model_wrapper, revert_sync_batchnorm
from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop as BaseEpochLoop
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from ..checkpoint import CheckpointError, load_checkpoint, load_state_dict_file, save_checkpoint
from ..checkpoint.loading import check_weights
from ..checkpoint.state_dict import MapLocation
from ..config.reading import as_pose_config
from ..deploy.onnx_network import use_onnx_file
from ..deploy.onnx_session import is_onnx
from ..evaluation.evaluator import Evaluator
from ..registry import RUNNERS
from ..utils.atomic_file import write_atomic
from ..utils.device import resolve_device
from ..utils.errors import InputError
from .closing import run_end
from .dataloader import complete_dataloader_cfg
from .distributed import init_distributed
from .finite import NonFiniteError, non_finite_weights
from .latest import find_latest_checkpoint
from .loops import EpochBasedTrainLoop, IterBasedTrainLoop, TestLoop, ValLoop
from .optim import gather_gradients, restore_gradients
from .position import Position, find_start
from .resuming import restore_optimizer
from .same_everywhere import check_same_config, common_start
from .sharded_checkpoint import save_sharded_checkpoint
from .state import hub_from_state, hub_to_state, make_meta, to_cpu
from .work_folder import hold_work_dir

if TYPE_CHECKING:
    from mmengine.runner.base_loop import BaseLoop
    from mmengine.visualization import Visualizer

__all__ = ['PoseRunner']

_STARTED: list[str] = []  # times at which runners were made in this process
# The name of one setting, which torch changed.
_DDP_SETTINGS = inspect.signature(nn.parallel.DistributedDataParallel.__init__).parameters
_SYNC_BUFFERS = 'forward_sync_buffers' if 'forward_sync_buffers' in _DDP_SETTINGS else 'broadcast_buffers'


@RUNNERS.register_module()
class PoseRunner(Runner):
    """Train, validate and test; arguments as `mmengine.runner.Runner`'s.

    Read from the config too: ``device`` ('auto', 'cpu', 'cuda', 'mps'), ``channels_last`` (keep
    weights and activations with the channels innermost, which convolutions run faster on) and ``overwrite``
    (train although the work folder holds another training, which is removed).
    """

    sharded_checkpoints = False
    _trained = False

    def __init__(self, *args: object, cfg: Config | dict | None = None, **kwargs: object) -> None:
        cfg = as_pose_config(cfg if cfg is not None else Config({}))
        self.device = resolve_device(cfg.get('device') or 'auto')
        if self.device.index is not None:
            torch.cuda.set_device(self.device)
        super().__init__(*args, cfg=cfg, **kwargs)

    @classmethod
    def from_cfg(cls, cfg: Config | dict) -> 'PoseRunner':
        """Build a runner from a config; components are this package's unless the config says otherwise."""
        cfg = copy.deepcopy(as_pose_config(cfg))
        if cfg.get('default_scope') is None:
            cfg.default_scope = 'mmpose_dark'
        return super().from_cfg(cfg)

    # --- surroundings -----------------------------------------------------------------------------

    def setup_env(self, env_cfg: dict) -> None:
        """Join the other processes (on nccl or gloo, by device), then as mmengine."""
        if self.distributed and not is_distributed():
            dist_cfg = dict(env_cfg.get('dist_cfg') or {})
            init_distributed(
                self.launcher, self.device, backend=dist_cfg.get('backend', 'nccl'), timeout=dist_cfg.get('timeout')
            )
            check_same_config(self.cfg)
        super().setup_env(env_cfg)
        # Logs, histories and drawings are kept by a name with this time, to the second, in it.
        started = sum(name.startswith(self._timestamp) for name in _STARTED)
        self._timestamp += f'_{started}' if started else ''
        _STARTED.append(self._timestamp)

    def _log_env(self, env_cfg: dict) -> None:
        name = torch.cuda.get_device_name(self.device) if self.device.type == 'cuda' else 'CPU'
        self.logger.info(
            f'torch {torch.__version__} on {self.device} ({name}, {torch.get_num_threads()} threads), '
            f'{self.world_size} process(es), seed {self.seed}, work folder {self.work_dir}'
        )

    def dump_config(self) -> None:
        """Write the whole config beside the checkpoints, as ``<config name>.py``."""
        if is_main_process():
            name = Path(self.cfg.filename).stem if self.cfg.filename else self.timestamp
            write_atomic(os.path.join(self.work_dir, f'{name}.py'), self.cfg.pretty_text)

    def get_hooks_info(self) -> str:
        """Return the hooks' names in the order they run in."""
        return ', '.join(type(hook).__name__ for hook in self.hooks)

    # --- parts ------------------------------------------------------------------------------------

    def build_visualizer(self, visualizer: 'Visualizer | dict | None' = None) -> 'Visualizer':
        """Build the visualizer of this run; mmengine would give another run's of the same name."""
        if isinstance(visualizer, dict):
            visualizer = {**visualizer, 'name': f'{visualizer.get("name", "visualizer")}_{self.experiment_name}'}
        return super().build_visualizer(visualizer)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Move the model to the device, channels last if asked to, and wrap it if there are several processes."""
        if is_model_wrapper(model):
            return super().wrap_model(model_wrapper_cfg, model)
        layout = dict(memory_format=torch.channels_last) if self.cfg.get('channels_last') else {}
        model = model.to(self.device, **layout)
        if not self.distributed:
            return revert_sync_batchnorm(model)
        if model_wrapper_cfg is not None or self.cfg.get('sync_bn'):
            return super().wrap_model(model_wrapper_cfg, model)
        return MMDistributedDataParallel(
            module=model,
            device_ids=[torch.cuda.current_device()] if self.device.type == 'cuda' else None,
            find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            **{_SYNC_BUFFERS: False},  # statistics of BatchNorm are averaged by SyncBuffersHook, once an epoch
        )

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a data loader, its settings completed by `complete_dataloader_cfg`."""
        if not isinstance(dataloader, DataLoader):
            dataloader = complete_dataloader_cfg(dataloader, seed=seed, rank=get_rank())
        return Runner.build_dataloader(dataloader, seed=seed, diff_rank_seed=diff_rank_seed)

    def build_evaluator(self, evaluator: BaseEvaluator | dict | list) -> BaseEvaluator:
        """Build an evaluator that gathers from all processes in the dataset's order."""
        is_metric = isinstance(evaluator, dict) and 'metrics' not in evaluator
        return Evaluator(evaluator) if is_metric or isinstance(evaluator, list) else super().build_evaluator(evaluator)

    def build_train_loop(self, loop: 'BaseLoop | dict') -> 'BaseLoop':
        """Build this project's loop for ``by_epoch``."""
        if isinstance(loop, dict) and 'type' not in loop:
            loop = dict(loop)
            loop['type'] = EpochBasedTrainLoop if loop.pop('by_epoch', True) else IterBasedTrainLoop
        return super().build_train_loop(loop)

    def build_val_loop(self, loop: 'BaseLoop | dict') -> 'BaseLoop':
        """Build this project's loop unless the config names another."""
        return super().build_val_loop({'type': ValLoop, **loop} if isinstance(loop, dict) else loop)

    def build_test_loop(self, loop: 'BaseLoop | dict') -> 'BaseLoop':
        """Build this project's loop unless the config names another."""
        return super().build_test_loop({'type': TestLoop, **loop} if isinstance(loop, dict) else loop)

    # --- runs -------------------------------------------------------------------------------------

    def train(self) -> nn.Module:
        """Train; hooks with ``at_exit`` are told when it ends, however it ends.

        Raises:
            ExistsError: the work folder holds another training, and the config says neither resume nor overwrite.
            StateError: another training is running in the work folder.
        """
        again, self._trained = self._trained, True
        resume, overwrite = bool(self._resume) or again, bool(self.cfg.get('overwrite'))
        with run_end(self), hold_work_dir(self.work_dir, self.logger, resume=resume, overwrite=overwrite):
            return super().train()

    def val(self) -> dict[str, float]:
        """Validate; hooks with ``at_exit`` are told when it ends, however it ends."""
        with run_end(self):
            return super().val()

    def test(self) -> dict[str, float]:
        """Test; hooks with ``at_exit`` are told when it ends, however it ends."""
        with run_end(self):
            return super().test()

    # --- checkpoints ------------------------------------------------------------------------------

    @property
    def bare_model(self) -> nn.Module:
        """The model without the wrapper of distributed training."""
        return self.model.module if is_model_wrapper(self.model) else self.model

    def load_or_resume(self) -> None:
        """Resume from ``load_from`` or the newest checkpoint, or take the weights of ``load_from``."""
        if self._has_loaded:
            return
        if self.distributed:
            if self._resume and not self._load_from:
                self._load_from = find_latest_checkpoint(self.work_dir)
            self._resume, self._load_from = common_start(self._resume, self._load_from, self.work_dir)
        if self._resume:
            path = self._load_from or find_latest_checkpoint(self.work_dir)
            if path is None:
                self.logger.warning(f'nothing to resume in {self.work_dir}; starting from the beginning')
            else:
                self.resume(path)
        elif self._load_from:
            self.load_checkpoint(self._load_from)

    def load_checkpoint(
        self, filename: str, map_location: MapLocation = 'cpu', strict: bool | None = None, **_: object
    ) -> dict[str, object]:
        """Take weights from a checkpoint of any known family.

        Args:
            filename: path or URL; for a test also of an ONNX file, which then computes in place of the network.
            map_location: where the tensors are read to.
            strict: every parameter must be there and fit. None: for test; when training starts from
                the weights, the layers that differ may keep their initial ones.
        """
        if is_onnx(filename):
            if self._train_loop is not None:
                raise InputError(f'{filename}: an ONNX file has no weights to train; give a checkpoint, or test it')
            use_onnx_file(self.bare_model, filename)
            self._has_loaded = True
            return {}
        strict = self._train_loop is None if strict is None else strict
        checkpoint = load_checkpoint(self.bare_model, filename, map_location, strict=strict)
        self.call_hook('after_load_checkpoint', checkpoint={**checkpoint, 'state_dict': self.bare_model.state_dict()})
        self._has_loaded = True
        return checkpoint

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: MapLocation = 'cpu',
    ) -> None:
        """Continue a run from its checkpoint: weights, optimizer, schedules, counters and histories.

        Raises:
            CheckpointError: the file is no checkpoint of a run, or one of another network.
        """
        copied = self.device.type != 'cpu'  # on the CPU the optimizer goes on with the very tensors that were read
        checkpoint = load_state_dict_file(filename, map_location, mmap=copied)
        missing = [key for key in ('meta', 'state_dict', 'optimizer', 'message_hub') if key not in checkpoint]
        if missing:
            raise CheckpointError(
                f'{filename}: cannot resume, the file has no {", ".join(missing)}; to start from its weights use '
                f'--cfg-options load_from={filename}'
            )
        meta = checkpoint['meta']
        if not isinstance(meta, dict) or not all(isinstance(meta.get(name), int) for name in ('epoch', 'iter')):
            raise CheckpointError(f'{filename}: cannot resume, its meta does not say how many epochs are done')
        try:
            check_weights(self.bare_model, checkpoint['state_dict'], filename)
            self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
            self.bare_model.load_state_dict(checkpoint['state_dict'])
        except RuntimeError as err:
            if isinstance(err, CheckpointError):
                raise
            raise CheckpointError(f'{filename}: a checkpoint of another network: {err}') from err
        if meta.get('seed') is not None and meta['seed'] != self.seed:
            self.logger.warning(f'the run had seed {meta["seed"]}; continuing with it instead of {self.seed}')
            self._randomness_cfg['seed'] = meta['seed']
            self.set_randomness(**self._randomness_cfg)
        hub_from_state(self.message_hub, checkpoint['message_hub'])
        self._go_to(checkpoint, filename, optimizer=resume_optimizer, schedules=resume_param_scheduler)
        self._has_loaded = True
        self.logger.info(f'Resumed {filename}: {self.epoch} epochs and {self.iter} iterations are done.')

    def _go_to(self, checkpoint: dict, source: str, *, optimizer: bool, schedules: bool) -> None:
        """Put loop, optimizer and schedules where the checkpoint's were."""
        loop, meta = self.train_loop, checkpoint['meta']
        old = Position.from_checkpoint(meta, checkpoint['message_hub'].get('runtime_info', {}))
        by_epoch = isinstance(loop, BaseEpochLoop)
        start = find_start(loop.dataloader, old, by_epoch=by_epoch, source=source)
        if hasattr(loop, 'start_at'):
            loop.start_at(start)
        else:
            loop._epoch, loop._iter = start.epoch, start.iter
        if start.changes:
            self.logger.warning(f'Resuming with other data or batches than the run had: {"; ".join(start.changes)}.')
        if loop.iter >= loop.max_iters:
            end = f'max_epochs={loop.max_epochs}' if by_epoch else f'max_iters={loop.max_iters}'
            self.logger.warning(f'{source}: nothing is left to train, train_cfg has {end}.')
        if optimizer:
            self.optim_wrapper = self.build_optim_wrapper(self.optim_wrapper)
            if self.param_schedulers is not None:
                self.param_schedulers = self.build_param_scheduler(self.param_schedulers)
            known = (self.param_schedulers or []) if schedules else []
            if isinstance(self.optim_wrapper, OptimWrapperDict):
                self.optim_wrapper.load_state_dict(checkpoint['optimizer'])
            else:
                restore_optimizer(
                    self.optim_wrapper, known, checkpoint if schedules else {**checkpoint, 'param_schedulers': []},
                    start, epoch_length=len(loop.dataloader), source=source, logger=self.logger,
                )  # fmt: skip
            saved = checkpoint.get('gradients')
            if saved and (start.changes or not restore_gradients(self.bare_model, saved)):
                self.logger.warning('The gradients that waited for the next step of the optimizer are dropped.')

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
        backend_args: dict | None = None,
    ) -> None:
        """Write a checkpoint that is complete or not there; arguments as mmengine's.

        Raises:
            NonFiniteError: a weight is NaN or infinite; nothing is written.
        """
        gradients = gather_gradients(self.optim_wrapper, self.bare_model) if save_optimizer else None
        if not is_main_process() and not self.sharded_checkpoints:
            return
        ready = to_cpu if not self.sharded_checkpoints else lambda tensors: tensors  # each copies its share only
        checkpoint: dict[str, object] = dict(
            meta=make_meta(self, meta, by_epoch=by_epoch), state_dict=ready(self.bare_model.state_dict())
        )
        if save_optimizer:
            checkpoint['optimizer'] = ready(self.optim_wrapper.state_dict())
        if gradients is not None:
            checkpoint['gradients'] = gradients
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = [scheduler.state_dict() for scheduler in self.param_schedulers]
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        checkpoint['message_hub'] = hub_to_state(self.message_hub)
        path = os.path.join(out_dir, filename)
        if is_main_process():
            self._refuse_non_finite(checkpoint, path)
        if self.sharded_checkpoints:
            save_sharded_checkpoint(checkpoint, path, own={name for name, _ in self.bare_model.named_buffers()})
        else:
            save_checkpoint(checkpoint, path)

    def _refuse_non_finite(self, checkpoint: dict, path: str) -> None:
        for part in ('state_dict', 'ema_state_dict'):
            bad = non_finite_weights(checkpoint.get(part) or {})
            if bad:
                raise NonFiniteError(
                    f'{path}: not written, {len(bad)} weights are NaN or infinite: '
                    f'{", ".join(bad[:3])}{" ..." if bad[3:] else ""}. '
                    f'Last good checkpoint: {find_latest_checkpoint(self.work_dir) or "none"}. The training diverged; '
                    'lower the learning rate (optim_wrapper.optimizer.lr), or clip gradients (optim_wrapper.clip_grad)'
                )
