"""Checking a whole config before anything is built: every component, every argument, every name."""

import difflib
import inspect
from collections.abc import Iterable
from typing import Any

from mmengine.config import Config

from .. import registry
from ..utils.pose_registry import PoseRegistry, accepted_arguments, nearest
from . import positions
from .reading import ConfigError

__all__ = ['validate_config']

_TOO_CLOSE = 0.8  # a variable called almost like a section is a mistyped section


def validate_config(cfg: Config | dict) -> None:
    """Check ``cfg`` from top to bottom, without building anything.

    Every dict with a ``type`` is looked up in the registry of its place, and its arguments are
    bound to the component's signature; sections without a type must have known keys. A name at the top that
    nothing reads is taken for a variable of the config (``data_root``, ``train_pipeline``), which may hold anything,
    unless it is almost one that is read (``train_cfgg``) or one that people expect to be read (``optimizer``, and the
    other sections of mmpose 0.x): those are errors. Variables are let alone however they are called if they end in
    ``_pipeline`` and the like or begin with an underscore.

    Raises:
        ConfigError: with one line for each mistake, beginning with its place.
    """
    checker = _Checker()
    checker.top_level({key: cfg[key] for key in cfg})
    if checker.errors:
        raise ConfigError('\n'.join(dict.fromkeys(checker.errors)))


