"""Lakes and plans: what is listed, what a second run does."""

import gzip
import tarfile
from pathlib import Path

import pytest

from mmpose_dark.inference.bulk.items import Item
from mmpose_dark.inference.bulk.lake import list_lake
from mmpose_dark.inference.bulk.opening import open_items
from mmpose_dark.inference.bulk.parquet_rows import ParquetColumns
from mmpose_dark.inference.bulk.plan import is_done, make_plan, shard_folders, shard_paths
from mmpose_dark.utils.errors import ExistsError, InputError, MissingFileError


def _tar(path, names):
    with tarfile.open(path, 'w') as tar:
        for name in names:
            file = path.with_name('member')
            file.write_bytes(name.encode() * 1000)
            tar.add(file, name)


def test_a_tar_gives_its_images_and_their_bytes(tmp_path):
    _tar(tmp_path / 'a.tar', ['x.jpg', 'x.json', 'y.png'])
    items = list_lake([str(tmp_path / 'a.tar')])
    assert [item.member for item in items] == ['x.jpg', 'y.png']
    (first, error), _ = open_items(items, tmp_path)
    assert error == ''
    assert Path(first).read_bytes() == b'x.jpg' * 1000


def test_a_cut_off_tar_gives_what_is_whole_and_one_error(tmp_path):
    _tar(tmp_path / 'a.tar', ['x.jpg', 'y.jpg'])
    whole = (tmp_path / 'a.tar').read_bytes()
    with tarfile.open(tmp_path / 'a.tar') as tar:
        first, second = tar.getmembers()
    header, data = second.offset, second.offset_data
    for end, names in ((data + 100, ['x.jpg', 'y.jpg', '']), (header + 300, ['x.jpg', '']), (header, ['x.jpg', ''])):
        (tmp_path / 'a.tar').write_bytes(whole[:end])
        items = list_lake([str(tmp_path / 'a.tar')])
        assert [item.member for item in items] == names
        errors = [error for _, error in open_items(items, tmp_path)]
        assert errors[0] == ''
        assert all('cut off' in error for error in errors[1:])
    assert first.size == 5 * 1000


def test_rows_of_parquet(tmp_path):
    pa = pytest.importorskip('pyarrow')
    parquet = pytest.importorskip('pyarrow.parquet')
    parquet.write_table(pa.table({'bytes': [b'a', b'b', b'c']}), tmp_path / 'a.parquet', row_group_size=2)
    items = list_lake([str(tmp_path / 'a.parquet')])
    assert [Path(path).read_bytes() for path, _ in open_items(items, tmp_path)] == [b'a', b'b', b'c']
    (tmp_path / 'a.parquet').write_bytes(b'PAR1 cut')
    assert 'cut off' in list_lake([str(tmp_path / 'a.parquet')])[0].error


def test_two_images_with_one_id_are_named(tmp_path):
    for name in 'ab':
        (tmp_path / name).mkdir()
        _tar(tmp_path / name / 's.tar', ['x.jpg'])
    items = list_lake([str(tmp_path / 'a' / 's.tar'), str(tmp_path / 'b' / 's.tar')])
    assert [bool(item.error) for item in items] == [False, True]
    assert 'x.jpg' in items[1].error


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError):
        list_lake([str(tmp_path / 'no')])


def test_a_plan_grows_behind_and_refuses_other_settings(tmp_path):
    items = [Item(f'{i}.jpg', '', f'{i}.jpg') for i in range(7)]
    first, added = make_plan(tmp_path, items[:5], dict(model='a'), 2)
    assert ([len(s[2]) for s in first], added) == ([2, 2, 1], 0)
    again, added = make_plan(tmp_path, items[:5], dict(model='a'), 2)
    assert (again, added) == (first, 0)
    grown, added = make_plan(tmp_path, [items[6], *items[:6]], dict(model='a'), 2)
    assert (grown[:3], added) == (first, 2)
    assert grown[3][1] == 5
    for settings, size in ((dict(model='b'), 2), (dict(model='a'), 3)):
        with pytest.raises(ExistsError, match='other settings'):
            make_plan(tmp_path, items, settings, size)


def test_a_shard_is_done_by_its_images(tmp_path):
    people, images = shard_paths(tmp_path, 0)
    people.parent.mkdir()
    people.touch()
    assert not is_done(tmp_path, 0)
    images.parent.mkdir()
    images.touch()
    assert is_done(tmp_path, 0)


def test_a_lake_that_grows_while_it_is_read(tmp_path):
    lake, out = tmp_path / 'lake', tmp_path / 'out'
    lake.mkdir()
    for name in 'bd':
        (lake / f'{name}.jpg').write_bytes(b'x')
    _tar(lake / 's.tar', ['t.jpg'])
    first = list_lake([str(lake)])
    plan, _ = make_plan(out, first, {}, 2)
    (lake / 'a.jpg').write_bytes(b'new')  # it stands before the others now
    (lake / 'd.jpg').unlink()
    _tar(lake / 's.tar', ['t.jpg', 'u.jpg'])
    ((path, error),) = open_items([first[2]], tmp_path)
    assert (Path(path).read_bytes(), error) == (b't.jpg' * 1000, '')
    grown, added = make_plan(out, list_lake([str(lake)]), {}, 2)
    assert [[item.image_id for item in shard[2]] for shard in grown[: len(plan)]] == [['b.jpg', 'd.jpg'], ['t.jpg']]
    assert (added, [item.image_id for item in grown[2][2]]) == (2, ['a.jpg', 'u.jpg'])


