"""Images in zip, tar and LMDB files are the images of the folder, in every process, or an error with the names."""

import importlib.util
import json
import multiprocessing
import os
import pathlib
import pickle
import shutil
import subprocess
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mmengine import fileio
from torch.utils.data import ConcatDataset, DataLoader

from mmpose_dark.data_check import check_config
from mmpose_dark.datasets import AnnotationError, CocoDataset, ImageReadError, LoadImage
from mmpose_dark.datasets.storage import ArchiveError, LmdbBackend, TarBackend, ZipBackend
from mmpose_dark.datasets.storage.packing import pack_images
from mmpose_dark.datasets.transforms import load_image as load_image_module
from mmpose_dark.datasets.transforms.load_image import decode_image

HAS_LMDB = importlib.util.find_spec('lmdb') is not None
KINDS = ['zip', 'tar', pytest.param('lmdb', marks=pytest.mark.skipif(not HAS_LMDB, reason='lmdb is not installed'))]


@pytest.fixture
def data(tmp_path, tiny_coco):
    """The tiny dataset with its images in each kind of file, and no folder of images."""
    root = tmp_path / 'coco'
    (root / 'annotations').mkdir(parents=True)
    shutil.copy(tiny_coco.ann_file, root / 'annotations/person.json')
    for kind in ('zip', 'tar', *(['lmdb'] if HAS_LMDB else [])):
        pack_images(tiny_coco.root / 'images', root / f'images.{kind}')
    return root


def backend_of(folder, kind, **kwargs) -> dict:
    return {'backend': kind, 'db_path' if kind == 'lmdb' else 'path': str(folder / f'images.{kind}'), **kwargs}


def dataset_of(root, backend_args, **kwargs) -> CocoDataset:
    loader = dict(type='LoadImage', backend_args=backend_args)
    settings = dict(
        ann_file='annotations/person.json', data_root=str(root), data_prefix=dict(img='images/'), pipeline=[loader]
    )
    return CocoDataset(**dict(settings, **kwargs))


@pytest.mark.parametrize('kind', KINDS)
def test_equal_to_files(data, tiny_coco, kind):
    ds = dataset_of(data, backend_of(data, kind))
    files = dataset_of(tiny_coco.root, None)
    assert len(ds) == len(files) > 0
    for a, b in zip(ds, files, strict=True):
        assert os.path.basename(a['img_path']) == os.path.basename(b['img_path'])
        np.testing.assert_array_equal(a['img'], b['img'])


def same_in_workers(ds, start_method: str) -> None:
    if start_method not in multiprocessing.get_all_start_methods():
        pytest.skip(f'no {start_method} here')
    want = [sample['img'] for sample in ds]  # the archive is open in this process by now
    workers = 2 if start_method == 'fork' else 1  # each imports torch
    loader = DataLoader(
        ds, 2, num_workers=workers, multiprocessing_context=start_method, collate_fn=_images_of, timeout=60
    )
    got = [image for batch in loader for image in batch]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(ds[0]['img'], want[0])  # and is still open


@pytest.mark.parametrize('kind', KINDS)
def test_forked_workers(data, kind):
    same_in_workers(dataset_of(data, backend_of(data, kind)), 'fork')


@pytest.mark.slow
def test_spawned_workers(data):
    kinds = ['zip', 'tar', *(['lmdb'] if HAS_LMDB else [])]
    same_in_workers(ConcatDataset([dataset_of(data, backend_of(data, kind)) for kind in kinds]), 'spawn')


def _images_of(samples):
    return [sample['img'] for sample in samples]


@pytest.mark.parametrize('kind', KINDS)
def test_threads(data, tiny_coco, kind):
    backend_args = backend_of(data, kind)
    paths = sorted((tiny_coco.root / 'images').iterdir())
    want = [p.read_bytes() for p in paths]

    def read(i: int) -> bool:
        name = str(data / 'images' / paths[i % 4].name)
        return fileio.get(name, backend_args=backend_args) == want[i % 4]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))


@pytest.mark.parametrize('kind', KINDS)
def test_pickled_it_is_small_and_works(data, kind):
    backend_args = backend_of(data, kind)
    backend = fileio.get_file_backend(backend_args=backend_args)
    path = str(data / 'images/000001.png')
    content = backend.get(path)
    pickled = pickle.dumps(backend)
    assert len(pickled) < 500
    assert pickle.loads(pickled).get(path) == content
    assert backend.state(path) == pickle.loads(pickled).state(path) is not None
    assert backend.state(str(data / 'images/no.png')) is None


