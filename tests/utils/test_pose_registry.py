import functools

import pytest

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
