"""Names at the top of a config: those that are read, variables, and those that people expect to be read."""

import re

__all__ = ['DEFAULT_HOOKS', 'HELPER_NAMES', 'MISPLACED', 'MISPLACED_VALUES', 'TOP_LEVEL', 'VARIABLES']

# Names at the top of a config that the runner (or a tool) reads.
TOP_LEVEL = (
    'model', 'work_dir', 'train_dataloader', 'val_dataloader', 'test_dataloader', 'train_cfg', 'val_cfg', 'test_cfg',
    'auto_scale_lr', 'optim_wrapper', 'param_scheduler', 'val_evaluator', 'test_evaluator', 'default_hooks',
    'custom_hooks', 'data_preprocessor', 'load_from', 'resume', 'launcher', 'env_cfg', 'log_processor', 'log_level',
    'visualizer', 'default_scope', 'randomness', 'experiment_name', 'custom_imports', 'model_wrapper_cfg', 'sync_bn',
    'find_unused_parameters', 'compile', 'activation_checkpointing', 'efficient_conv_bn_eval', 'device',
    'channels_last', 'codec', 'vis_backends', 'backend_args', 'runner_type', 'overwrite',
)  # fmt: skip

# Names of the hooks that every run has.
DEFAULT_HOOKS = (
    'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint', 'visualization', 'badcase',
    'progress', 'optimizer',
)  # fmt: skip

# Of the names at the top, the ones that only the config itself reads.
VARIABLES = ('codec', 'vis_backends', 'backend_args')

# Names that people write at the top of a config, where nothing reads them, and what they mean.
MISPLACED = {
    'optimizer': 'optim_wrapper.optimizer',
    'optimizer_config': 'optim_wrapper.clip_grad',
    'lr_config': 'param_scheduler',
    'scheduler': 'param_scheduler',
    'total_epochs': 'train_cfg.max_epochs',
    'runner': 'train_cfg',
    'data': 'train_dataloader, val_dataloader and test_dataloader',
    'evaluation': 'train_cfg.val_interval and val_evaluator',
    'checkpoint_config': 'default_hooks.checkpoint',
    'log_config': 'default_hooks.logger and visualizer.vis_backends',
    'hooks': 'default_hooks and custom_hooks',
    'dist_params': 'env_cfg.dist_cfg',
    'cudnn_benchmark': 'env_cfg.cudnn_benchmark',
    'fp16': "optim_wrapper=dict(type='AmpOptimWrapper')",
    'backbone': 'model.backbone',
    'head': 'model.head',
    'keypoint_head': 'model.head',
    'loss': 'model.head.loss',
}
MISPLACED_VALUES = ('total_epochs', 'cudnn_benchmark')  # not to be taken for variables even where they hold numbers

# Variables that are called almost like a section.
HELPER_NAMES = re.compile(r'_.*|.*(pipeline|codec|dataset|metainfo|kwargs|args|stage|converter|mapping).*')
