"""Outputs stay in their folder, away from the inputs, and are tried before work begins."""

import os
from pathlib import Path

import pytest

from mmpose_dark.utils.errors import OutputError
from mmpose_dark.utils.output_paths import check_outputs, is_same_file, path_inside


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('a.jpg', 'a.jpg'),
        ('b/a.jpg', 'b/a.jpg'),
        ('../a.jpg', 'a.jpg'),
        ('b/../../../a.jpg', 'a.jpg'),
        ('/etc/a.jpg', 'etc/a.jpg'),
        ('./a.jpg', 'a.jpg'),
        ('..a.jpg', '..a.jpg'),
        ('b/...', 'b/...'),
    ],
)
def test_a_name_is_brought_into_the_folder(tmp_path: Path, name: str, expected: str) -> None:
    assert path_inside(tmp_path / 'out', name) == tmp_path / 'out' / expected


@pytest.mark.parametrize('name', ['..', '.', '/', '', '../..'])
def test_a_name_that_is_none_stays_inside_as_well(tmp_path: Path, name: str) -> None:
    path = path_inside(tmp_path / 'out', name)
    assert path.parent.resolve() == (tmp_path / 'out').resolve()


def test_a_link_in_the_folder_does_not_lead_out_of_it(tmp_path: Path) -> None:
    (tmp_path / 'images').mkdir()
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'val').symlink_to(tmp_path / 'images')
    assert path_inside(tmp_path / 'out', 'val/a.jpg') == tmp_path / 'out' / 'a.jpg'


def test_the_same_place_by_another_way(tmp_path: Path) -> None:
    (tmp_path / 'images').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'images')
    assert is_same_file(tmp_path / 'link' / 'a.jpg', tmp_path / 'images' / 'b' / '..' / 'a.jpg')
    assert not is_same_file(tmp_path / 'link' / 'a.jpg', tmp_path / 'images' / 'b.jpg')


def test_what_can_be_written_passes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / 'old.json').write_text('old')
    check_outputs([tmp_path / 'a' / 'b' / 'c.json', tmp_path / 'old.json', '/dev/stdout'])
    assert os.listdir(tmp_path) == ['old.json']
    assert (tmp_path / 'old.json').read_text() == 'old'


def test_what_cannot_be_written_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(OutputError, match=r'file/a\.json cannot be written \(Not a directory\)'):
        check_outputs([tmp_path / 'file' / 'a.json'])
    with pytest.raises(OutputError, match='folder cannot be written: it is a folder'):
        check_outputs([tmp_path / 'folder'])
    with pytest.raises(OutputError, match='null'):
        check_outputs([f'{tmp_path}/a\0.json'])
    with pytest.raises(OutputError, match=r'too long'):
        check_outputs([tmp_path / ('a' * 300) / 'a.json'])


@pytest.mark.skipif(not os.path.isdir('/proc/self'), reason='needs a file system that takes no files')
def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(OutputError, match=r'/proc/a\.json cannot be written \('):
        check_outputs(['/proc/a.json'])


def test_an_input_is_never_an_output(tmp_path: Path) -> None:
    (tmp_path / 'link').symlink_to(tmp_path)
    with pytest.raises(OutputError, match=r'is one of the inputs'):
        check_outputs([tmp_path / 'b.jpg', tmp_path / 'link' / 'a.jpg'], inputs=[tmp_path / 'a.jpg'])
