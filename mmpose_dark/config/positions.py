"""What may stand where in a config: the tables that `components` walks by and `validate_config` checks against."""

from .. import registry

__all__ = [
    'AT_THE_TOP',
    'BY_KEY',
    'FOREIGN',
    'INJECTED',
    'IN_A_LOADER',
    'KEYWORDS',
    'LAYER_KEYS',
    'LOADER_KEYS',
    'NO_COMPONENTS',
    'PLAIN_SECTIONS',
]

# Components at the top of a config: their registry, and their type where none is given.
AT_THE_TOP = {
    'model': (registry.MODELS, None),
    'codec': (registry.KEYPOINT_CODECS, None),
    'data_preprocessor': (registry.MODELS, None),
    'model_wrapper_cfg': (registry.MODEL_WRAPPERS, 'MMDistributedDataParallel'),
    'visualizer': (registry.VISUALIZERS, None),
    'log_processor': (registry.LOG_PROCESSORS, 'LogProcessor'),
    'param_scheduler': (registry.PARAM_SCHEDULERS, None),
    'custom_hooks': (registry.HOOKS, None),
    'optim_wrapper': (registry.OPTIM_WRAPPERS, 'OptimWrapper'),
}

IN_A_LOADER = {
    'dataset': registry.DATASETS,
    'sampler': registry.DATA_SAMPLERS,
    'batch_sampler': registry.DATA_SAMPLERS,
    'collate_fn': registry.FUNCTIONS,
    'worker_init_fn': registry.FUNCTIONS,
}

# Registry of the components under a key, wherever the key stands below a component.
BY_KEY = {
    'codec': registry.KEYPOINT_CODECS,
    'encoder': registry.KEYPOINT_CODECS,
    'decoder': registry.KEYPOINT_CODECS,
    'pipeline': registry.TRANSFORMS,
    'switch_pipeline': registry.TRANSFORMS,
    'transforms': registry.TRANSFORMS,
    'gt_converter': registry.TRANSFORMS,
    'pred_converter': registry.TRANSFORMS,
    'dataset': registry.DATASETS,
    'datasets': registry.DATASETS,
    'init_cfg': registry.WEIGHT_INITIALIZERS,
    'vis_backends': registry.VISBACKENDS,
    'metrics': registry.METRICS,
    'optimizer': registry.OPTIMIZERS,
}

# Arguments in which nothing is built, though a dict in them may have a `type`.
NO_COMPONENTS = ('metainfo', 'paramwise_cfg', 'clip_grad', 'data_prefix')

# Components whose arguments another library builds, by names of its own.
FOREIGN = ('Albumentation',)

# Configs of layers, built by mmcv with arguments of its own.
LAYER_KEYS = ('conv_cfg', 'norm_cfg', 'act_cfg', 'upsample_cfg', 'padding_cfg', 'plugins')

# Arguments that the runner hands to a component; a config need not have them.
INJECTED = {
    'data sampler': {'dataset', 'seed', 'sampler', 'batch_size'},
    'loop': {'runner', 'dataloader', 'evaluator'},
    'optimizer': {'params'},
    'optim_wrapper': {'optimizer'},
    'parameter scheduler': {'optimizer', 'param_name'},
    'visualizer': {'name', 'save_dir'},
    'vis_backend': {'save_dir'},
    'function': {'data_batch', 'batch', 'samples', 'worker_id', 'num_workers', 'rank', 'seed'},
    'model_wrapper': {'module', 'device_ids'},
    'model': {'data_preprocessor', 'module', 'model'},
}

# Keys that are taken out of a component's config before it is built.
KEYWORDS = {
    'hook': {'priority'},
    'parameter scheduler': {'convert_to_iter_based', 'epoch_length'},
    'optim_wrapper': {'constructor', 'paramwise_cfg', 'optimizer'},
    'weight initializer': {'override', 'layer'},
}

LOADER_KEYS = (
    'dataset', 'batch_size', 'sampler', 'batch_sampler', 'num_workers', 'collate_fn', 'pin_memory', 'drop_last',
    'timeout', 'worker_init_fn', 'multiprocessing_context', 'generator', 'prefetch_factor', 'persistent_workers',
    'pin_memory_device', 'in_order', 'num_batch_per_epoch', 'disable_subprocess_warning',
)  # fmt: skip

# Sections without a type: the keys they may have, by dotted path.
PLAIN_SECTIONS = {
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'env_cfg.mp_cfg': ('mp_start_method', 'opencv_num_threads'),
    'env_cfg.dist_cfg': ('backend', 'timeout', 'port', 'init_backend'),
    'randomness': ('seed', 'diff_rank_seed', 'deterministic'),
    'auto_scale_lr': ('base_batch_size', 'enable'),
    'custom_imports': ('imports', 'allow_failed_imports'),
    'optim_wrapper.clip_grad': ('type', 'max_norm', 'norm_type', 'error_if_nonfinite', 'foreach', 'clip_value'),
    'optim_wrapper.paramwise_cfg': (
        'custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'dwconv_decay_mult', 'flat_decay_mult',
        'bypass_duplicate', 'dcn_offset_lr_mult', 'num_layers', 'layer_decay_rate',
    ),
}  # fmt: skip
