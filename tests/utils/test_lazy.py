import sys
import types

import pytest

from mmpose_dark.utils.lazy import lazy_names


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, one of which cannot be imported."""
    folder = tmp_path / 'lazy_toy'
    folder.mkdir()
    (folder / '__init__.py').write_text(
        'from mmpose_dark.utils.lazy import lazy_names\n'
        "__getattr__, __dir__ = lazy_names(__name__, {'light': 'one', 'heavy': 'two'})\n"
    )
    (folder / 'one.py').write_text('light = 1\n')
    (folder / 'two.py').write_text('import a_package_that_is_not_installed\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield 'lazy_toy'
    for name in [name for name in sys.modules if name.startswith('lazy_toy')]:
        del sys.modules[name]


def test_a_name_loads_its_module_and_no_other(package):
    namespace: dict[str, object] = {}
    exec(f'from {package} import light\nimport {package} as room', namespace)
    assert namespace['light'] == 1
    assert isinstance(namespace['room'], types.ModuleType)
    assert dir(namespace['room']) == ['heavy', 'light']
    assert f'{package}.two' not in sys.modules
    with pytest.raises(ModuleNotFoundError, match='a_package_that_is_not_installed'):
        namespace['room'].heavy  # noqa: B018


def test_a_name_that_is_not_there():
    get, names = lazy_names('toy', {'a': 'b'})
    assert names() == ['a']
    with pytest.raises(AttributeError, match="module 'toy' has no attribute 'c'"):
        get('c')
