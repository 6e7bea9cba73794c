"""Downloads from a server on the loopback interface: complete, resumed, damaged, refused, concurrent."""

import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import types

import numpy as np
import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_checkpoint, load_state_dict_file, transfer
from mmpose_dark.checkpoint.download import cache_folder, download_checkpoint
from mmpose_dark.checkpoint.urls import file_name, is_url, mirrored, resolve
from mmpose_dark.utils import progress
from mmpose_dark.utils.addresses import expected_hash

CONTENT = np.random.default_rng(0).bytes(3_000_000)
DIGITS = hashlib.sha256(CONTENT).hexdigest()[:8]
HASHED = f'/mmpose/net-{DIGITS}_20200709.pth'
PLAIN = '/mmpose/net.pth'


def parts(folder):
    return [p.name for p in folder.rglob('.*.part*')]


def stored(path):
    return sorted(p.name for p in path.rglob('*') if p.is_file() and not p.name.startswith('.'))


@pytest.mark.parametrize('name', [HASHED, PLAIN])
def test_download_once(server, cache, log, name):
    server.files[name] = CONTENT
    path = download_checkpoint(server.url + name)
    assert path.read_bytes() == CONTENT
    assert path.name == name.rsplit('/', 1)[1]
    assert cache in path.parents
    assert download_checkpoint(server.url + name) == path
    assert len(server.requests) == 1
    assert not parts(cache)
    assert stored(cache) == [path.name]
    assert f'downloading {server.url}{name}' in log.text


def test_names_without_a_hash_do_not_meet(server, cache):
    server.files.update({'/a/net.pth': b'a', '/b/net.pth': b'b'})
    paths = [download_checkpoint(f'{server.url}/{x}/net.pth') for x in 'ab']
    assert [p.read_bytes() for p in paths] == [b'a', b'b']


@pytest.mark.parametrize('name', [HASHED, PLAIN])
def test_an_interrupted_download_goes_on(server, cache, log, name):
    server.files[name] = CONTENT
    server.cuts = [1_000_000, 500_000]
    assert download_checkpoint(server.url + name).read_bytes() == CONTENT
    assert [r[1] for r in server.requests] == [None, 'bytes=1000000-', 'bytes=1500000-']
    assert 'the connection ended after 1,000,000 of 3,000,000 bytes; trying again' in log.text


@pytest.mark.parametrize('name', [HASHED, PLAIN])
def test_a_later_call_goes_on(server, cache, name):
    server.files[name] = CONTENT
    server.cuts, server.answers = [1_000_000], [200, 503, 503, 503]
    with pytest.raises(CheckpointError, match=r'(?s)1,000,000 bytes received are kept.*MMPOSE_DARK_MIRROR'):
        download_checkpoint(server.url + name)
    assert not stored(cache)
    assert download_checkpoint(server.url + name).read_bytes() == CONTENT
    assert server.requests[-1][1] == 'bytes=1000000-'


def test_many_short_breaks_do_not_use_up_the_tries(server, cache):
    server.files[HASHED] = CONTENT
    server.cuts = [250_000] * 11
    assert download_checkpoint(server.url + HASHED).read_bytes() == CONTENT


def test_a_server_that_cannot_resume(server, cache):
    server.files[PLAIN], server.cuts, server.ranges = CONTENT, [1_000_000], False
    assert download_checkpoint(server.url + PLAIN).read_bytes() == CONTENT


def test_a_file_replaced_meanwhile_starts_anew(server, cache):
    server.files[PLAIN], server.cuts, server.answers = b'old' * 1000, [1500], [200, 503, 503, 503]
    with pytest.raises(CheckpointError):
        download_checkpoint(server.url + PLAIN)
    server.files[PLAIN], server.tag = CONTENT, '"v2"'
    assert download_checkpoint(server.url + PLAIN).read_bytes() == CONTENT
    assert server.requests[-1][1:] == ('bytes=1500-', '"v1"')


def test_without_a_validator_bytes_are_joined_only_under_a_hash(server, cache):
    server.tag = None
    for name in (PLAIN, HASHED):
        server.files[name], server.cuts = CONTENT, [1_000_000]
        assert download_checkpoint(server.url + name).read_bytes() == CONTENT
    assert [r[1] for r in server.requests] == [None, None, None, 'bytes=1000000-']


def test_a_wrong_beginning_under_a_hash_starts_anew(server, cache, log):
    server.files[HASHED] = CONTENT
    cache.mkdir()
    (cache / f'.{HASHED[8:]}.part').write_bytes(b'x' * 1000)
    assert download_checkpoint(server.url + HASHED).read_bytes() == CONTENT
    assert 'starting anew' in log.text


