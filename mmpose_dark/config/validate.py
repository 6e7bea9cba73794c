"""Checking a whole config before anything is built: every component, every argument, every name."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mmengine.hooks import EMAHook

from .. import registry
from ..utils.choices import PHASES
from ..utils.hints import fits, hints_of, in_words
from ..utils.nearest import nearest
from ..utils.pose_registry import PoseRegistry, accepted_arguments
from . import names, positions
from .agreement import disagreements
from .components import Component, components
from .errors import ConfigError
from .mmpose_parts import said_of
from .values import wrong_sections, wrong_settings

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['validate_config']

_TOO_CLOSE = 0.8  # a variable called almost like a section is a mistyped section


def validate_config(cfg: 'Config | dict') -> None:
    """Check ``cfg`` from top to bottom, without building anything.

    Every dict with a ``type`` is looked up in the registry of its place, and its arguments are bound to the
    component's signature; sections without a type must have known keys; values must be of the kind that is needed
    (a number, a list, yes or no). A name at the top that nothing reads is a variable of the config (``data_root``,
    ``train_pipeline``) and may hold anything. It is an error if it is almost one that is read (``train_cfgg``), or
    one that people expect to be read (``optimizer``, and the other sections of mmpose 0.x). Names that end in
    ``_pipeline`` and the like, or begin with an underscore, are always variables.
    Last, settings that say the same thing in several places must agree (`disagreements`).

    Raises:
        ConfigError: with one line for each mistake, beginning with its place.

    >>> validate_config(dict(model=dict(type='TopDown', backbone=dict(type='ResNet', depth=18)), workdir='runs'))
    Traceback (most recent call last):
        ...
    mmpose_dark.config.errors.ConfigError: workdir: unknown name at the top of a config; did you mean 'work_dir'?
    """
    settings = {key: cfg[key] for key in cfg}
    mistakes = list(wrong_sections(settings))
    if mistakes:  # nothing inside them can be looked at
        raise ConfigError('\n'.join(mistakes))
    mistakes = [*_top_level(settings), *_sections(settings), *wrong_settings(settings)]
    for component in components(settings):
        mistakes += _layer(component) if component.registry is None else _component(component)
    if not mistakes:
        mistakes = list(disagreements(settings))
    if mistakes:
        raise ConfigError('\n'.join(dict.fromkeys(mistakes)))


# --- the top level and sections: each yields one line for a mistake ---------------------------------------


def _top_level(cfg: dict) -> Iterator[str]:
    if cfg.get('default_scope', 'mmpose_dark') != 'mmpose_dark':
        yield f"default_scope: {cfg['default_scope']!r} should be 'mmpose_dark'"
    if 'model' not in cfg:
        yield 'model: missing; a config needs one'
    elif not isinstance(cfg['model'], Mapping):
        yield f"model: is {cfg['model']!r}; a dict with a type is needed, such as dict(type='TopDown', ...)"
    for name, value in cfg.items():
        if name not in names.TOP_LEVEL:
            yield from _top_level_name(name, value)


def _top_level_name(name: str, value: object) -> Iterator[str]:
    known = list(names.TOP_LEVEL)
    if name in names.MISPLACED:
        if isinstance(value, dict | list | tuple) or name in names.MISPLACED_VALUES:
            yield f'{name}: nothing reads this at the top of a config; see {names.MISPLACED[name]}'
        return
    helper = names.HELPER_NAMES.fullmatch(name)
    if not helper and difflib.get_close_matches(name.lower(), known, n=1, cutoff=_TOO_CLOSE):
        yield f'{name}: unknown name at the top of a config{nearest(name, known)}'


def _sections(cfg: dict) -> Iterator[str]:
    for place, known in positions.PLAIN_SECTIONS.items():
        section: object = cfg
        for key in place.split('.'):
            section = section.get(key) if isinstance(section, dict) else None
        if section is not None:
            yield from _keys(place, section, known)
    yield from _optimizer(cfg.get('optim_wrapper'))
    yield from _default_hooks(cfg.get('default_hooks'))
    for phase in PHASES:
        place, loader = f'{phase}_dataloader', cfg.get(f'{phase}_dataloader')
        if loader is not None:
            yield from _keys(place, loader, positions.LOADER_KEYS)
        if isinstance(loader, dict):
            yield from (f'{place}: needs `{key}`' for key in ('dataset', 'sampler') if key not in loader)


def _keys(place: str, section: object, known: Iterable[str]) -> Iterator[str]:
    if not isinstance(section, dict):
        yield f'{place}: should be a dict, not {section!r}'
        return
    known = list(known)
    for key in section:
        if key not in known:
            yield f'{place}: unexpected key {key!r}{nearest(str(key), known)} Accepted: {", ".join(known)}.'


def _optimizer(wrapper: object) -> Iterator[str]:
    if not isinstance(wrapper, dict):
        return
    constructor = wrapper.get('constructor')
    if constructor is not None:
        yield from _find('optim_wrapper.constructor', constructor, registry.OPTIM_WRAPPER_CONSTRUCTORS)[1]
    elif 'optimizer' not in wrapper:
        yield "optim_wrapper: needs `optimizer`, as optimizer=dict(type='Adam', lr=5e-4)"


def _default_hooks(hooks: object) -> Iterator[str]:
    if hooks is None:
        return
    if not isinstance(hooks, dict):
        yield f'default_hooks: should be a dict, not {hooks!r}'
        return
    known = list(names.DEFAULT_HOOKS)
    for name in hooks:
        if name not in known and difflib.get_close_matches(name, known, n=1, cutoff=_TOO_CLOSE):
            yield f'default_hooks.{name}: unknown name{nearest(name, known)} Known: {", ".join(known)}.'


# --- components -------------------------------------------------------------------------------------------


def _component(component: Component) -> Iterator[str]:
    place, cfg, of = component.place, component.value, component.registry
    if not isinstance(cfg, dict):
        if isinstance(cfg, str | bool | int | float):  # anything else is an object that was built already
            yield f'{place}: should be a dict with a type, not {cfg!r}'
        return
    kind = cfg.get('type', component.default)
    if kind is None:
        yield f'{place}: needs `type`, the name of a {of.name}'
        return
    found, mistakes = _find(place, kind, of)
    yield from mistakes
    if found is not None:
        yield from _arguments(place, str(kind), found, cfg, of)
    if of is registry.DATASETS and cfg.get('data_prefix') is not None:
        yield from _keys(f'{place}.data_prefix', cfg['data_prefix'], ('img',))


def _find(place: str, kind: object, of: PoseRegistry) -> tuple[Callable | None, list[str]]:
    """Return what ``kind`` names, None if nothing, and the mistakes in naming it."""
    if not isinstance(kind, str):
        # Only a Python config can hold a class or a function.
        return (kind, []) if callable(kind) else (None, [f'{place}: type should be a name, not {kind!r}'])
    try:
        found = of.get(kind)
    except (ImportError, AttributeError) as err:  # of the module that holds the components
        return None, [f'{place}: {kind}: the {of.name} cannot be imported: {type(err).__name__}: {err}']
    if found is not None:
        return found, []
    absent = said_of(kind)
    if absent:
        return None, [f'{place}: {kind}: {absent}.']
    known = of.known_names()
    own = sorted(of.module_dict) or known
    dotted = ' A full name must be of something registered, in a module that custom_imports names.' * ('.' in kind)
    return None, [f'{place}: {kind}: unknown {of.name}{nearest(kind, known)} Known: {", ".join(own)}.{dotted}']


def _arguments(place: str, kind: str, found: Callable, cfg: dict, of: PoseRegistry) -> Iterator[str]:
    """Bind a component's settings to the signature of its class or function."""
    try:
        accepted, _, is_open = accepted_arguments(found)
        own = list(inspect.signature(found.__init__ if inspect.isclass(found) else found).parameters.values())
    except (TypeError, ValueError):  # written in C: no signature
        return
    injected = positions.INJECTED.get(of.name, set())
    if inspect.isclass(found) and issubclass(found, EMAHook):
        average, mistakes = _find(f'{place}.ema_type', cfg.get('ema_type', 'ExponentialMovingAverage'), registry.MODELS)
        yield from mistakes
        if average is None:
            return
        # The hook hands the rest to the averaged model.
        more = accepted_arguments(average).accepted
        accepted, is_open = [*accepted, *(name for name in more if name not in ('model', *accepted))], False
    given = [key for key in cfg if key not in ('type', '_scope_', *positions.KEYWORDS.get(of.name, ()))]
    offered = [name for name in accepted if name not in injected]
    for key in given:
        if key not in accepted and not is_open:
            near = nearest(str(key), offered)
            yield f'{place}: {kind}: unexpected argument {key!r}{near} Accepted: {", ".join(offered) or "none"}.'
    hints = hints_of(found)
    for key in given:
        if key in hints and not fits(cfg[key], hints[key]):
            yield f'{place}.{key}: {kind}: should be {in_words(hints[key])}, not {cfg[key]!r}'
    for parameter in own[1:] if inspect.isclass(found) else own:
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if named and parameter.default is parameter.empty and parameter.name not in (*given, *injected):
            yield f'{place}: {kind}: argument {parameter.name!r} is missing'


def _layer(component: Component) -> Iterator[str]:
    """Check a layer's type; `make_norm` (or mmcv, in a network of the user's) checks its arguments."""
    from ..models.layers import NORM_LAYERS

    kind = component.value.get('type') if isinstance(component.value, dict) else None
    if not isinstance(kind, str) or kind in NORM_LAYERS:
        return
    import mmcv.cnn  # noqa: F401 - registers its layers

    if registry.MODELS.get(kind) is None:
        known = list(NORM_LAYERS)
        yield (f"{component.place}: {kind}: unknown layer{nearest(kind, known)} Known: {', '.join(known)} and mmcv's.")
