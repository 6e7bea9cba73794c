"""docs/custom_dataset.md: what is printed there runs, in its order, on a small set of drawn people."""

import contextlib
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r'^```(\w+)\n(.*?)^```', (ROOT / 'docs/custom_dataset.md').read_text(encoding='utf-8'), re.S | re.M)


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> pathlib.Path:
    """A folder like the clone's, with 16 drawn images."""
    from mmpose_dark.synthetic import PeopleSettings, prepare_dataset

    folder = tmp_path_factory.mktemp('clone')
    for name in ('mmpose_dark', 'configs', 'tools', 'demo'):
        (folder / name).symlink_to(ROOT / name)
    with contextlib.redirect_stdout(io.StringIO()):
        prepare_dataset(str(folder / 'data/people'), PeopleSettings(train=12, val=4), workers=1)
    return folder


def run_python_blocks() -> str:
    """Write the blocks that are files, run the others; return what they print."""
    out, space = io.StringIO(), {}
    for kind, text in BLOCKS:
        if kind != 'python':
            continue
        name = re.match(r'# (data/\S+)\n', text)
        if name:
            path = pathlib.Path(name[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        else:
            with contextlib.redirect_stdout(out):
                exec(compile(text, 'docs/custom_dataset.md', 'exec'), space)
    return out.getvalue()


def test_definition_and_annotations(folder, monkeypatch):
    monkeypatch.chdir(folder)
    out = run_python_blocks()
    assert '(1, 7, 2)' in out
    assert '[(1, 2), (3, 4), (5, 6)] right_hand' in out
    assert out.count('people') == 3

    from mmpose_dark.config.reading import load_config

    cfg = load_config('data/arms/arms_dark_192x144.py')
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.metainfo.from_file == 'data/arms/arms.py'
        assert loader.dataset.data_root == 'data/arms/'
    assert cfg.model.head.out_channels == 7


def test_every_script_is_there():
    scripts = [shlex.split(line)[1] for kind, text in BLOCKS if kind == 'bash' for line in text.splitlines()]
    assert len(scripts) == 5
    assert [s for s in scripts if not (ROOT / s).is_file()] == []


@pytest.mark.slow
def test_commands_run_in_order(folder, monkeypatch):
    monkeypatch.chdir(folder)
    run_python_blocks()
    for line in (line for kind, text in BLOCKS if kind == 'bash' for line in text.splitlines()):
        words = shlex.split(line)
        if 'generate_people' in line:
            continue
        done = subprocess.run(
            [sys.executable, *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
        )
        assert done.returncode == 0, f'{line}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}'
    assert (folder / 'work_dirs/arms/epoch_4.pth').is_file()
