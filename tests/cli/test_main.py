"""The command: its table, its messages, its exit statuses, and that the scripts call the same functions."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmpose_dark.cli import image_demo, predict, status
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.main import COMMANDS, PROGRAM, main
from mmpose_dark.cli.train import _say_how_to_go_on as say_how_to_go_on
from mmpose_dark.utils.errors import InputError, UserError
from mmpose_dark.version import __version__

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = dict(train='tools/train.py', test='tools/test.py', check='tools/misc/check_dataset.py')


def ended(function, *arguments):
    """Call ``function`` and return the exit status."""
    try:
        return function(*arguments)
    except SystemExit as end:
        return end.code


def help_of(capsys, function, *arguments):
    assert ended(function, *arguments) == 0
    return capsys.readouterr().out


def test_help_names_every_command(capsys):
    printed = help_of(capsys, main, ['--help'])
    for name, command in COMMANDS.items():
        assert f'  {name} ' in printed
        assert command.help in printed
    assert help_of(capsys, main, ['--version']) == f'{PROGRAM} {__version__}\n'


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_a_help_text(capsys, name):
    printed = help_of(capsys, main, [name, '--help'])
    assert printed.startswith(f'usage: {PROGRAM} {name} ')
    assert '{prog}' not in printed


@pytest.mark.parametrize(('name', 'script'), SCRIPTS.items())
def test_scripts_have_the_options_of_the_command(capsys, monkeypatch, name, script):
    monkeypatch.setenv('COLUMNS', '200')
    command = help_of(capsys, main, [name, '--help'])
    monkeypatch.setattr(sys, 'argv', [script, '--help'])
    alone = help_of(capsys, runpy.run_path, str(ROOT / script), None, '__main__')
    options = 'options:' + command.split('options:')[1].split('\n\n')[0]
    assert options in alone


def test_the_image_demo_has_the_option_names_of_predict(capsys):
    ours, demo = (
        set(re.findall(r'(?<![\w-])--[a-z][a-z-]+', help_of(capsys, main_of, ['--help'])))
        for main_of in (predict.main, image_demo.main)
    )
    assert demo - ours == {'--coco-results', '--draw-heatmap', '--show'}


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'mmpose-dark: error: the following arguments are required: COMMAND'),
        (['tarin'], "mmpose-dark: error: argument COMMAND: invalid choice: 'tarin'"),
        (['train', 'nowhere.py'], 'mmpose-dark train: error: config nowhere.py does not exist'),
        (['test', 'a.py', 'b.pth', '--out', 'm.csv'], 'mmpose-dark test: error: --out writes .json, not m.csv'),
        (['check', 'a.py', '--workers', '0'], 'mmpose-dark check: error: --workers 0: at least 1 is needed'),
        (['models', 'show', 'resnet'], "mmpose-dark models: error: no model 'resnet' in"),
    ],
)
def test_mistakes_are_told_by_the_command_and_end_with_2(capsys, words, message):
    assert ended(main, words) == status.USER_ERROR
    assert message in capsys.readouterr().err


def test_the_zoo_is_listed_and_shown(capsys):
    name = 'mmpose-hrnet_w32_coco_256x192_dark'
    assert main(['models', 'list', 'mmpose-hrnet_w32_coco_*_dark']) == status.OK
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert all(line.startswith('mmpose-hrnet_w32_coco_') for line in lines)
    assert main(['models', 'show', name]) == status.OK
    shown = capsys.readouterr().out
    assert shown.startswith(name)
    assert 'configs/top_down/darkpose/coco/hrnet_w32_coco_256x192_dark.py' in shown
    assert 'AP 75.7' in shown


def test_python_m_runs_the_command(tmp_path):
    command = [sys.executable, '-m', 'mmpose_dark', 'models', 'list', 'darkpose-*']
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={'PYTHONPATH': str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('darkpose-')


def test_a_reader_may_stop_reading():
    command = f'set -o pipefail; {sys.executable} -m mmpose_dark models list | true'
    done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, '')


def test_an_interrupted_training_says_how_to_go_on(tmp_path):
    lines: list[str] = []
    runner = SimpleNamespace(
        work_dir=str(tmp_path), epoch=2, iter=7, max_epochs=5, logger=SimpleNamespace(warning=lines.append)
    )
    say_how_to_go_on(runner, ['mmpose-dark', 'train', 'a b.py', '--resume'])
    (tmp_path / 'epoch_2.pth').touch()
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    say_how_to_go_on(runner, ['mmpose-dark', 'train', 'a b.py', '--resume'])
    assert lines[0] == 'Interrupted in epoch 3, iteration 7. There is no checkpoint yet.'
    assert lines[1].endswith("epoch_2.pth. Continue with:\n  mmpose-dark train 'a b.py' --resume")


@pytest.mark.parametrize(
    ('error', 'end', 'says'),
    [
        (InputError('a: bad'), 2, 'tool.py: error: a: bad\n'),
        (UserError('b'), 2, 'tool.py: error: b\n'),
        (FileNotFoundError(2, 'No such file', 'x.json'), 2, "x.json'\n"),
        (OSError(28, 'No space left on device'), 2, 'No space left on device\n'),
        (KeyboardInterrupt(), 130, '\ntool.py: interrupted\n'),
    ],
)
def test_what_a_user_can_put_right_is_one_message(capsys, error, end, says):
    def raise_it():
        with user_errors('tool.py'):
            raise error

    assert ended(raise_it) == end
    assert capsys.readouterr().err.endswith(says)


@pytest.mark.parametrize(
    'error', [ValueError('mine'), OSError(5, 'Input/output error'), KeyError('x'), AssertionError()]
)
def test_faults_of_the_program_keep_their_traceback(error):
    with pytest.raises(type(error)), user_errors('tool.py'):
        raise error


def test_debug_keeps_the_traceback_of_a_users_mistake(monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_DEBUG', '1')
    with pytest.raises(InputError), user_errors('tool.py'):
        raise InputError('a')
    monkeypatch.setenv('MMPOSE_DARK_DEBUG', '0')
    with pytest.raises(SystemExit), user_errors('tool.py'):
        raise InputError('a')