@pytest.mark.parametrize('length', [len(CONTENT), len(CONTENT) + 5])
def test_a_beginning_that_is_all_or_too_long(server, cache, length):
    server.files[HASHED] = CONTENT
    cache.mkdir()
    (cache / f'.{HASHED[8:]}.part').write_bytes((CONTENT + b'12345')[:length])
    assert download_checkpoint(server.url + HASHED).read_bytes() == CONTENT
    assert len(server.requests) == (1 if length == len(CONTENT) else 2)


def test_a_damaged_file_is_deleted_and_reported(server, cache):
    server.files[HASHED] = CONTENT[:-1] + b'!'
    with pytest.raises(CheckpointError, match=rf'{DIGITS}_20200709\.pth: damaged.*the name says {DIGITS}.*deleted'):
        download_checkpoint(server.url + HASHED)
    assert not stored(cache)
    assert not parts(cache)
    server.files[HASHED] = CONTENT
    assert download_checkpoint(server.url + HASHED).read_bytes() == CONTENT


@pytest.mark.parametrize(('status', 'tries'), [(404, 1), (403, 1), (500, 3), (429, 3)])
def test_answers_that_are_errors(server, cache, status, tries):
    server.files[PLAIN], server.answers = CONTENT, [status] * 9
    with pytest.raises(CheckpointError, match=rf'/mmpose/net\.pth: .*server answers {status}'):
        download_checkpoint(server.url + PLAIN)
    assert len(server.requests) == tries


def test_a_web_page(server, cache):
    server.files[PLAIN], server.content_type = b'<html>', 'text/html; charset=utf-8'
    with pytest.raises(CheckpointError, match='sent a web page'):
        download_checkpoint(server.url + PLAIN)
    assert not stored(cache)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def test_host_down_names_the_mirror_setting(cache):
    url = f'http://127.0.0.1:{free_port()}{HASHED}'
    with pytest.raises(CheckpointError, match=r'(?s)cannot be downloaded: .*refused.*MMPOSE_DARK_MIRROR=https://'):
        download_checkpoint(url)


def test_mirror(server, cache, monkeypatch):
    server.files['/copy' + HASHED] = CONTENT
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', f'https://a.b=https://c.d; https://down.invalid={server.url}/copy/')
    path = download_checkpoint('https://down.invalid' + HASHED)
    assert path.read_bytes() == CONTENT
    monkeypatch.delenv('MMPOSE_DARK_MIRROR')
    assert download_checkpoint('https://down.invalid' + HASHED) == path, 'the cache goes by the original URL'


def test_mirror_in_a_folder(tmp_path, cache, monkeypatch):
    path = tmp_path / 'my mirror' / HASHED[1:]
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', f'https://down.invalid={tmp_path / "my mirror"}')
    assert download_checkpoint('https://down.invalid' + HASHED) == path