def test_the_output_is_no_part_of_the_lake_that_it_stands_in(tmp_path):
    pytest.importorskip('pyarrow')
    (tmp_path / 'a.jpg').write_bytes(b'x')
    for folder in shard_folders(tmp_path / 'out'):
        folder.mkdir(parents=True)
        (folder / 'part-000000.parquet').write_bytes(b'ours')
    own = shard_folders(tmp_path / 'out')
    for words in ([str(tmp_path)], [f'{tmp_path}/**/*'], [f'{tmp_path}/*.jpg', f'{tmp_path}/**/*.parquet']):
        assert [Path(item.path).name for item in list_lake(words, own=own)] == ['a.jpg']
    with pytest.raises(MissingFileError, match='no images there'):
        list_lake([str(tmp_path / 'out' / 'people')], own=own)


@pytest.mark.parametrize('name', ['a.tar.gz', 'a.tgz', 'a.tar'])
def test_a_compressed_tar_is_refused_by_name(tmp_path, name):
    _tar(tmp_path / 'plain', ['x.jpg'])
    (tmp_path / name).write_bytes(gzip.compress((tmp_path / 'plain').read_bytes()))
    for words in ([str(tmp_path / name)], [str(tmp_path)]):
        with pytest.raises(InputError, match=rf'{name}: is a compressed tar file.*decompress it to \.tar'):
            list_lake(words)


def _parquet(path, rows=10, group=4, **columns):
    pa = pytest.importorskip('pyarrow')
    parquet = pytest.importorskip('pyarrow.parquet')
    columns = columns or dict(key=[f'k{i}' for i in range(rows)], bytes=[b'%d' % i for i in range(rows)])
    parquet.write_table(pa.table(columns), path, row_group_size=group)


def test_a_shard_reads_each_row_group_once(tmp_path, monkeypatch):
    parquet = pytest.importorskip('pyarrow.parquet')
    _parquet(tmp_path / 'a.parquet')
    items = list_lake([str(tmp_path / 'a.parquet')], ParquetColumns(image_id='key'))
    assert [item.image_id for item in items] == [f'k{i}' for i in range(10)]
    groups, files, real = [], [], parquet.ParquetFile

    class Counting(real):
        def __init__(self, *args, **kwargs):
            files.append(args[0])
            super().__init__(*args, **kwargs)

        def iter_batches(self, batch_size, *, row_groups, columns):
            groups.append(row_groups)
            yield from super().iter_batches(batch_size, row_groups=row_groups, columns=columns)

    monkeypatch.setattr(parquet, 'ParquetFile', Counting)
    shard = [items[i] for i in (9, 1, 2, 3, 0)]
    assert [Path(path).read_bytes() for path, _ in open_items(shard, tmp_path)] == [b'9', b'1', b'2', b'3', b'0']
    assert (groups, len(files)) == ([[0], [2]], 1)


def test_columns_of_parquet_files(tmp_path):
    _parquet(tmp_path / 'a.parquet', photo=[b'a', None], name=['x', None])
    file = str(tmp_path / 'a.parquet')
    with pytest.raises(InputError, match=r'a\.parquet: no column of bytes called bytes,.*photo, name.*may be photo'):
        list_lake([file])
    with pytest.raises(InputError, match=r"no column of bytes 'name'; its columns are photo, name"):
        list_lake([file], ParquetColumns('name'))
    with pytest.raises(InputError, match=r'--id-column key: its columns are photo, name'):
        list_lake([file], ParquetColumns('photo', 'key'))
    items = list_lake([file], ParquetColumns('photo', 'name'))
    assert [(item.image_id, item.error) for item in items] == [
        ('x', ''),
        (f'{file}#1', 'has no id in the column name'),
    ]
    items = list_lake([file], ParquetColumns('photo'))
    assert 'its column photo is empty' in open_items(items, tmp_path)[1][1]


def test_structures_with_bytes_as_others_write_them(tmp_path):
    _parquet(tmp_path / 'a.parquet', image=[dict(bytes=b'a', path='x.jpg'), dict(bytes=b'b', path='y.jpg')])
    items = list_lake([str(tmp_path / 'a.parquet')])
    assert [Path(path).read_bytes() for path, _ in open_items(items, tmp_path)] == [b'a', b'b']


def test_a_parquet_file_that_is_damaged_in_the_middle(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet')
    content = [bytes([i]) * 500 for i in range(12)]
    file = tmp_path / 'a.parquet'
    _parquet(file, bytes=content, group=4)
    items = list_lake([str(file)])
    column = parquet.ParquetFile(file).metadata.row_group(1).column(0)
    place = column.dictionary_page_offset or column.data_page_offset
    data = bytearray(file.read_bytes())
    data[place : place + column.total_compressed_size] = b'\xff' * column.total_compressed_size
    file.write_bytes(data)
    found = open_items(items, tmp_path)
    assert [Path(path).read_bytes() for path, error in found if not error] == content[:4] + content[8:]
    assert all('its row group 1 cannot be read' in error for _, error in found[4:8])
    _parquet(file, rows=3)
    assert 'the file has 3 rows now' in open_items(items[3:4], tmp_path)[0][1]
