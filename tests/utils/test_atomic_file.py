"""Files are written whole or not at all."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

from mmpose_dark.utils import atomic_file
from mmpose_dark.utils.atomic_file import atomic_path, write_atomic
from mmpose_dark.utils.errors import OutputError

posix = pytest.mark.skipif(os.name != 'posix', reason='needs POSIX signals and limits')


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize('content', ['né\n', b'\x00\xff'])
def test_content_and_folder(tmp_path, content):
    path = tmp_path / 'new' / 'a.txt'
    write_atomic(path, 'old')
    write_atomic(str(path), content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert names(path.parent) == ['a.txt']


def test_the_target_stays_as_it_was_until_the_block_ends(tmp_path):
    path = tmp_path / 'a.npz'
    path.write_text('old')
    with atomic_path(path, keep_suffix=True) as temporary:
        temporary.write_text('new')
        assert path.read_text() == 'old'
        assert temporary.parent == tmp_path
        assert temporary.suffix == '.npz'
        assert temporary.name.startswith('.')
    assert path.read_text() == 'new'


def test_permissions_are_those_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / 'a', '')
        (tmp_path / 'other').write_text('')
    finally:
        os.umask(before)
    assert (tmp_path / 'a').stat().st_mode == (tmp_path / 'other').stat().st_mode


def test_an_error_in_the_block_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'a'
    path.write_text('old')

    def write(error):
        with atomic_path(path) as temporary:
            temporary.write_text('half')
            raise error

    for error in (ValueError('x'), KeyboardInterrupt(), FileNotFoundError(2, 'no such file', '/elsewhere/b.jpg')):
        with pytest.raises(type(error)) as caught:
            write(error)
        assert caught.value is error
    assert path.read_text() == 'old'
    assert names(tmp_path) == ['a']


def test_of_several_files_none_gets_its_name_before_all_are_written(tmp_path):
    def write(broken):
        with contextlib.ExitStack() as stack:
            parts = [stack.enter_context(atomic_path(tmp_path / name)) for name in 'abc']
            for part in parts:
                part.write_text('x')
            if broken:
                raise ValueError('half-way')

    with pytest.raises(ValueError, match='half-way'):
        write(True)
    assert names(tmp_path) == []
    write(False)
    assert names(tmp_path) == ['a', 'b', 'c']


def test_a_folder_gets_its_name_when_it_is_full(tmp_path):
    def fill(broken):
        with atomic_path(tmp_path / 'out') as temporary:
            temporary.mkdir()
            (temporary / 'a').write_text('')
            if broken:
                raise ValueError('half-way')

    with pytest.raises(ValueError, match='half-way'):
        fill(True)
    assert names(tmp_path) == []
    fill(False)
    assert names(tmp_path / 'out') == ['a']


def test_errors_say_the_file_and_the_reason_in_one_line(tmp_path):
    (tmp_path / 'file').write_text('')
    reason = r'file/a: could not be written \((Not a directory|File exists)\); .*'
    with pytest.raises(OutputError, match=reason) as caught:
        write_atomic(tmp_path / 'file' / 'a', '')
    assert '\n' not in str(caught.value)
    (tmp_path / 'folder').mkdir()
    with pytest.raises(OutputError, match=r'folder: could not be written'):
        write_atomic(tmp_path / 'folder', '')
    with pytest.raises(OutputError, match='nothing: could not be written'), atomic_path(tmp_path / 'nothing'):
        pass


@posix
@pytest.mark.filterwarnings('ignore:This process')
def test_full_disk(tmp_path):
    """A limit on the file size makes the system refuse bytes in the middle, as a full disk does."""
    import resource

    path = tmp_path / 'a'
    path.write_text('old')
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(BaseException):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            try:
                write_atomic(path, 'x' * 5000)
            except OutputError as err:
                status = int('File too large' not in str(err))
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert path.read_text() == 'old'
    assert names(tmp_path) == ['a']


@posix
def test_left_overs_of_dead_processes_go_with_the_next_write(tmp_path):
    host = re.sub(r'\W', '_', socket.gethostname())
    dead = subprocess.Popen([sys.executable, '-c', ''])
    dead.wait()
    mine, other = f'.a.pth.{host}-{os.getpid()}-99.tmp', f'.b.pth.{host}-{dead.pid}-0.tmp'
    gone = [f'.a.pth.{host}-{dead.pid}-0.tmp', f'.a.pth.{host}-{dead.pid}-1.tmp.pth']
    elsewhere = f'.a.pth.other_host-{dead.pid}-0.tmp'
    for name in (mine, other, elsewhere, *gone):
        (tmp_path / name).write_text('')
    write_atomic(tmp_path / 'a.pth', '')
    assert names(tmp_path) == sorted([mine, other, elsewhere, 'a.pth'])


@posix
def test_devices_are_written_to_directly():
    with atomic_path('/dev/null') as path:
        assert path == pathlib.Path('/dev/null')
        path.write_text('x')
    assert not path.is_file()


def test_an_interrupt_while_the_disk_is_waited_for(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    (tmp_path / 'a').write_text('old')
    monkeypatch.setattr(atomic_file.os, 'fsync', interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / 'a', 'new')
    assert (tmp_path / 'a').read_text() == 'old'
    assert names(tmp_path) == ['a']
