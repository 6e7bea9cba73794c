"""The registries of mmpose_dark: children of mmengine's with the scope ``mmpose_dark``.

Each registry names the package that holds its components and imports it at the first look-up, so
that importing ``mmpose_dark`` stays cheap and no component is ever "not registered" because its
module was not imported.
"""

from mmengine import registry as root

from .utils.pose_registry import PoseRegistry

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATORS',
    'FUNCTIONS',
    'HOOKS',
    'KEYPOINT_CODECS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'RUNNERS',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'WEIGHT_INITIALIZERS',
]

_ENGINE = ['mmpose_dark.engine']
_VISUALIZER = ['mmpose_dark.visualization.local_visualizer']

MODELS = PoseRegistry('model', parent=root.MODELS, locations=['mmpose_dark.models'])
MODEL_WRAPPERS = PoseRegistry('model_wrapper', parent=root.MODEL_WRAPPERS, locations=_ENGINE)
WEIGHT_INITIALIZERS = PoseRegistry(
    'weight initializer', parent=root.WEIGHT_INITIALIZERS, locations=['mmpose_dark.checkpoint']
)
KEYPOINT_CODECS = PoseRegistry('keypoint codec', locations=['mmpose_dark.codecs'])
DATASETS = PoseRegistry('dataset', parent=root.DATASETS, locations=['mmpose_dark.datasets'])
TRANSFORMS = PoseRegistry('transform', parent=root.TRANSFORMS, locations=['mmpose_dark.datasets.transforms'])
DATA_SAMPLERS = PoseRegistry(
    'data sampler', parent=root.DATA_SAMPLERS, locations=[*_ENGINE, 'mmpose_dark.compat.sampling']
)
METRICS = PoseRegistry('metric', parent=root.METRICS, locations=['mmpose_dark.evaluation.metrics'])
EVALUATORS = PoseRegistry('evaluator', parent=root.EVALUATOR, locations=['mmpose_dark.evaluation.evaluator'])
VISUALIZERS = PoseRegistry(
    'visualizer', parent=root.VISUALIZERS, locations=['mmpose_dark.visualization.local_visualizer']
)
VISBACKENDS = PoseRegistry('vis_backend', parent=root.VISBACKENDS, locations=['mmpose_dark.visualization'])
RUNNERS = PoseRegistry('runner', parent=root.RUNNERS, locations=_ENGINE)
LOOPS = PoseRegistry('loop', parent=root.LOOPS, locations=_ENGINE)
HOOKS = PoseRegistry('hook', parent=root.HOOKS, locations=_ENGINE)
OPTIMIZERS = PoseRegistry('optimizer', parent=root.OPTIMIZERS, locations=_ENGINE)
OPTIM_WRAPPERS = PoseRegistry('optim_wrapper', parent=root.OPTIM_WRAPPERS, locations=_ENGINE)
OPTIM_WRAPPER_CONSTRUCTORS = PoseRegistry(
    'optimizer wrapper constructor', parent=root.OPTIM_WRAPPER_CONSTRUCTORS, locations=_ENGINE
)
PARAM_SCHEDULERS = PoseRegistry('parameter scheduler', parent=root.PARAM_SCHEDULERS, locations=_ENGINE)
LOG_PROCESSORS = PoseRegistry('log_processor', parent=root.LOG_PROCESSORS, locations=_ENGINE)
FUNCTIONS = PoseRegistry('function', parent=root.FUNCTIONS, locations=['mmpose_dark.datasets'])
