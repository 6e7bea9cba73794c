"""Saving checkpoints so that there is always a good one."""

import os
from collections import deque
from pathlib import Path

from mmengine.dist import get_world_size, is_main_process
from mmengine.fileio import get_file_backend
from mmengine.hooks import CheckpointHook as BaseCheckpointHook

from ...checkpoint import load_state_dict_file, save_checkpoint
from ...checkpoint.parts import remove_checkpoint
from ...registry import HOOKS
from ...utils.errors import InputError
from ..finite import non_finite_weights
from ..latest import forget_validation, write_last_checkpoint, write_last_validation
from ..runner_protocol import RunnerLike
from ..sharded_checkpoint import check_folder_is_shared

__all__ = ['CheckpointHook']


@HOOKS.register_module()
class CheckpointHook(BaseCheckpointHook):
    """Save checkpoints at intervals and the best ones; arguments as mmengine's.

    mmengine deletes the old file before it writes the new one, and writes in place. Here a file gets
    its name when it is complete, ``last_checkpoint`` points to it after that, and only then an old
    file goes, so a kill or a full disk at any moment leaves a checkpoint to resume from.

    Args:
        sharded: let each of several processes write its share of weights and of the optimizer's state, into a folder
            beside the checkpoint (`engine.sharded_checkpoint`). For networks whose checkpoints have gigabytes; all
            machines must see the work folder.
    """

    def __init__(  # mmengine's takes any other name as well, mistyped ones too
        self,
        interval: int = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | list[str] | None = None,
        rule: str | list[str] | None = None,
        greater_keys: list[str] | None = None,
        less_keys: list[str] | None = None,
        filename_tmpl: str | None = None,
        published_keys: str | list[str] | None = None,
        save_begin: int = 0,
        sharded: bool = False,
    ) -> None:
        super().__init__(
            interval,
            by_epoch,
            save_optimizer,
            save_param_scheduler,
            out_dir=out_dir,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,
            rule=rule,
            greater_keys=greater_keys,
            less_keys=less_keys,
            filename_tmpl=filename_tmpl,
            published_keys=published_keys,
            save_begin=save_begin,
        )
        self.sharded = sharded

    def before_train(self, runner: RunnerLike) -> None:
        """Take up where the run left, and check ``save_best`` before anything is trained."""
        name = os.path.basename(runner.work_dir.rstrip(os.sep))
        self.out_dir = runner.work_dir if self.out_dir is None else os.path.join(self.out_dir, name)
        self.file_backend = get_file_backend(self.out_dir)
        notes = runner.message_hub.runtime_info
        self.last_ckpt = notes.get('last_ckpt')
        self.keep_ckpt_ids = deque(
            notes.get('keep_ckpt_ids', []), self.max_keep_ckpts if self.max_keep_ckpts > 0 else None
        )
        if self.save_best and len(self.key_indicators) == 1:
            self.best_ckpt_path = notes.get('best_ckpt')
        elif self.save_best:
            self.best_ckpt_path_dict = {key: notes.get(f'best_ckpt_{key}') for key in self.key_indicators}
        if runner.iter == 0 and is_main_process():
            forget_validation(runner.work_dir)
        self._check_save_best(runner)
        runner.sharded_checkpoints = self.sharded and get_world_size() > 1
        if runner.sharded_checkpoints:
            check_folder_is_shared(self.out_dir)

    def _check_save_best(self, runner: RunnerLike) -> None:
        if not self.save_best or runner.val_loop is None or 'auto' in self.save_best:
            return
        prefixes = [getattr(metric, 'prefix', None) for metric in runner.val_evaluator.metrics]
        for name in self.save_best:
            prefix = name.rpartition('/')[0]
            if prefix and prefix not in prefixes and None not in prefixes:
                raise InputError(
                    f'default_hooks.checkpoint.save_best: no metric of val_evaluator reports {name!r}; '
                    f'their names begin with {", ".join(f"{p}/" for p in prefixes)}'
                )

    def after_val_epoch(self, runner: RunnerLike, metrics: dict) -> None:
        """Save the best checkpoint, and note that this validation was made."""
        super().after_val_epoch(runner, metrics)
        if is_main_process():
            write_last_validation(runner.work_dir, runner.iter, metrics)

    def _leave_out(self, runner: RunnerLike) -> bool:
        """Say whether to go on without a checkpoint: weights are not finite, and the user wants to go on."""
        allowed = any(getattr(hook, 'on_non_finite', 'stop') == 'warn' for hook in runner.hooks)
        if not allowed or not non_finite_weights(runner.bare_model.state_dict()):
            return False
        runner.logger.warning('Weights are NaN or infinite: no checkpoint is written, those before stay.')
        return True

    def _save_checkpoint_with_step(self, runner: RunnerLike, step: int, meta: dict) -> None:
        if self._leave_out(runner):
            return
        outdated: list[int] = []
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            outdated = [*self.keep_ckpt_ids, step][: -self.max_keep_ckpts]
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        self.last_ckpt = os.path.join(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
        )
        if is_main_process():
            write_last_checkpoint(runner.work_dir, self.last_ckpt)
            for old in outdated:
                remove_checkpoint(os.path.join(self.out_dir, self.filename_tmpl.format(old)))

    def _save_best_checkpoint(self, runner: RunnerLike, metrics: dict) -> None:
        if not self.save_best or self._leave_out(runner):
            return
        for name in self.key_indicators:
            if name != 'auto' and name not in metrics:
                raise InputError(
                    f'default_hooks.checkpoint.save_best: {name!r} is not among the metrics: {", ".join(metrics)}'
                )
        # mmengine removes the previous best first; it cannot remove what it does not see.
        before, last_ckpt = self._take_best_paths(), self.last_ckpt
        step = runner.epoch if self.by_epoch else runner.iter
        if last_ckpt is None or os.path.basename(last_ckpt) != self.filename_tmpl.format(step):
            self.last_ckpt = None  # the best scores are written into this step's checkpoint if it has one
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = self.last_ckpt or last_ckpt
        self._put_best_paths_back(before)

    def _take_best_paths(self) -> dict[str, str | None]:
        if len(self.key_indicators) == 1:
            paths, self.best_ckpt_path = {self.key_indicators[0]: self.best_ckpt_path}, None
        else:
            paths = dict(self.best_ckpt_path_dict)
            self.best_ckpt_path_dict = dict.fromkeys(paths)
        return paths

    def _put_best_paths_back(self, before: dict[str, str | None]) -> None:
        single = len(self.key_indicators) == 1
        for name, old in before.items():
            new = self.best_ckpt_path if single else self.best_ckpt_path_dict[name]
            if new is None:  # this one was not beaten
                if single:
                    self.best_ckpt_path = old
                else:
                    self.best_ckpt_path_dict[name] = old
            elif old and old != new and is_main_process():
                remove_checkpoint(old)

    def _publish_model(self, runner: RunnerLike, ckpt_path: str) -> None:
        if not is_main_process():
            return
        checkpoint = load_state_dict_file(ckpt_path)
        published = {key: value for key, value in checkpoint.items() if key in self.published_keys}
        path = Path(ckpt_path)
        save_checkpoint(published, str(path.with_name(f'{path.stem}-published.pth')))
