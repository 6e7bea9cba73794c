"""Setting values of a config by dotted names, as ``--cfg-options`` does; what would have no effect is an error."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..utils.nearest import nearest
from .errors import ConfigError
from .variables import is_variable, keys_named, stale_places

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['CommaList', 'set_options']

_RESERVED = ('filename', 'text', 'pretty_text', 'env_variables')
_MAY_BE_SWITCHED = ('compile',)  # a section, or True


class CommaList(list):
    """Values that were typed with commas and without brackets: a list, or a string that has commas in it.

    Attributes:
        text: as it was typed.
    """

    def __init__(self, values: list, text: str) -> None:
        super().__init__(values)
        self.text = text


def set_options(cfg: 'Config', options: Mapping[str, object]) -> None:
    """Set values, in place.

    Args:
        cfg: is changed.
        options: by dotted name; the items of a list go by number: ``{'param_scheduler.0.end': 5}``.

    Raises:
        ConfigError: a name that points nowhere, a section replaced by a single value, or a value that nothing reads:
            the message says where the one stands that has an effect.

    >>> from mmengine.config import Config
    >>> cfg = Config(dict(data_root='a/', test_dataloader=dict(dataset=dict(data_root='a/'))))
    >>> set_options(cfg, {'test_dataloader.dataset.data_root': 'b/'})
    >>> set_options(cfg, {'data_root': 'b/'})
    Traceback (most recent call last):
        ...
    mmpose_dark.config.errors.ConfigError: --cfg-options data_root: nothing reads this any more; ...
    """
    before = copy.deepcopy(cfg.to_dict())
    for key, value in options.items():
        _set(cfg, key, value)
    after = cfg.to_dict()
    for key in options:
        name = key.split('.')[0]
        if is_variable(name):
            _check_effect(key, name, before, after)


def _set(cfg: 'Config', key: str, value: object) -> None:
    """Replace a value; what leads to it is copied, as sections may be the same objects in several places."""
    parts = key.split('.')
    if not all(parts) or any(part.startswith('_') and part.endswith('_') for part in parts):
        raise ConfigError(f'--cfg-options {key}: this is no name of a setting; write it as model.backbone.depth=50')
    if parts[0] in _RESERVED:
        raise ConfigError(f'--cfg-options {key}: {parts[0]!r} is a name that configs need for themselves')
    cfg[parts[0]] = _changed(cfg.get(parts[0]), parts, 1, value, is_there=parts[0] in cfg)


def _changed(node: object, parts: list[str], depth: int, value: object, *, is_there: bool) -> object:
    """Return what stands at ``parts[:depth]`` with the value in it that the rest of the parts leads to."""
    from mmengine.config import Config, ConfigDict

    key, place = '.'.join(parts), '.'.join(parts[:depth])
    if depth == len(parts):
        new = copy.deepcopy(_as_typed(value, node))
        _check_kind(key, node, new)
        if not isinstance(new, Mapping):
            return new
        alone = dict(new).pop('_delete_', False) or not isinstance(node, Mapping)
        return (
            ConfigDict({k: v for k, v in new.items() if k != '_delete_'})
            if alone
            else ConfigDict(Config._merge_a_into_b(new, node))
        )
    part = parts[depth]
    if isinstance(node, Mapping) or not is_there:
        changed = ConfigDict(node or {})
        changed[part] = _changed(changed.get(part), parts, depth + 1, value, is_there=part in changed)
        return changed
    if isinstance(node, list):
        items, number = list(node), _index(key, place, node, part)
        items[number] = _changed(items[number], parts, depth + 1, value, is_there=True)
        return items
    remedy = f'set the whole of it, as {place}="(1,2)"' if isinstance(node, tuple) else f'it has no {part!r} in it'
    raise ConfigError(f'--cfg-options {key}: {place} is {node!r}; {remedy}')


def _index(key: str, place: str, node: list, part: str) -> int:
    if not (part.isascii() and part.isdigit() and int(part) < len(node)):
        raise ConfigError(
            f'--cfg-options {key}: {place} is a list of {len(node)}; its items go by number, {place}.0 to '
            f'{place}.{len(node) - 1}'
            if node
            else f'--cfg-options {key}: {place} is an empty list'
        )
    return int(part)


def _as_typed(value: object, old: object) -> object:
    """Take values with commas for what stands there now: a string, or a list."""
    if not isinstance(value, CommaList):
        return value
    a_path = not isinstance(old, list | tuple) and ('/' in value.text or '\\' in value.text)
    return value.text if isinstance(old, str) or a_path else list(value)


def _check_kind(key: str, old: object, new: object) -> None:
    """Refuse a single value in the place of a whole section or of a list of components."""
    if new is None or isinstance(new, Mapping | list | tuple) or key in _MAY_BE_SWITCHED:
        return
    if isinstance(old, Mapping) and old:
        kind = f' ({old["type"]})' if isinstance(old.get('type'), str) else ''
        raise ConfigError(
            f'--cfg-options {key}={new}: {key} is a section{kind} with {", ".join(map(str, old))}; set one of these, '
            f'as {key}.{next(iter(old))}=...'
        )
    if isinstance(old, list | tuple) and any(isinstance(item, Mapping) for item in old):
        raise ConfigError(
            f'--cfg-options {key}={new}: {key} is a list of {len(old)}; set in one of them, as {key}.0.type'
        )


def _check_effect(key: str, name: str, before: dict, after: dict) -> None:
    """Refuse to set a variable: what was made of it has its value already."""
    where = f'--cfg-options {key}'
    if name not in before:
        places = keys_named(before, name)
        remedy = f'set {" or ".join(places)}' if places else 'see print_config.py for the names there are'
        raise ConfigError(
            f'{where}: nothing reads this name{nearest(name, list(before)) if not places else ";"} {remedy}'
        )
    places, all_places = stale_places(name, before, after)
    if all_places and not places:  # the same options set these too
        return
    below = key.removeprefix(name)
    remedy = f'set {" and ".join(place + below for place in places)}' if places else 'it has no use here'
    raise ConfigError(f'{where}: nothing reads this any more; what was made of it has its value already: {remedy}')
