"""mmengine's registry with error messages that say what would have been right."""

import inspect
from typing import Any

from mmengine.registry import DefaultScope, Registry

from .errors import InputTypeError, UnknownNameError
from .nearest import nearest

__all__ = ['PoseRegistry', 'accepted_arguments', 'nearest']


def accepted_arguments(component: Any) -> tuple[list[str], list[str], bool]:
    """Names that a class or function can be called with.

    Follows ``**kwargs`` up the class hierarchy, as OpenMMLab classes hand their rest to the base.

    Returns:
        All accepted names, the required ones among them, and whether any other name is taken too
        (a ``**kwargs`` at the end of the chain).
    """
    chain = [c for c in inspect.getmro(component) if c is not object] if inspect.isclass(component) else [component]
    accepted: list[str] = []
    required: list[str] = []
    for owner in chain:
        if inspect.isclass(owner) and '__init__' not in vars(owner):
            continue
        function = owner.__init__ if inspect.isclass(owner) else owner
        parameters = list(inspect.signature(function).parameters.values())
        parameters = parameters[1:] if inspect.isclass(owner) else parameters
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in accepted:
                accepted.append(p.name)
                if p.default is p.empty:
                    required.append(p.name)
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            return accepted, required, False
    ends_open = any(
        p.kind == p.VAR_KEYWORD
        for p in inspect.signature(chain[-1].__init__ if inspect.isclass(chain[-1]) else chain[-1]).parameters.values()
    )
    return accepted, required, ends_open


class PoseRegistry(Registry):
    """A registry of the scope ``mmpose_dark``.

    ``build`` differs from mmengine's in what it says when it fails: an unknown component is a
    ``KeyError`` with the nearest names and the list of known ones, a wrong argument a ``TypeError``
    with the nearest and the accepted ones.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, scope='mmpose_dark', **kwargs)

    def known_names(self) -> list[str]:
        """Return the names registered here and in the parents, sorted."""
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
            KeyError: no component of that name; the message has the nearest names and all known ones.
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
            KeyError: unknown ``type``.
            TypeError: an argument that the component does not accept, or a required one missing.
        """
        if isinstance(cfg, dict) and isinstance(cfg.get('type'), str):
            component = self.find(cfg['type'])
            given = [k for k in cfg if k not in ('type', '_scope_')]
            accepted, _, is_open = accepted_arguments(component)
            for name in given if not is_open else ():
                if name not in accepted:
                    raise InputTypeError(
                        f'{cfg["type"]}: unexpected argument {name!r}{nearest(name, accepted)} '
                        f'Accepted: {", ".join(accepted) or "none"}.'
                    )
        # What else the process has built (mmengine's default scope) must not decide which component is meant.
        with DefaultScope.overwrite_default_scope(self.scope):
            return super().build(cfg, *args, **kwargs)
