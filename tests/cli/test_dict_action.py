"""``--cfg-options`` against mmengine's action, which it stands for."""

import argparse
import random

import mmengine.config
import pytest

from mmpose_dark.cli.dict_action import DictAction, parse_settings, parse_value
from mmpose_dark.utils.errors import InputError

EXAMPLES = [
    '1', '-2', '1e-3', '.5', 'nan', 'true', 'False', 'TRUE', 'None', 'none', '', "''", '"a"', "'1'", 'a=b', '0x10',
    '1_000', 'KeypointMSELoss', '/data/coco/', 'https://host/a-1.pth?x=1', 'C:/data', 'train2017.zip', '*.jpg', 'ä',
    '1,2', '1,', ',', 'a,1,None', '[1,2]', '[1, 2 ,3]', '(1,2)', '(1,)', '[]', '()', '[a,b]', "['a','b']", '["a", 1]',
    '[(1,2),(3,4)]', '((1,2),[3,a])', '[[[1]]]', '[1,(2,[3,(4,)])]', '"[1,2]"', '[true,None,1.0]', '(a)', '[a]', 'f(x)',
    '1e5,1E5', '"(1,2)"', '[,]', '[1,,2]', 'a[0]', 'x,[1,2]', '(1,2),(3,4)',
]  # fmt: skip


def reference(text):
    return mmengine.config.DictAction._parse_iterable(text)


@pytest.mark.parametrize('text', EXAMPLES)
def test_values_are_read_as_mmengine_reads_them(text):
    try:
        expected = reference(text)
    except (AssertionError, RecursionError):
        with pytest.raises(InputError, match='brackets'):
            parse_value(text)
    else:
        assert repr(parse_value(text)) == repr(expected)


def test_random_values_are_read_as_mmengine_reads_them():
    rng = random.Random(0)
    compared = 0
    for _ in range(20_000):
        text = ''.join(rng.choice('ab1.-,[]()\'"=TN') for _ in range(rng.randint(0, 9)))
        try:
            expected = reference(text)
        except (AssertionError, RecursionError):
            with pytest.raises(InputError):
                parse_value(text)
        else:
            compared += 1
            assert repr(parse_value(text)) == repr(expected), text
    assert compared > 5_000


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('/data/my images/', '/data/my images/'),
        ('[my images, b]', ['my images', 'b']),
        ('["a b", (1, c d)]', ['a b', (1, 'c d')]),
        (' 1 ', 1),
    ],
)
def test_spaces_within_a_string_stay(text, value):
    """mmengine drops them, so that a path with a space in it becomes another path."""
    assert parse_value(text) == value


@pytest.mark.parametrize('text', ['[(1,2]', '(1,2', '1,(2', '),('])
def test_brackets_that_do_not_match(text):
    with pytest.raises(InputError, match='brackets'):
        parse_value(text)


def parser_with(action):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=action)
    return parser


@pytest.mark.parametrize(
    'words',
    [
        ['--cfg-options', 'a.b=1', 'c.0.d=[1,2]', 'e=x=y'],
        ['--cfg-options', 'a=1', '--cfg-options', 'b=2', 'a=3'],
        [],
    ],
)
def test_the_action_collects_as_mmengines_does(words):
    ours, theirs = (parser_with(action).parse_args(words) for action in (DictAction, mmengine.config.DictAction))
    assert ours == theirs


@pytest.mark.parametrize(
    ('word', 'message'),
    [
        ('model.depth', 'write settings as key=value'),
        ('a=[(1]', r"'a=\[\(1\]': the brackets \(\) of '\(1' do not match"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_the_command_line(capsys, word, message):
    with pytest.raises(InputError, match=message):
        parse_settings([word])
    with pytest.raises(SystemExit, match='2'):
        parser_with(DictAction).parse_args(['--cfg-options', word])
    assert 'argument --cfg-options' in capsys.readouterr().err