@pytest.mark.parametrize('kind', KINDS)
def test_a_missing_member_is_a_missing_image(data, kind):
    path = str(data / 'images/none.png')
    with pytest.raises(ImageReadError, match='no such file in') as err:
        LoadImage(backend_args=backend_of(data, kind))(dict(img_path=path))
    assert err.value.path == path
    for part in (f'images.{kind}', "'images/none.png'", "'images/000001.png'", '4 members', str(data)):
        assert part in err.value.reason
    with pytest.raises(ImageReadError, match='outside'):
        LoadImage(backend_args=backend_of(data, kind))(dict(img_path='/elsewhere/images/000001.png'))


@pytest.mark.parametrize('kind', KINDS)
def test_root(data, tiny_coco, kind, monkeypatch):
    """The archive on a fast disk; paths and roots relative and absolute."""
    want = (tiny_coco.root / 'images/000002.png').read_bytes()
    args = backend_of(data, kind, root='data/coco')
    assert fileio.get('data/coco/images/000002.png', backend_args=args) == want
    assert fileio.get('data/coco/./images//000002.png', backend_args=args) == want
    monkeypatch.chdir(data.parent)
    assert fileio.get(f'{data}/images/000002.png', backend_args=backend_of(data, kind, root='coco')) == want
    monkeypatch.chdir(data)
    here = {**backend_of(data, kind), ('db_path' if kind == 'lmdb' else 'path'): f'images.{kind}'}
    assert fileio.get('images/000002.png', backend_args=here) == want
    assert fileio.get(f'{data}/images/000002.png', backend_args=here) == want
    with pytest.raises(FileNotFoundError, match='outside'):
        fileio.get('../images/000002.png', backend_args=here)


@pytest.mark.parametrize('kind', KINDS)
def test_wrong_root_is_told_before_training(data, kind):
    with pytest.raises(AnnotationError, match=r'none of 3 images tried(?s:.*)no such file in(?s:.*)Set root'):
        dataset_of(data, backend_of(data, kind, root=str(data / 'images')))


@pytest.mark.parametrize('kind', KINDS)
def test_a_single_image_missing_is_no_error_of_the_dataset(data, tiny_coco, kind):
    os.remove(data / f'images.{kind}')
    some = data / 'some/images'
    some.mkdir(parents=True)
    (some / '000002.png').write_bytes((tiny_coco.root / 'images/000002.png').read_bytes())
    pack_images(some, data / f'images.{kind}')
    ds = dataset_of(data, backend_of(data, kind), on_bad_image='skip')
    with pytest.warns(UserWarning, match='no such file in'):
        assert ds[0]['img_path'].endswith('000002.png')


