"""Lakes and plans: what is listed, what a second run does."""

import tarfile
from pathlib import Path

import pytest

from mmpose_dark.inference.bulk.items import Item
from mmpose_dark.inference.bulk.lake import list_lake
from mmpose_dark.inference.bulk.opening import open_items
from mmpose_dark.inference.bulk.plan import is_done, make_plan, shard_paths
from mmpose_dark.utils.errors import ExistsError, MissingFileError


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
