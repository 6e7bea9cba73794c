"""docs/get_started.md: every command is one that the tools take, and all of it runs as printed."""

import argparse
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / 'docs' / 'get_started.md', ROOT / 'demo' / 'README.md']
BLOCK = re.compile(r'^```(bash|python)\n(.*?)^```', re.S | re.M)


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(DOCUMENTS[0].read_text(encoding='utf-8'))


class Parsed(Exception):
    """Ends a program where its work would begin; holds the arguments that it has read."""


def commands() -> list[str]:
    return [line for kind, text in blocks() if kind == 'bash' for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize('command', [c for c in commands() if c.startswith('python ')])
def test_tool_takes_the_arguments(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command)
    script = ROOT / words[1]
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, 'path', list(sys.path))
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', words[1:])
    parse = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, *arguments: object) -> None:
        raise Parsed(parse(parser, *arguments))

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', stop)
    with pytest.raises(Parsed) as caught:
        module.main()
    config = getattr(caught.value.args[0], 'config', None)
    assert config is None or (ROOT / config).is_file()


@pytest.mark.parametrize('command', [c for c in commands() if c.startswith('bash ')])
def test_script_and_config_are_there(command: str) -> None:
    _, script, config, *_ = shlex.split(command)
    assert (ROOT / script).is_file()
    assert (ROOT / config).is_file()


def test_nothing_else_is_printed_as_a_command() -> None:
    other = [c for c in commands() if not c.startswith(('python ', 'bash '))]
    assert other == ['make demo', 'source .venv/bin/activate']


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r'\]\(([^)#:]+)\)', document.read_text(encoding='utf-8')):
        assert (document.parent / target).exists(), target


@pytest.mark.slow
def test_all_of_it_runs_in_order(tmp_path: Path) -> None:
    """In a copy of the project, on a small dataset instead of the one that `make demo` draws."""
    clone = tmp_path / 'clone'
    for name in ('mmpose_dark', 'configs', 'tools', 'demo'):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns('__pycache__', 'output'))
    environment = {**os.environ, 'PYTHON': sys.executable}
    small = ['tools/misc/generate_people.py', 'data/people', '--train', '64', '--val', '8']
    for line in commands():
        words = shlex.split(line)
        if words[0] not in ('python', 'bash'):
            continue
        if words[1] == small[0]:
            words[1:] = small
        if words[0] == 'python':
            words[0] = sys.executable
        done = subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f'{line}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}'
    code = '\n'.join(text for kind, text in blocks() if kind == 'python')
    done = subprocess.run([sys.executable, '-c', code], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert 'configs, such as' in done.stdout
    drawn = list((clone / 'work_dirs' / 'people').glob('drawn/*.jpg'))
    assert len(drawn) == 8
    assert (clone / 'demo' / 'output' / 'people.jpg').is_file()
    assert len(list((clone / 'demo' / 'output').glob('val_*_pose.jpg'))) == 8
    assert list((clone / 'work_dirs' / 'browse' / 'people_dark_192x144').glob('train_sheet_*.jpg'))
    assert list((clone / 'work_dirs' / 'people_tb').rglob('events.out.tfevents*'))