@pytest.mark.parametrize('value', ['https://my.mirror', 'a=b', 'https://a.b='])
def test_malformed_mirror(value, monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', value)
    with pytest.raises(CheckpointError, match=r'MMPOSE_DARK_MIRROR: .* is not PREFIX=REPLACEMENT'):
        mirrored('https://a.b/c.pth')


def test_mirror_prefix_ends_at_a_slash(monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', 'https://a.b=https://c.d')
    assert mirrored('https://a.b/x.pth') == 'https://c.d/x.pth'
    assert mirrored('https://a.bc/x.pth') == 'https://a.bc/x.pth'


def test_file_urls(tmp_path, cache):
    path = tmp_path / 'my folder' / f'net-{DIGITS}.pth'
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert download_checkpoint(path.as_uri()) == path
    path.write_bytes(CONTENT[1:])
    with pytest.raises(CheckpointError, match=f'is damaged: its SHA-256 is not {DIGITS}'):
        download_checkpoint(path.as_uri())
    with pytest.raises(CheckpointError, match='no such file'):
        download_checkpoint((tmp_path / 'no.pth').as_uri())
    assert not cache.exists()


@pytest.mark.parametrize(
    ('url', 'says'),
    [
        ('https://drive.google.com/file/d/1IxQ/view?usp=sharing', r'Download it in a browser and pass the path'),
        ('https://docs.google.com/uc?id=1', 'in a browser'),
        ('https://1drv.ms/u/s!Ahf', 'in a browser'),
        ('https://tenant.sharepoint.com/x', 'in a browser'),
        ('https://onedrive.live.com/x', 'in a browser'),
        ('https://pan.baidu.com/s/1', 'in a browser'),
        ('s3://bucket/x.pth', r'cannot fetch s3:// URLs. Use a path, file://'),
        ('torchvision://resnet51', r'unknown name. Known: resnet101, resnet152, resnet18'),
        ('open-mmlab://nothing', r'unknown name. Known: .*detectron/resnet50_caffe'),
    ],
)
def test_urls_that_are_refused(url, says, cache):
    with pytest.raises(CheckpointError, match=says):
        load_state_dict_file(url)


def test_short_urls():
    assert resolve('torchvision://resnet101') == 'https://download.pytorch.org/models/resnet101-63fe2227.pth'
    assert resolve('open-mmlab://detectron/resnet50_caffe').endswith('/resnet50_caffe-788b5fa3.pth')
    assert resolve('https://notdrive.google.com.example.org/a.pth').endswith('a.pth')


def test_short_urls_are_those_of_mmengine():
    import importlib.resources
    import json

    table = json.loads((importlib.resources.files('mmengine.hub') / 'torchvision_0.12.json').read_text())
    for depth in (18, 34, 50, 101, 152):
        assert resolve(f'torchvision://resnet{depth}') == table[f'resnet{depth}']


@pytest.mark.parametrize(
    ('name', 'digits'),
    [
        ('res50_coco_256x192_dark-43379d20_20200709.pth', '43379d20'),
        ('hrnet_w32-36af842e.pth', '36af842e'),
        ('cascade_rcnn_20200509_224357-051557b1.pth', '051557b1'),
        ('resnet50-0676ba61.pth', '0676ba61'),
        ('net-0123456789abcdef' + '0' * 48 + '.pth', '0123456789abcdef' + '0' * 48),
        ('net-36af842e.pth.tar', '36af842e'),
        ('td-hm_hrnet-w32_8xb64-210e_coco-256x192-20220909.pth', None),
        ('td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth', '81c58e40'),
        ('epoch_210.pth', None),
        ('resnet50-caffe.pth', None),
        ('net-12345678.pth', '12345678'),
    ],
)
def test_hash_in_the_name(name, digits):
    assert expected_hash(name) == digits


def test_every_published_url_carries_a_hash(shared):
    rows = (shared / 'facts/published_results.json').read_text().split('"')
    published = [a for a in rows if a.startswith('https://download.openmmlab.com') and a.endswith('.pth')]
    assert len(published) > 20
    assert all(expected_hash(file_name(a)) for a in published)


@pytest.mark.parametrize('path', ['a.pth', './a.pth', '/data/a.pth', 'C:/a.pth', 'C:\\a.pth', pathlib.Path('a.pth')])
def test_paths_are_no_urls(path):
    assert not is_url(path)


@pytest.mark.parametrize(
    ('url', 'name'),
    [
        ('https://h/a/b.pth?x=1#y', 'b.pth'),
        ('https://h/a%20b.pth', 'a_b.pth'),
        ('https://h/', 'checkpoint.pth'),
        ('https://h/..', 'checkpoint.pth'),
        ('https://h/a/%2e%2e%2f%2e%2e%2fetc.pth', 'etc.pth'),
        ('https://h/a\\..\\b.pth', 'b.pth'),
    ],
)
def test_file_names_stay_in_the_cache(url, name):
    assert file_name(url) == name


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv('MMPOSE_DARK_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_folder() == tmp_path / 'mmpose_dark' / 'checkpoints'
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert cache_folder() == pathlib.Path.home() / '.cache' / 'mmpose_dark' / 'checkpoints'


def test_a_cache_that_cannot_be_written(server, tmp_path, cache, monkeypatch):
    server.files[HASHED] = CONTENT
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path / 'file' / 'cache'))
    with pytest.raises(CheckpointError, match=r'cannot write to the cache .*set MMPOSE_DARK_CACHE'):
        download_checkpoint(server.url + HASHED)


def test_too_little_space(server, cache, monkeypatch):
    server.files[HASHED] = CONTENT
    monkeypatch.setattr(transfer.shutil, 'disk_usage', lambda _: types.SimpleNamespace(free=1_000_000))
    with pytest.raises(CheckpointError, match='3 MB needed, 1 MB free'):
        download_checkpoint(server.url + HASHED)


def test_threads_share_one_download(server, cache):
    server.files[HASHED] = CONTENT
    paths = []
    threads = [
        threading.Thread(target=lambda: paths.append(download_checkpoint(server.url + HASHED))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 6
    assert paths[0].read_bytes() == CONTENT
    assert len(server.requests) == 1


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
@pytest.mark.filterwarnings('ignore:This process')
def test_processes_share_one_download(server, cache):
    """As under torchrun: the others wait and find the file; a killed process leaves no lock behind."""
    server.files[HASHED], server.cuts, server.pause = CONTENT, [1_000_000], threading.Event()

    def start():
        child = os.fork()
        if not child:
            status = 1
            with contextlib.suppress(BaseException):
                status = int(download_checkpoint(server.url + HASHED).read_bytes() != CONTENT)
            os._exit(status)
        return child

    first = start()
    while not any(p.stat().st_size >= 1_000_000 for p in cache.rglob('.*.part')):
        time.sleep(0.01)
    others = [start(), start()]
    time.sleep(0.3)
    assert len(server.requests) == 1, 'the others wait'
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    server.pause.set()
    assert [os.waitpid(child, 0)[1] for child in others] == [0, 0]
    assert [r[1] for r in server.requests] == [None, 'bytes=1000000-']


def test_progress_in_a_log(server, cache, log, monkeypatch):
    """Where output is no terminal, a line of the log says now and then how far it is, also after an interruption."""
    server.files[HASHED], server.cuts = CONTENT, [1_000_000]
    monkeypatch.setattr(progress, 'SECONDS_BETWEEN_LINES', -1)
    download_checkpoint(server.url + HASHED)
    name = HASHED.rsplit('/')[-1]
    assert f'{name}: {len(CONTENT) / 1e6:.1f}/{len(CONTENT) / 1e6:.1f} MB, ' in log.text
    assert ' left\n' in log.text
    assert '-' not in ''.join(line.split('MB, ')[-1] for line in log.text.splitlines() if 'MB/s' in line)


def test_progress_in_a_terminal(monkeypatch):
    """In a pseudo-terminal the bar is drawn."""
    pty = pytest.importorskip('pty')
    ours, theirs = pty.openpty()
    monkeypatch.setenv('TERM', 'xterm')
    with os.fdopen(theirs, 'w') as terminal:
        monkeypatch.setattr(sys, 'stderr', terminal)
        monkeypatch.setattr(progress, '_SECONDS_BETWEEN_DRAWINGS', -1)
        with progress.show_progress('net.pth', unit='bytes') as report:
            report(1_500_000, 3_000_000)
            report(3_000_000, 3_000_000)
        monkeypatch.undo()
    drawn = ''
    with contextlib.suppress(OSError):  # Linux ends a closed terminal with an error, others with nothing
        while piece := os.read(ours, 65536):
            drawn += piece.decode(errors='replace')
    os.close(ours)
    assert 'net.pth' in drawn
    assert '3.0/3.0 MB' in drawn


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = torch.nn.Module(), torch.nn.Module()
        self.backbone.conv1 = torch.nn.Conv2d(3, 2, 1)
        self.head.final_layer = torch.nn.Conv2d(2, 17, 1)


def test_round_trip_of_a_network(server, cache, tmp_path):
    """Download, hash check and loading in one call, as the tools do it."""
    source, target = Net(), Net()
    weights = {k.replace('head.', 'keypoint_head.'): v for k, v in source.state_dict().items()}
    torch.save(dict(meta=dict(epoch=210), state_dict=weights), tmp_path / 'net.pth')
    content = (tmp_path / 'net.pth').read_bytes()
    name = f'/net-{hashlib.sha256(content).hexdigest()[:8]}_20200709.pth'
    server.files[name], server.cuts = content, [1000]
    assert load_checkpoint(target, server.url + name) == dict(meta=dict(epoch=210))
    assert all(torch.equal(v, target.state_dict()[k]) for k, v in source.state_dict().items())
    assert load_checkpoint(Net(), (tmp_path / 'net.pth').as_uri())['meta']['epoch'] == 210


def test_code_behind_a_url_does_not_run(server, cache, tmp_path):
    witness = tmp_path / 'witness'

    class RunsCode:
        def __reduce__(self):
            return os.system, (f'touch {witness}',)

    torch.save(dict(state_dict=Net().state_dict(), meta=RunsCode()), tmp_path / 'net.pth')
    server.files[PLAIN] = (tmp_path / 'net.pth').read_bytes()
    with pytest.raises(CheckpointError, match=r'net\.pth: refused.*system'):
        load_checkpoint(Net(), server.url + PLAIN)
    assert not witness.exists()
