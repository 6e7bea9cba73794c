"""Reading YAML as data: mmengine's reader runs whatever a tag in the file says."""

import contextlib
from collections.abc import Iterator
from typing import IO

import yaml
from mmengine.fileio import BaseFileHandler
from mmengine.fileio.handlers import registry_utils

__all__ = ['safe_yaml']


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which knows tuples as well: mmengine writes them into the configs it saves."""


_Loader.add_constructor('tag:yaml.org,2002:python/tuple', lambda loader, node: tuple(loader.construct_sequence(node)))


class _Handler(BaseFileHandler):
    def load_from_fileobj(self, file: IO, **kwargs: object) -> object:
        return yaml.load(file, Loader=_Loader)

    def dump_to_fileobj(self, obj: object, file: IO, **kwargs: object) -> None:
        yaml.safe_dump(obj, file)

    def dump_to_str(self, obj: object, **kwargs: object) -> str:
        return yaml.safe_dump(obj)


@contextlib.contextmanager
def safe_yaml() -> Iterator[None]:
    """Let mmengine read YAML files as data while the block runs.

    A tag that would make a Python object, such as ``!!python/object/apply:os.system``, is an error then.

    >>> import mmengine, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder, safe_yaml():
    ...     path = pathlib.Path(folder, 'a.yaml')
    ...     _ = path.write_text('size: !!python/tuple [1, 2]')
    ...     mmengine.load(path)
    {'size': (1, 2)}
    """
    handlers = registry_utils.file_handlers
    before = {name: handlers[name] for name in ('yaml', 'yml') if name in handlers}
    handlers.update(dict.fromkeys(('yaml', 'yml'), _Handler()))
    try:
        yield
    finally:
        handlers.update(before)