class _Checker:
    """Walks a config and collects what is wrong."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def error(self, path: str, message: str) -> None:
        self.errors.append(f'{path}: {message}')

    # --- the top level and sections ---------------------------------------------------------------

    def top_level(self, cfg: dict) -> None:
        if cfg.get('default_scope', 'mmpose_dark') != 'mmpose_dark':
            self.error('default_scope', f"{cfg['default_scope']!r} should be 'mmpose_dark'")
        for name, value in cfg.items():
            if name not in positions.TOP_LEVEL:
                self.top_level_name(name, value)
        if 'model' not in cfg:
            self.error('model', 'missing; a config needs one')
        self.component('model', cfg.get('model'), registry.MODELS)
        self.component('codec', cfg.get('codec'), registry.KEYPOINT_CODECS)
        self.component('data_preprocessor', cfg.get('data_preprocessor'), registry.MODELS)
        self.component(
            'model_wrapper_cfg',
            cfg.get('model_wrapper_cfg'),
            registry.MODEL_WRAPPERS,
            default='MMDistributedDataParallel',
        )
        self.component('visualizer', cfg.get('visualizer'), registry.VISUALIZERS)
        self.component('log_processor', cfg.get('log_processor'), registry.LOG_PROCESSORS, default='LogProcessor')
        self.component('param_scheduler', cfg.get('param_scheduler'), registry.PARAM_SCHEDULERS)
        self.component('custom_hooks', cfg.get('custom_hooks'), registry.HOOKS)
        self.optim_wrapper(cfg.get('optim_wrapper'))
        self.default_hooks(cfg.get('default_hooks'))
        by_epoch = (cfg.get('train_cfg') or {}).get('by_epoch', True)
        loops = dict(train='EpochBasedTrainLoop' if by_epoch else 'IterBasedTrainLoop', val='ValLoop', test='TestLoop')
        for stage, loop in loops.items():
            self.dataloader(f'{stage}_dataloader', cfg.get(f'{stage}_dataloader'))
            self.evaluator(f'{stage}_evaluator', cfg.get(f'{stage}_evaluator'))
            settings = cfg.get(f'{stage}_cfg')
            if isinstance(settings, dict):
                settings = {k: v for k, v in settings.items() if k != 'by_epoch'}
            self.component(f'{stage}_cfg', settings, registry.LOOPS, default=loop)
        for path, known in positions.PLAIN_SECTIONS.items():
            section: Any = cfg
            for key in path.split('.'):
                section = section.get(key) if isinstance(section, dict) else None
            if section is not None:
                self.keys(path, section, known)

    def top_level_name(self, name: str, value: Any) -> None:
        known = list(positions.TOP_LEVEL)
        if name in positions.MISPLACED:
            if isinstance(value, dict | list | tuple) or name in positions.MISPLACED_VALUES:
                self.error(name, f'nothing reads this at the top of a config; see {positions.MISPLACED[name]}')
            return
        helper = positions.HELPER_NAMES.fullmatch(name)
        if not helper and difflib.get_close_matches(name.lower(), known, n=1, cutoff=_TOO_CLOSE):
            self.error(name, f'unknown name at the top of a config{nearest(name, known)}')

    def keys(self, path: str, section: Any, known: Iterable[str]) -> None:
        if not isinstance(section, dict):
            self.error(path, f'should be a dict, not {section!r}')
            return
        known = list(known)
        for key in section:
            if key not in known:
                self.error(path, f'unexpected key {key!r}{nearest(str(key), known)} Accepted: {", ".join(known)}.')

    def optim_wrapper(self, wrapper: Any) -> None:
        if wrapper is None:
            return
        path = 'optim_wrapper'
        self.component(path, wrapper, registry.OPTIM_WRAPPERS, default='OptimWrapper')
        if not isinstance(wrapper, dict):
            return
        if 'optimizer' not in wrapper and 'constructor' not in wrapper:
            self.error(path, "needs `optimizer`, as optimizer=dict(type='Adam', lr=5e-4)")
        constructor = wrapper.get('constructor')
        if constructor is not None:
            self.find(f'{path}.constructor', constructor, registry.OPTIM_WRAPPER_CONSTRUCTORS)

    def default_hooks(self, hooks: Any) -> None:
        if hooks is None:
            return
        if not isinstance(hooks, dict):
            self.error('default_hooks', f'should be a dict, not {hooks!r}')
            return
        known = list(positions.DEFAULT_HOOKS)
        for name, hook in hooks.items():
            if name not in known and difflib.get_close_matches(name, known, n=1, cutoff=_TOO_CLOSE):
                self.error(f'default_hooks.{name}', f'unknown name{nearest(name, known)} Known: {", ".join(known)}.')
            self.component(f'default_hooks.{name}', hook, registry.HOOKS)

    def dataloader(self, path: str, loader: Any) -> None:
        if loader is None:
            return
        self.keys(path, loader, positions.LOADER_KEYS)
        if not isinstance(loader, dict):
            return
        for key in ('dataset', 'sampler'):
            if key not in loader:
                self.error(path, f'needs `{key}`')
        self.component(f'{path}.dataset', loader.get('dataset'), registry.DATASETS)
        self.component(f'{path}.sampler', loader.get('sampler'), registry.DATA_SAMPLERS)
        self.component(f'{path}.batch_sampler', loader.get('batch_sampler'), registry.DATA_SAMPLERS)
        self.component(f'{path}.collate_fn', loader.get('collate_fn'), registry.FUNCTIONS)
        self.component(f'{path}.worker_init_fn', loader.get('worker_init_fn'), registry.FUNCTIONS)

    def evaluator(self, path: str, evaluator: Any) -> None:
        if isinstance(evaluator, dict) and 'metrics' in evaluator:
            self.component(path, evaluator, registry.EVALUATORS, default='Evaluator')
        else:
            self.component(path, evaluator, registry.METRICS)

    # --- components -------------------------------------------------------------------------------

    def component(self, path: str, cfg: Any, of: PoseRegistry, *, default: str | None = None) -> None:
        """Check one component (or a list of them) and everything inside it."""
        if cfg is None:
            return
        if _is_sequence(cfg):
            for i, item in enumerate(cfg):
                self.component(f'{path}.{i}', item, of, default=default)
            return
        if not isinstance(cfg, dict):
            if not isinstance(cfg, str | bool | int | float):  # an object that was built already
                return
            self.error(path, f'should be a dict with a type, not {cfg!r}')
            return
        kind = cfg.get('type', default)
        if kind is None:
            self.error(path, f'needs `type`, the name of a {of.name}')
            return
        found = self.find(path, kind, of)
        if found is not None:
            self.arguments(path, str(kind), found, cfg, of)
        self.inside(path, cfg, of)

    def find(self, path: str, kind: Any, of: PoseRegistry) -> Any:
        if not isinstance(kind, str):
            return kind
        try:
            found = of.find(kind)
        except (KeyError, ImportError, AttributeError, ValueError):
            found = None
        if found is None:
            of.import_from_location()
            own = sorted(of.module_dict) or of.known_names()
            near = nearest(kind, of.known_names())
            self.error(path, f'{kind}: unknown {of.name}{near} Known: {", ".join(own)}.')
        return found

    def arguments(self, path: str, kind: str, component: Any, cfg: dict, of: PoseRegistry) -> None:
        try:
            accepted, _, is_open = accepted_arguments(component)
            own = inspect.signature(component.__init__ if inspect.isclass(component) else component).parameters
        except (TypeError, ValueError):  # written in C: no signature
            return
        injected = positions.INJECTED.get(of.name, set())
        keywords = positions.KEYWORDS.get(of.name, set())
        if kind == 'EMAHook':
            accepted, is_open = _ema_arguments(accepted, cfg), False
        given = [key for key in cfg if key not in ('type', '_scope_') and key not in keywords]
        for key in given:
            if key not in accepted and not is_open:
                offered = [a for a in accepted if a not in injected]
                self.error(
                    path,
                    f'{kind}: unexpected argument {key!r}{nearest(str(key), offered)} '
                    f'Accepted: {", ".join(offered) or "none"}.',
                )
        for name, parameter in list(own.items())[1 if inspect.isclass(component) else 0 :]:
            needed = parameter.default is parameter.empty and parameter.kind in (
                parameter.POSITIONAL_OR_KEYWORD,
                parameter.KEYWORD_ONLY,
            )
            if needed and name not in given and name not in injected:
                self.error(path, f'{kind}: argument {name!r} is missing')

    def inside(self, path: str, cfg: dict, of: PoseRegistry) -> None:
        """Check the components among a component's arguments."""
        for key, value in cfg.items():
            place = f'{path}.{key}'
            if key == 'data_prefix' and of is registry.DATASETS and value is not None:
                self.keys(place, value, ('img',))
                continue
            if key in ('metainfo', 'paramwise_cfg', 'clip_grad') or (
                key == 'optimizer' and of is registry.PARAM_SCHEDULERS
            ):
                continue
            if key in positions.LAYER_KEYS:
                self.layer(place, value)
            elif _holds_components(value):
                self.component(place, value, positions.BY_KEY.get(key, of))
            elif isinstance(value, dict):
                self.inside(place, value, of)

    def layer(self, path: str, cfg: Any) -> None:
        """Check a layer's type; `make_norm` (or mmcv, in a network of the user's) checks its arguments."""
        from ..models.layers import NORM_LAYERS

        kind = cfg.get('type') if isinstance(cfg, dict) else None
        if not isinstance(kind, str) or kind in NORM_LAYERS:
            return
        import mmcv.cnn  # noqa: F401 - registers its layers

        if registry.MODELS.get(kind) is None:
            known = list(NORM_LAYERS)
            self.error(path, f"{kind}: unknown layer{nearest(kind, known)} Known: {', '.join(known)} and mmcv's.")


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _holds_components(value: Any) -> bool:
    if isinstance(value, dict):
        return 'type' in value
    return _is_sequence(value) and any(_holds_components(item) for item in value)


def _ema_arguments(own: list[str], cfg: dict) -> list[str]:
    """Names that EMAHook takes: its own and those of the averaged model that it hands the rest to."""
    average = registry.MODELS.find(cfg.get('ema_type', 'ExponentialMovingAverage'))
    return own + [name for name in accepted_arguments(average)[0] if name not in ('model', *own)]
