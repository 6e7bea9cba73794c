"""Names that are asked for in other places than they stand in: `mmpose_names` is the table of them.

An import hook adds the names to the packages where they are expected, and makes the modules that are expected and not
there. No package has to know of it.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

__all__ = ['Homes', 'install_aliases']

Homes = Mapping[str, Mapping[str, str]]
"""Module, without the package's name -> name in it -> where it is: ``module`` or ``module:other_name``."""


class _Module(Loader):
    """Makes a module that consists of names from elsewhere."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = 'A place of mmpose 1.x; what is in it stands elsewhere (see mmpose_dark.compat).'


class _Finder(MetaPathFinder):
    """Finds the modules of a table, and adds its names to them."""

    def __init__(self, package: str, homes: Homes) -> None:
        self.package, self.homes = package, homes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, own = fullname.partition('.')
        if package != self.package or own not in self.homes:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            spec = ModuleSpec(fullname, _Module(), is_package=self.has_inner(own))
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            self.extend(module, own)

        spec.loader.exec_module = exec_module
        return spec

    def has_inner(self, own: str) -> bool:
        return any(name.startswith(f'{own}.') for name in self.homes)

    def extend(self, module: ModuleType, own: str) -> None:
        """Let a module give the names of the table as well."""
        names, before = self.homes.get(own, {}), vars(module).get('__getattr__')
        module.__getattr__ = _chained(module.__name__, names, self.value, before)
        if not hasattr(module, '__all__') and names:
            module.__all__ = list(names)
        if self.has_inner(own) and not hasattr(module, '__path__'):
            module.__path__ = []

    def value(self, home: str) -> object:
        """Import what stands at ``module:name``."""
        module, _, name = home.partition(':')
        found = importlib.import_module(f'{self.package}.{module}')
        return getattr(found, name)


def _chained(
    module: str, names: Mapping[str, str], value: Callable[[str], object], before: Callable[[str], object] | None
) -> Callable[[str], object]:
    def get(name: str) -> object:
        if name in names:
            home = names[name]
            return value(home if ':' in home else f'{home}:{name}')
        if before is not None:
            return before(name)
        raise AttributeError(f'module {module!r} has no attribute {name!r}')

    return get


def install_aliases(package: str, homes: Homes) -> None:
    """Give the names of a table in a package; once is enough.

    Args:
        package: its name.
        homes: names that are added where a module has none of that name.

    >>> install_aliases('no_package', {})
    """
    if any(isinstance(finder, _Finder) and finder.package == package for finder in sys.meta_path):
        return
    finder = _Finder(package, homes)
    sys.meta_path.insert(0, finder)
    for name in homes:
        loaded = sys.modules.get(f'{package}.{name}')
        if loaded is not None:
            finder.extend(loaded, name)
