import functools

import pytest

from mmpose_dark.registry import FUNCTIONS, HOOKS, MODELS, OPTIMIZERS
from mmpose_dark.utils.errors import InputTypeError, UnknownNameError
from mmpose_dark.utils.pose_registry import PoseRegistry, accepted_arguments


class Base:
    def __init__(self, depth, width=1): ...


class Open:
    def __init__(self, size=1, **kwargs): ...


class Middle(Base):
    def __init__(self, *args, heads=2, **kwargs): ...


class Silent(Middle): ...


class OpenChild(Open):
    def __init__(self, name, **kwargs): ...


def plain(a, /, b, *, c=1): ...


@pytest.mark.parametrize(
    ('component', 'accepted', 'required', 'is_open'),
    [
        (Base, ['depth', 'width'], ['depth'], False),
        (Middle, ['heads', 'depth', 'width'], ['depth'], False),
        (Silent, ['heads', 'depth', 'width'], ['depth'], False),
        (Open, ['size'], [], True),
        (OpenChild, ['name', 'size'], ['name'], True),
        (object, [], [], False),
        (plain, ['b', 'c'], ['b'], False),
        (lambda **kwargs: None, [], [], True),
        (functools.partial(plain, 1, b=2), ['b', 'c'], [], False),
    ],
)
def test_arguments_are_followed_up_the_classes(component, accepted, required, is_open):
    found = accepted_arguments(component)
    assert found == (accepted, required, is_open)
    assert (found.accepted, found.required, found.is_open) == (accepted, required, is_open)


@pytest.fixture
def registry():
    parts = PoseRegistry('toy part')
    parts.register_module(module=Base)
    parts.register_module(module=Open)
    return parts


def test_an_unknown_name_is_told_with_the_nearest_and_all(registry):
    message = "unknown toy part 'Bsae'; did you mean 'Base'\\? Known: Base, Open"
    with pytest.raises(KeyError, match=message):
        registry.find('Bsae')
    with pytest.raises(KeyError, match=message):
        registry.build(dict(type='Bsae'))
    assert registry.find('Base') is Base
    assert registry.known_names() == ['Base', 'Open']


def test_an_unknown_argument_is_told_unless_any_is_taken(registry):
    with pytest.raises(
        TypeError, match=r"Base: unexpected argument 'dpeth'; did you mean 'depth' or 'width'\? Accepted: depth, width"
    ):
        registry.build(dict(type='Base', dpeth=1))
    assert isinstance(registry.build(dict(type='Open', anything=1)), Open)


@pytest.mark.parametrize(
    'name',
    ['os.system', 'subprocess.Popen', 'evil_module.Thing', 'mmengine.fileio.load', 'mmpose_dark.os', 'a.b.c', '.'],
)
def test_a_config_reaches_nothing_but_what_is_registered(name, tmp_path, monkeypatch):
    """mmengine imports whatever module a dotted name says, and gives whatever is in it."""
    (tmp_path / 'evil_module.py').write_text("raise SystemExit('this module ran')")
    monkeypatch.syspath_prepend(tmp_path)
    for registry in (MODELS, HOOKS, FUNCTIONS):
        assert registry.get(name) is None
        with pytest.raises(UnknownNameError, match='custom_imports'):
            registry.build(dict(type=name))
    with pytest.raises(UnknownNameError, match='_scope_'):
        MODELS.build(dict(type='TopDown', _scope_='evil_module'))


def test_full_names_of_what_is_registered():
    from mmengine.hooks import EMAHook
    from torch.optim import Adam

    from mmpose_dark.models import TopDown

    assert OPTIMIZERS.get('torch.optim.Adam') is Adam
    assert HOOKS.get('mmengine.EMAHook') is HOOKS.get('mmengine.hooks.EMAHook') is EMAHook
    assert MODELS.get('mmpose_dark.TopDown') is MODELS.get('mmpose_dark.models.TopDown') is TopDown
    for wrong in (3, None, ['TopDown']):
        with pytest.raises(InputTypeError, match='must be a name'):
            MODELS.get(wrong)
