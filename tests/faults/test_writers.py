"""What writes files, each on a disk that becomes full half-way, and to places that cannot be written."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from full_disk import full_disk

from mmpose_dark.checkpoint import save_checkpoint
from mmpose_dark.datasets.storage.packing import pack_images
from mmpose_dark.drawing.files import write_image
from mmpose_dark.evaluation.metrics.coco_metric import write_json
from mmpose_dark.evaluation.metrics.dump_results import DumpResults
from mmpose_dark.synthetic import PeopleSettings, VideoSettings
from mmpose_dark.synthetic.dataset import write_dataset
from mmpose_dark.synthetic.video_writing import write_drawn_video
from mmpose_dark.utils.atomic_file import write_atomic
from mmpose_dark.utils.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='limits on the size of files')
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def _dump(path: Path) -> None:
    DumpResults(out_file_path=str(path)).compute_metrics([dict(a=NOISE)])


def _images(path: Path) -> Path:
    folder = path.parent.parent / 'images'
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for i in range(3):
            cv2.imwrite(str(folder / f'{i}.png'), NOISE)
    return folder


def _pack(path: Path) -> None:
    if path.suffix == '.lmdb':
        pytest.importorskip('lmdb')
    pack_images(_images(path), path, force=True)


@functools.cache
def _model() -> torch.nn.Module:
    """A small network, to be made while there is room."""
    from mmpose_dark.inference import init_model

    return init_model(ROOT / 'tests' / 'inference' / 'tiny_pose_config.py')


def _export(path: Path) -> None:
    from mmpose_dark.deploy.export import export_model

    if path.suffix == '.onnx':
        pytest.importorskip('onnxscript')
    export_model(_model(), path, to='heatmaps', check=False)


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    'text': ('a.txt', lambda path: write_atomic(path, 'x' * 20_000)),
    'json': ('a.json', lambda path: write_json(str(path), list(range(9000)))),
    'checkpoint': ('a.pth', lambda path: save_checkpoint(dict(state_dict=dict(a=torch.ones(9000))), path)),
    'dump': ('a.pkl', _dump),
    'image': ('a.png', lambda path: write_image(path, NOISE)),
    'jpeg': ('a.jpg', lambda path: write_image(path, NOISE)),
    'zip': ('a.zip', _pack),
    'tar': ('a.tar', _pack),
    'lmdb': ('a.lmdb', _pack),
    'pt2': ('a.pt2', _export),
    'onnx': ('a.onnx', _export),
}
SLOW = ('pt2', 'onnx')
EACH = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in WRITERS]


def _assert_one_line(err: UserError, path: Path, *reasons: str) -> None:
    text = str(err)
    assert str(path) in text, text
    assert any(reason in text for reason in reasons), text
    assert '\n' not in text, text


@pytest.mark.parametrize('room', [0, 700, 4096])
@pytest.mark.parametrize('name', EACH)
def test_a_disk_that_becomes_full(name, room, tmp_path):
    folder = tmp_path / 'out'
    folder.mkdir()
    path = folder / WRITERS[name][0]
    _images(path)
    if name in SLOW:
        _model()
    path.write_text('old')
    with full_disk(room), pytest.raises(UserError) as raised:
        WRITERS[name][1](path)
    _assert_one_line(raised.value, path, 'File too large', 'No space left')
    assert path.read_text() == 'old'
    assert [p.name for p in folder.iterdir()] == [path.name]
    path.unlink()
    with full_disk(room), pytest.raises(UserError):
        WRITERS[name][1](path)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize('name', EACH)
def test_places_that_cannot_be_written(name, tmp_path):
    """A folder of that name, a file where its folder should be, and a folder that takes no files."""
    file, writer = WRITERS[name]
    (tmp_path / 'out').mkdir()
    _images(tmp_path / 'out' / file)
    taken = tmp_path / 'out' / file
    taken.mkdir()
    (taken / 'mine').write_text('mine')
    blocked = tmp_path / 'blocked'
    blocked.write_text('mine')
    for path, *reasons in (
        (taken, 'directory', 'folder', 'empty'),
        (blocked / file, 'Not a directory', 'exists'),
        (Path('/proc/none') / file, 'No such file', 'not permitted', 'Read-only'),
    ):
        if path.parts[1] == 'proc' and name in ('zip', 'tar', 'lmdb'):
            continue  # compared with the images first
        with pytest.raises(UserError) as raised:
            writer(path)
        _assert_one_line(raised.value, path, *reasons)
    assert (taken / 'mine').read_text() == blocked.read_text() == 'mine'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['blocked', 'images', 'out']
    assert [p.name for p in (tmp_path / 'out').iterdir()] == [file]


def test_a_folder_is_made_where_it_is_missing(tmp_path):
    for name, (file, writer) in WRITERS.items():
        if name not in SLOW and name != 'lmdb':
            path = tmp_path / 'new' / name / file
            _images(tmp_path / 'new' / 'images' / 'x')
            writer(path) if name not in ('zip', 'tar') else pack_images(_images(path), path)
            assert path.stat().st_size > 700, name


@pytest.mark.parametrize('room', [300, 1500, 3000])
def test_a_dataset_on_a_full_disk_is_not_taken_for_whole(tmp_path, room):
    settings = PeopleSettings(train=2, val=1, width=96, height=96)
    root = tmp_path / 'people'
    with full_disk(room), pytest.raises(UserError) as raised:
        write_dataset(root, settings, workers=1)
    _assert_one_line(raised.value, root, 'File too large')
    assert [p for p in root.rglob('.*') if p.is_file() and '.tmp' in p.name] == []
    assert all(cv2.imread(str(p)) is not None for p in root.rglob('*.jpg'))
    write_dataset(root, settings, workers=1)  # goes on where there is room again
    assert len(list(root.rglob('*.jpg'))) == 3


@pytest.mark.slow
def test_a_drawn_video_on_a_full_disk(tmp_path):
    path = tmp_path / 'a.mp4'
    with full_disk(500), pytest.raises(UserError) as raised:
        write_drawn_video(path, VideoSettings(frames=40, width=160, height=120))
    assert str(path) in str(raised.value)
    assert not path.with_suffix('.json').exists()
    assert [p.name for p in tmp_path.iterdir()] in ([], ['a.mp4'])


# --- commands ---------------------------------------------------------------------------------------------


TOY = ROOT / 'tests' / 'engine' / 'toy_config.py'
TESTED = [TOY, '{weights}', '--work-dir', '{folder}/work', '--device', 'cpu', '--cfg-options', 'custom_hooks=[]']
TESTED += ['test_dataloader.dataset.size=300']
COMMANDS = {
    'misc/print_config.py': ('a.json', [TOY, '--save-path', '{out}']),
    'misc/pack_images.py': ('a.zip', ['{folder}/images', '{out}', '--force']),
    'test.py --out': ('a.json', [*TESTED[:2], '--out', '{out}', *TESTED[2:]]),
    'test.py --dump': ('a.pkl', [*TESTED[:2], '--dump', '{out}', *TESTED[2:]]),
    'analysis_tools/compare_codecs.py': ('a.json', ['--out', '{out}']),
    'analysis_tools/score_smoothers.py': ('a.png', ['--plot', '{out}', '--conditions', '10 fps', '--seeds', '1']),
    'misc/generate_people.py': ('a', ['{out}', '--train', '3', '--val', '1']),
    'misc/generate_video.py': ('a.mp4', ['{out}', '--frames', '20']),
}  # fmt: skip
SPOILERS = ('a folder', 'a missing folder', 'a file as folder', 'no place for files')


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """A checkpoint of the toy network."""
    path = tmp_path_factory.mktemp('weights') / 'w.pth'
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(TOY.parent))
        import toy_parts

    save_checkpoint(dict(state_dict=toy_parts.ToyModel().state_dict(), meta=dict(epoch=1, iter=1)), path)
    return path


def _spoilt(folder: Path, name: str, spoiler: str) -> Path:
    if spoiler == 'a folder':
        (folder / name).mkdir()
    elif spoiler == 'a file as folder':
        (folder / 'file').write_text('old')
        return folder / 'file' / name
    elif spoiler == 'a missing folder':
        return folder / 'x' / 'y' / name
    elif spoiler == 'no place for files':
        return Path('/proc/none', name)
    return folder / name


def _run(tool: str, words: list[str]) -> tuple[int, str]:
    env = {**os.environ, 'PYTHONPATH': f'{TOY.parent}', 'OMP_NUM_THREADS': '1', 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / tool.split()[0]), *words],
        env=env, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize('spoiler', SPOILERS)
@pytest.mark.parametrize('tool', COMMANDS)
def test_commands(tool, spoiler, weights, tmp_path):
    """One line with the place and the reason, status 2; the old file stays, and nothing half is left."""
    name, words = COMMANDS[tool]
    folder = tmp_path / 'out'
    folder.mkdir()
    _images(folder / name)
    shutil.copytree(tmp_path / 'images', folder / 'images')
    out = _spoilt(folder, name, spoiler)
    before = {p: p.read_bytes() for p in folder.rglob('*') if p.is_file()}
    named = dict(out=out, weights=weights, folder=folder)
    status, output = _run(tool, [str(w).format(**named) for w in words])
    assert 'Traceback' not in output, output
    if spoiler == 'a missing folder' or (spoiler == 'a folder' and name == 'a'):
        assert status == 0, output
        return
    told = [line for line in output.splitlines() if 'error: ' in line]
    assert status == 2, output
    assert len(told) == 1, output
    assert str(out.parent) in told[0]
    assert {p: p.read_bytes() for p in before} == before
    left = {p for p in tmp_path.rglob('*') if p.is_file() and '/work/' not in str(p)} - set(before)
    assert not [p for p in left if p.parent.name != 'images'], left