@pytest.mark.parametrize('kind', KINDS)
def test_truncated_and_damaged_archives(data, kind):
    path = data / f'images.{kind}'
    whole = path.read_bytes()
    for what, content in (('missing', None), ('cut off', whole[: len(whole) // 2]), ('no', b''), ('no', b'no' * 999)):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ArchiveError, match=r'there is no|does not exist|cut off|damaged') as err:
            dataset_of(data, backend_of(data, kind, root=str(data)))
        assert path.name in str(err.value), what
    path.unlink()
    path.write_bytes(whole)
    assert len(dataset_of(data, backend_of(data, kind, root=str(data)))) == 6


@pytest.mark.parametrize('part', [0.9, 0.999])
def test_tar_cut_off_anywhere(data, part):
    path = data / 'images.tar'
    whole = path.read_bytes()
    with tarfile.open(path) as archive:
        ends = [m.offset_data + -(-m.size // 512) * 512 for m in archive.getmembers()]
    for size in (int(ends[-1] * part), ends[1], ends[1] + 100, ends[1] + 512, ends[-1]):
        path.write_bytes(whole[:size])
        with pytest.raises(ArchiveError, match='cut off'):
            TarBackend(str(path)).open()
    path.write_bytes(whole[: ends[1]] + b'x' * 512 + whole[ends[1] + 512 :])
    with pytest.raises(ArchiveError, match=f'byte {ends[1]}'):
        TarBackend(str(path)).open()


def test_tar_of_the_tar_program(data, tiny_coco):
    """With ``./`` in front, a long name, a hard link, and a second copy of a name."""
    folder = data / 'made/images'
    folder.mkdir(parents=True)
    content = (tiny_coco.root / 'images/000001.png').read_bytes()
    long = 'x' * 150 + 'ä.png'
    (folder / long).write_bytes(content)
    os.link(folder / long, folder / 'zz_linked.png')
    (folder / 'b.png').write_bytes(b'old')
    subprocess.run(['tar', 'cf', data / 'made.tar', '-C', data / 'made', './images'], check=True)
    (folder / 'b.png').write_bytes(b'new')
    subprocess.run(['tar', 'rf', data / 'made.tar', '-C', data / 'made', './images/b.png'], check=True)
    backend = TarBackend(data / 'made.tar')
    assert backend.get(data / 'images' / long) == backend.get(data / 'images/zz_linked.png') == content
    assert backend.get(data / 'images/b.png') == b'new'
    subprocess.run(['gzip', data / 'made.tar'], check=True)
    with pytest.raises(ArchiveError, match='compressed'):
        TarBackend(data / 'made.tar.gz').open()


def test_zip_members(data):
    path = data / 'made.zip'
    noise, text = np.random.default_rng(0).bytes(5000), b'a' * 5000
    with zipfile.ZipFile(path, 'w') as archive:
        archive.mkdir('images') if hasattr(archive, 'mkdir') else None
        archive.writestr('images/stored.png', noise)
        archive.writestr('images/deflated.png', text, compress_type=zipfile.ZIP_DEFLATED)
        archive.writestr('images/empty.png', b'', compress_type=zipfile.ZIP_DEFLATED)
    backend = ZipBackend(path)
    assert backend.get(data / 'images/stored.png') == noise
    assert backend.get(data / 'images/deflated.png') == text
    assert backend.get_text(data / 'images/deflated.png') == text.decode()
    with pytest.raises(ImageReadError, match='empty'):
        LoadImage(backend_args=dict(backend='zip', path=str(path)))(dict(img_path=str(data / 'images/empty.png')))
    assert not backend.exists(data / 'images')
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('images/odd.png', noise, compress_type=zipfile.ZIP_BZIP2)
    with pytest.raises(ArchiveError, match=r"'images/odd\.png' is compressed by method 12"):
        ZipBackend(path).open()


def test_zip_damaged_inside(data):
    path = data / 'made.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a.png', b'a' * 5000, compress_type=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    for at, message in ((0, 'no header'), (36, 'inflated|instead of')):
        bad = bytearray(content)
        bad[at : at + 4] = b'\xff' * 4
        path.write_bytes(bad)
        with pytest.raises(ImageReadError, match=message):
            LoadImage(backend_args=dict(backend='zip', path=str(path), root='.'))(dict(img_path='a.png'))
        fileio.get_file_backend('a.png', backend_args=dict(backend='zip', path=str(path), root='.'))
        fileio.io.backend_instances.clear()


@pytest.mark.parametrize('kind', ['zip', 'tar'])
def test_shards(data, tiny_coco, kind):
    images = tiny_coco.root / 'images'
    packed = pack_images(images, data / f'shard.{kind}', shard_size=max(p.stat().st_size for p in images.iterdir()))
    assert len(packed.files) > 1
    as_list = [str(p) for p in packed.files]
    for path in (str(data / f'shard-*.{kind}'), as_list):
        ds = dataset_of(data, dict(backend=kind, path=path))
        assert all(sample['img'].shape == (240, 320, 3) for sample in ds)
    with pytest.raises(ArchiveError, match='named twice'):
        dataset_of(data, dict(backend=kind, path=[*as_list, as_list[0]]))
    with pytest.raises(ArchiveError, match=r"the member 'images/000001\.png' is in .* and in"):
        dataset_of(data, dict(backend=kind, path=[*as_list, str(data / f'images.{kind}')]))
    with pytest.raises(ArchiveError, match=r'no archive fits .*none-\*'):
        dataset_of(data, dict(backend=kind, path=str(data / f'none-*.{kind}')))
    with pytest.raises(ValueError, match='different folders: give root'):
        dataset_of(data, dict(backend=kind, path=[as_list[0], f'/elsewhere/a.{kind}']))


@pytest.mark.parametrize('kind', ['zip', 'tar'])
def test_an_archive_written_over_while_in_use(data, kind):
    path = data / f'images.{kind}'
    content = path.read_bytes()
    backend = fileio.get_file_backend(backend_args=backend_of(data, kind))
    backend.open()
    path.write_bytes(content + b'\0' * 512)
    with pytest.raises(ArchiveError, match='was changed'):
        backend.get(data / 'images/000001.png')


@pytest.mark.parametrize('kind', KINDS)
def test_a_new_dataset_sees_a_new_archive(data, tiny_coco, kind):
    first = dataset_of(data, backend_of(data, kind))[0]
    old = data / 'old/images'
    old.mkdir(parents=True)
    swap = {'000001.png': '000003.png', '000003.png': '000001.png', '000002.png': '000002.png'}
    for name, other in swap.items():
        (old / name).write_bytes((tiny_coco.root / 'images' / other).read_bytes())
    pack_images(old, data / f'images.{kind}', force=True)
    assert not np.array_equal(dataset_of(data, backend_of(data, kind))[0]['img'], first['img'])


@pytest.mark.parametrize('kind', KINDS)
def test_people_of_one_image_share_its_decoding(data, kind, monkeypatch):
    decoded = []
    monkeypatch.setattr(load_image_module, 'decode_image', lambda *a, **k: decoded.append(1) or decode_image(*a, **k))
    transform = LoadImage(backend_args=backend_of(data, kind))
    for _ in range(5):
        transform(dict(img_path=str(data / 'images/000001.png')))['img'][:] = 0
    assert len(decoded) == 2
    assert transform(dict(img_path=str(data / 'images/000001.png')))['img'].any()
    transform(dict(img_path=str(data / 'images/000002.png')))
    assert len(decoded) == 3


@pytest.mark.parametrize('kind', KINDS)
def test_annotations_in_the_archive(data, tiny_coco, kind):
    both = data / 'all'
    both.mkdir()
    if kind != 'lmdb':
        path = both / f'coco.{kind}'
        if kind == 'zip':
            with zipfile.ZipFile(path, 'w') as archive:
                archive.write(tiny_coco.ann_file, 'annotations/person.json')
        else:
            with tarfile.open(path, 'w') as archive:
                archive.add(tiny_coco.ann_file, 'annotations/person.json')
        args = dict(backend=kind, path=str(path))
    else:
        lmdb = pytest.importorskip('lmdb')
        path = both / 'coco.lmdb'
        with lmdb.open(str(path), map_size=1 << 22) as env, env.begin(write=True) as txn:  # a folder
            txn.put(b'annotations/person.json', pathlib.Path(tiny_coco.ann_file).read_bytes())
        args = dict(backend=kind, db_path=str(path))
    kwargs = dict(data_root=str(both), backend_args=args)
    assert len(CocoDataset(ann_file='annotations/person.json', **kwargs)) == 6
    with pytest.raises(AnnotationError, match=r'does not exist(?s:.*)annotations/person\.json'):
        CocoDataset(ann_file='annotations/none.json', **kwargs)


def test_lmdb_keys_of_mmengine(tmp_path):
    """Its backend takes paths as they stand for keys."""
    lmdb = pytest.importorskip('lmdb')
    with lmdb.open(str(tmp_path / 'db'), map_size=1 << 22) as env, env.begin(write=True) as txn:
        txn.put(b'any/key', b'value')
    args = dict(backend='lmdb', db_path=str(tmp_path / 'db'), readonly=True, lock=False, readahead=False)
    assert fileio.get('any/key', backend_args=args) == b'value'
    # Two of them on one database, and names that no key can have.
    other = LmdbBackend(tmp_path / 'db', max_readers=5)
    assert other.get('any/key') == b'value'
    for name in ('x' * 600, 'ä'):
        with pytest.raises(FileNotFoundError, match='no member'):
            other.get(str(tmp_path / name))


@pytest.mark.parametrize('kind', KINDS)
def test_check_dataset_reads_them(data, kind):
    part = dict(
        type='CocoDataset',
        ann_file='annotations/person.json',
        data_root=str(data),
        data_prefix=dict(img='images/'),
        pipeline=[dict(type='LoadImage', backend_args=backend_of(data, kind))],
    )
    report = check_config(dict(train_dataloader=dict(dataset=part)), phases=['train'], workers=2)
    section = report.sections[0]
    assert section.facts['image files'] == '4 of 4 read'
    assert not [f for f in section.findings if f.name in ('image-unreadable', 'image-size', 'dataset')]
    content = json.loads((data / 'annotations/person.json').read_text())
    content['images'].append(dict(content['images'][0], id=55, file_name='none.png'))
    (data / 'annotations/person.json').write_text(json.dumps(content))
    report = check_config(dict(train_dataloader=dict(dataset=part)), phases=['train'], workers=2)
    assert 'none.png' in report.text()
    assert 'image-unreadable' in report.text()


def test_unknown_backend():
    with pytest.raises(ValueError, match=r"'tar', 'zip'\], got 'zipp'"):
        LoadImage(backend_args=dict(backend='zipp', path='a'))
