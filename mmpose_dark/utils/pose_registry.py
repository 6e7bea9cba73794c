"""mmengine's registry with error messages that say what would have been right."""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mmengine.registry import DefaultScope, Registry

from .errors import InputError, InputTypeError, UnknownNameError, UserError
from .nearest import nearest

__all__ = ['Arguments', 'PoseRegistry', 'accepted_arguments', 'call_chain', 'nearest']


class Arguments(NamedTuple):
    """What a component can be called with.

    Attributes:
        accepted: all names.
        required: those without a default.
        is_open: whether any other name is taken too.
    """

    accepted: list[str]
    required: list[str]
    is_open: bool


def accepted_arguments(component: Callable) -> Arguments:
    """Return the names that a class or function can be called with.

    Follows ``**kwargs`` up the class hierarchy, as OpenMMLab classes hand their rest to the base; a ``**kwargs`` at
    the end of the chain takes any name.

    >>> class Base:
    ...     def __init__(self, depth, width=64): ...
    >>> class Net(Base):
    ...     def __init__(self, heads=1, **kwargs): ...
    >>> accepted_arguments(Net)
    Arguments(accepted=['heads', 'depth', 'width'], required=['depth'], is_open=False)
    """
    accepted: list[str] = []
    required: list[str] = []
    is_open = False
    for function in call_chain(component):
        parameters = list(inspect.signature(function).parameters.values())
        parameters = parameters[1:] if inspect.isclass(component) else parameters
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in accepted:
                accepted.append(p.name)
                if p.default is p.empty:
                    required.append(p.name)
        is_open = any(p.kind == p.VAR_KEYWORD for p in parameters)
        if not is_open:
            break
    return Arguments(accepted, required, is_open)


def call_chain(component: Callable) -> list[Callable]:
    """Return the functions that a call goes through if each hands its ``**kwargs`` on."""
    if not inspect.isclass(component):
        return [component]
    return [vars(owner)['__init__'] for owner in inspect.getmro(component)[:-1] if '__init__' in vars(owner)]


_LARGE = 1 << 24  # a number of channels or the like that no machine has memory for
# Scopes whose package is imported when a config first names it, if it is installed.
_OPENMMLAB = ('mmcls', 'mmcv', 'mmdet', 'mmengine', 'mmpose', 'mmpretrain', 'mmseg')


