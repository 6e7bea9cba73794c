"""mmengine's registry with error messages that say what would have been right."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from mmengine.registry import DefaultScope, Registry

from .errors import InputTypeError, UnknownNameError
from .nearest import nearest

__all__ = ['Arguments', 'PoseRegistry', 'accepted_arguments', 'nearest']


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
    for function in _call_chain(component):
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


def _call_chain(component: Callable) -> list[Callable]:
    """Return the functions that a call goes through if each hands its ``**kwargs`` on."""
    if not inspect.isclass(component):
        return [component]
    return [vars(owner)['__init__'] for owner in inspect.getmro(component)[:-1] if '__init__' in vars(owner)]


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

    def find(self, name: str) -> Any:
        """Return the component called ``name``.

        Raises:
            UnknownNameError: no component of that name; the message has the nearest names and all known ones.
        """
        try:
            component = self.get(name)
        except RuntimeError as err:  # mmengine: "Failed to get ..."
            raise UnknownNameError(self._unknown(name)) from err
        if component is None:
            raise UnknownNameError(self._unknown(name))
        return component

    def _unknown(self, name: str) -> str:
        known = self.known_names()
        return f'unknown {self.name} {name!r}{nearest(name, known)} Known: {", ".join(known)}.'

    def build(self, cfg: dict, *args: Any, **kwargs: Any) -> Any:
        """Build a component from ``dict(type=..., **arguments)``.

        Raises:
            UnknownNameError: unknown ``type``.
            InputTypeError: an argument that the component does not accept, or a required one missing.
        """
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
            return super().build(cfg, *args, **kwargs)
