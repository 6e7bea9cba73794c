"""tools/misc/pack_images.py writes what LoadImage reads, the same bytes each time, wholly or not at all."""

import importlib.util
import pathlib
import shutil
import sys
import tarfile
import zipfile

import numpy as np
import pytest

from mmpose_dark.datasets.storage import LmdbBackend, TarBackend, ZipBackend, packing
from mmpose_dark.datasets.storage.packing import pack_images

TOOL = pathlib.Path(__file__).resolve().parents[2] / 'tools/misc/pack_images.py'
HAS_LMDB = importlib.util.find_spec('lmdb') is not None
KINDS = ['zip', 'tar', pytest.param('lmdb', marks=pytest.mark.skipif(not HAS_LMDB, reason='lmdb is not installed'))]
BACKENDS = dict(zip=ZipBackend, tar=TarBackend, lmdb=LmdbBackend)


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('pack_images_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture
def folder(tmp_path):
    """20 files of random bytes, named as images, in a folder and one below, and a file that is none."""
    rng = np.random.default_rng(0)
    root = tmp_path / 'some/val2017'
    (root / 'under').mkdir(parents=True)
    for i in range(20):
        sub = 'under/' if i % 3 == 0 else ''
        (root / f'{sub}{i:04d}{(".jpg", ".PNG")[i % 2]}').write_bytes(rng.bytes(int(rng.integers(0, 9000))))
    (root / 'notes.txt').write_text('none')
    return root


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    images = [p for p in folder.rglob('*') if p.suffix in ('.jpg', '.PNG')]
    return {f'{folder.name}/{p.relative_to(folder).as_posix()}': p.read_bytes() for p in images}


@pytest.mark.parametrize('kind', KINDS)
def test_the_tool_packs_and_says_how_to_read(tool, folder, kind, capsys):
    out = folder.parent / f'val2017.{kind}'
    tool.main([str(folder), str(out)])
    printed = capsys.readouterr().out
    assert '20 images' in printed
    assert '1 files that are no images were left out' in printed
    loader = eval(printed.splitlines()[-1].split(': ', 1)[1])
    args = dict(loader['backend_args'])
    backend = BACKENDS[args.pop('backend')](**args)
    for name, content in contents(folder).items():
        assert backend.get(folder.parent / name) == content
    assert sorted(p.name for p in folder.parent.iterdir()) == ['val2017', out.name]


@pytest.mark.parametrize('kind', KINDS)
def test_elsewhere_it_says_the_root(tool, folder, tmp_path, kind, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tool.main(['some/val2017/', f'fast/packed.{kind}'])
    loader = eval(capsys.readouterr().out.splitlines()[-1].split(': ', 1)[1])
    args = dict(loader['backend_args'])
    assert args['root'] == 'some'
    backend = BACKENDS[args.pop('backend')](**args)
    for name, content in contents(folder).items():
        assert backend.get(f'some/{name}') == content


def test_other_programs_read_them(folder):
    want = contents(folder)
    with zipfile.ZipFile(pack_images(folder, folder.parent / 'a.zip').files[0]) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == want
    with tarfile.open(pack_images(folder, folder.parent / 'a.tar').files[0]) as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive.getmembers()} == want


@pytest.mark.parametrize('kind', KINDS)
def test_the_same_images_give_the_same_bytes(folder, tmp_path, kind):
    first = pack_images(folder, tmp_path / f'a.{kind}').files[0].read_bytes()
    twin = tmp_path / 'other/val2017'
    shutil.copytree(folder, twin, copy_function=shutil.copyfile)  # other dates
    assert pack_images(twin, tmp_path / f'b.{kind}').files[0].read_bytes() == first


@pytest.mark.parametrize('kind', ['zip', 'tar'])
def test_shards(tool, folder, kind, capsys):
    out = folder.parent / f'packed.{kind}'
    tool.main([str(folder), str(out), '--shard-size', '20K'])
    shards = sorted(folder.parent.glob('packed-*'))
    assert [p.name for p in shards] == [f'packed-{i:05d}.{kind}' for i in range(len(shards))]
    assert 3 < len(shards) < 20
    printed = capsys.readouterr().out.splitlines()[-1]
    args = eval(printed.split(': ', 1)[1])['backend_args']
    assert args['path'] == str(folder.parent / f'packed-*.{kind}')
    backend = BACKENDS[args.pop('backend')](**args)
    assert all(backend.get(folder.parent / name) == content for name, content in contents(folder).items())
    with pytest.raises(FileExistsError, match=rf'packed-00000\.{kind}'):
        tool.main([str(folder), str(out), '--shard-size', '40K'])
    tool.main([str(folder), str(out), '--shard-size', '40K', '--force'])
    fewer = sorted(folder.parent.glob('packed-*'))
    assert len(fewer) < len(shards)  # none of the old ones is left
    again = BACKENDS[kind](path=str(folder.parent / f'packed-*.{kind}'))
    assert all(again.get(folder.parent / name) == content for name, content in contents(folder).items())


@pytest.mark.parametrize('kind', KINDS)
def test_what_is_there_is_kept(folder, kind, monkeypatch):
    out = folder.parent / f'a.{kind}'
    out.write_bytes(b'precious')
    with pytest.raises(FileExistsError, match='is there'):
        pack_images(folder, out)

    def fails(items, total, what):
        for i, item in enumerate(items):
            if i == 10:
                raise OSError('no space left on device')
            yield item

    with pytest.raises(OSError, match='no space'):
        pack_images(folder, out, force=True, track=fails)
    assert out.read_bytes() == b'precious'
    assert sorted(p.name for p in folder.parent.iterdir()) == [out.name, 'val2017']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['{0}', 'a.rar'], r'must end with \.zip, \.tar, \.lmdb'),
        (['{0}/nowhere', 'a.zip'], 'there is no folder'),
        (['{0}/empty', 'a.zip'], 'there is no image'),
        (['{0}', 'a.lmdb', '--shard-size', '1M'], 'LMDB is one file'),
    ],
)
def test_wrong_arguments(tool, folder, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (folder / 'empty').mkdir()
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        tool.main([a.format(folder) for a in arguments])


@pytest.mark.parametrize(('text', 'size'), [('1000', 1000), ('2K', 2048), ('1.5m', 3 << 19), ('1G', 1 << 30)])
def test_sizes(tool, text, size):
    assert tool.parse_size(text) == size


@pytest.mark.parametrize('text', ['0', '0.1', 'big', 'nanG', ''])
def test_wrong_sizes(tool, text, capsys):
    with pytest.raises(SystemExit):
        tool.parse_args(['a', 'b.zip', '--shard-size', text])
    assert 'is no size' in capsys.readouterr().err


def test_names_too_long_for_lmdb(folder, monkeypatch):
    monkeypatch.setattr(packing, '_LONGEST_KEY', 10)
    with pytest.raises(ValueError, match='LMDB takes names up to'):
        pack_images(folder, folder.parent / 'a.lmdb')