class PoseRegistry(Registry):
    """A registry of the scope ``mmpose_dark``.

    ``build`` differs from mmengine's in what it says when it fails: an unknown component is an `UnknownNameError`
    (a ``KeyError``) with the nearest names and the list of known ones, a wrong argument an `InputTypeError` (a
    ``TypeError``) with the nearest and the accepted ones.

    >>> losses = PoseRegistry('loss')
    >>> @losses.register_module()
    ... class Squared:
    ...     def __init__(self, weight=1.0):
    ...         self.weight = weight
    >>> losses.build(dict(type='Squared', weight=2.0)).weight
    2.0
    >>> losses.build(dict(type='Squared', wieght=2.0))
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.InputTypeError: Squared: unexpected argument 'wieght'; did you mean 'weight'? Accepted: ...
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, scope='mmpose_dark', **kwargs)

    def known_names(self) -> list[str]:
        """Return the names registered here and in the parents, sorted.

        >>> PoseRegistry('loss').known_names()
        []
        """
        self.import_from_location()
        names: set[str] = set()
        registry: Registry | None = self
        while registry is not None:
            names |= set(registry.module_dict)
            registry = registry.parent
        return sorted(names)

    def get(self, key: str) -> Any:
        """Return the component that is registered as ``key``, None if there is none.

        A config may be data from anywhere, so nothing else can be reached from it: where mmengine imports whatever
        module a dotted name says, ``'os.system'`` is an unknown name here. ``'scope.Name'`` is looked up in the
        registry of another scope; a full name such as ``'torch.optim.Adam'`` is taken if its module is imported
        already (``custom_imports`` does that) and what it names is registered.

        >>> print(PoseRegistry('loss').get('os.system'))
        None
        """
        if not isinstance(key, str):
            raise InputTypeError(f'the type of a {self.name} must be a name, got {key!r}')
        self.import_from_location()
        if key in self.module_dict:  # a name of another scope too, for what stands for it here
            return self.module_dict[key]
        scope, name = self.split_scope_key(key)
        registry: Registry | None = self
        while scope is None and registry is not None:
            if name in registry.module_dict:
                return registry.module_dict[name]
            registry = registry.parent
        if scope is None:
            return None
        owner = self._of_scope(scope)
        if owner is not None and name in owner.module_dict:
            return owner.module_dict[name]
        module, _, name = key.rpartition('.')
        named = vars(sys.modules[module]).get(name) if module in sys.modules else None
        registered = (made for registry in _tree(self.root) for made in registry.module_dict.values())
        return named if named is not None and any(named is made for made in registered) else None

    @property
    def root(self) -> Registry:
        """The registry at the top: mmengine's, where this one has one above it."""
        return self if self.parent is None else self._get_root_registry()

    def _of_scope(self, scope: str) -> Registry | None:
        """Return the registry of a scope, after its package was imported if it is one of OpenMMLab's."""
        if scope == self.scope:
            return self
        if scope in _OPENMMLAB:
            with contextlib.suppress(ImportError, AttributeError, AssertionError):  # missing, or of another time
                importlib.import_module(f'{scope}.registry')
        found = next((registry for registry in _tree(self.root) if registry.scope == scope), None)
        if found is not None:
            found.import_from_location()
        return found

    def find(self, name: str) -> Any:
        """Return the component called ``name``.

        Raises:
            UnknownNameError: no component of that name; the message has the nearest names and all known ones.
        """
        component = self.get(name)
        if component is None:
            raise UnknownNameError(self._unknown(name))
        return component

    def _unknown(self, name: str) -> str:
        known = self.known_names()
        dotted = (
            '; a full name is that of something registered, in a module that custom_imports names.'
            if '.' in str(name)
            else ''
        )
        return f'unknown {self.name} {name!r}{nearest(str(name), known)}{dotted} Known: {", ".join(known)}.'

    def build(self, cfg: dict, *args: Any, **kwargs: Any) -> Any:
        """Build a component from ``dict(type=..., **arguments)``.

        Raises:
            UnknownNameError: unknown ``type``.
            InputTypeError: an argument that the component does not accept, or a required one missing.
            InputError: a number that is too large to build it with.
        """
        scope = cfg.get('_scope_') if isinstance(cfg, dict) else None
        if scope is not None and self._of_scope(str(scope)) is None:  # mmengine would import that package
            raise UnknownNameError(f'unknown scope _scope_={scope!r} of a {self.name}')
        if isinstance(cfg, dict) and isinstance(cfg.get('type'), str):
            component = self.find(cfg['type'])
            given = [k for k in cfg if k not in ('type', '_scope_')]
            known = accepted_arguments(component)
            for name in given if not known.is_open else ():
                if name not in known.accepted:
                    raise InputTypeError(
                        f'{cfg["type"]}: unexpected argument {name!r}{nearest(name, known.accepted)} '
                        f'Accepted: {", ".join(known.accepted) or "none"}.'
                    )
        # What else the process has built (mmengine's default scope) must not decide which component is meant.
        with DefaultScope.overwrite_default_scope(self.scope):
            try:
                return super().build(cfg, *args, **kwargs)
            except (RuntimeError, OverflowError, MemoryError, ValueError, TypeError) as err:
                large = [f'{k}={v}' for k, v in cfg.items() if isinstance(v, int) and abs(v) >= _LARGE]
                if isinstance(err, UserError) or not large:
                    raise
                raise InputError(f'{cfg["type"]}: cannot be built with {", ".join(large)}: too large a number') from err


def _tree(registry: Registry) -> Iterator[Registry]:
    """Yield a registry and all below it."""
    yield registry
    for child in registry.children.values():
        yield from _tree(child)
