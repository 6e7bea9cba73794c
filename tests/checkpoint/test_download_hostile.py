"""Servers that misbehave, on the loopback interface: nothing empty, cut or mixed is kept, nothing goes on for ever."""

import base64
import http.server
import os
import socket
import threading

import pytest

from mmpose_dark.checkpoint import CheckpointError, timed_answers, transfer
from mmpose_dark.checkpoint.download import download_checkpoint
from mmpose_dark.checkpoint.urls import shown

CONTENT = bytes(range(256)) * 4000
PLAIN = '/net.pth'


def kept(cache):
    return [p for p in cache.rglob('*') if p.is_file() and not p.name.startswith('.')]


@pytest.fixture
def raw():
    """A server that answers each connection with the next of ``answers``, byte by byte as written; urls of it."""

    class Server:
        pass

    server, listening = Server(), socket.create_server(('127.0.0.1', 0))
    server.answers, server.asked = [], []
    server.url = f'http://127.0.0.1:{listening.getsockname()[1]}'

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                server.asked.append(connection.recv(65536).decode())
                for piece in server.answers.pop(0) if server.answers else [b'HTTP/1.0 404 No\r\n\r\n']:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        break

    threading.Thread(target=serve, daemon=True).start()
    yield server
    listening.close()


def head(*lines, status='200 OK'):
    return '\r\n'.join([f'HTTP/1.1 {status}', *lines, '', '']).encode()


def test_an_empty_file_is_not_kept(server, cache):
    server.files[PLAIN] = b''
    with pytest.raises(CheckpointError, match='sent an empty file'):
        download_checkpoint(server.url + PLAIN)
    assert not kept(cache)


def test_a_file_of_unknown_length_is_not_kept_without_a_hash(raw, cache):
    raw.answers = [[head('Connection: close'), CONTENT[:1000]]]
    with pytest.raises(CheckpointError, match='does not say how long the file is'):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


def test_chunks_that_break_off_are_not_kept(raw, cache):
    raw.answers = [[head('Transfer-Encoding: chunked'), b'5\r\nhello\r\n']] * 3
    with pytest.raises(CheckpointError, match='cannot be downloaded'):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


def test_chunks_to_the_end_are_kept(raw, cache):
    raw.answers = [[head('Transfer-Encoding: chunked'), b'5\r\nhello\r\n0\r\n\r\n']]
    assert download_checkpoint(raw.url + PLAIN).read_bytes() == b'hello'


@pytest.mark.parametrize('change', ['tag', 'total'])
def test_two_versions_are_not_joined(raw, cache, change):
    """The server breaks off, and hands out the rest of another version in spite of If-Range."""
    old, new = b'a' * 200_000, b'b' * (200_000 if change == 'tag' else 210_000)
    tag = '"2"' if change == 'tag' else '"1"'
    rest = head(
        f'Content-Range: bytes 150000-{len(new) - 1}/{len(new)}', f'Content-Length: {len(new) - 150_000}',
        f'ETag: {tag}', status='206 Partial',
    )  # fmt: skip
    raw.answers = [
        [head('Content-Length: 200000', 'ETag: "1"'), old[:150_000]],
        [rest, new[150_000:]],
        [head(f'Content-Length: {len(new)}', f'ETag: {tag}'), new],
    ]
    assert download_checkpoint(raw.url + PLAIN).read_bytes() == new


def test_a_part_that_was_not_asked_for(raw, cache):
    raw.answers = [[head('Content-Range: bytes 5-9/10', 'Content-Length: 5', status='206 Partial'), b'hello']]
    with pytest.raises(CheckpointError, match='another part than asked for'):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


@pytest.mark.parametrize('length', ['abc', '-5', '1e3', '9' * 30])
def test_lengths_that_are_none(raw, cache, length):
    raw.answers = [[head(f'Content-Length: {length}', 'Connection: close'), b'hello']] * 3
    with pytest.raises(CheckpointError):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


def test_a_body_without_end_ends(raw, cache, monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_MAX_DOWNLOAD', '3000000')
    chunk = b'10000\r\n' + b'x' * 0x10000 + b'\r\n'
    raw.answers = [[head('Transfer-Encoding: chunked'), *[chunk] * 100]]
    with pytest.raises(CheckpointError, match=r'does not end; 3,000,000 is the most.*MMPOSE_DARK_MAX_DOWNLOAD'):
        download_checkpoint(raw.url + PLAIN)
    raw.answers = [[head('Content-Length: 99999999999')]]
    with pytest.raises(CheckpointError, match='has 99,999,999,999 bytes'):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


def test_a_body_that_drips_ends(raw, cache, monkeypatch):
    monkeypatch.setattr(transfer, '_PATIENCE', 0.2)
    stop = threading.Event()

    def drip():
        yield head('Content-Length: 1000000', 'ETag: "1"')
        while not stop.wait(0.02):
            yield b'x'

    raw.answers = [drip() for _ in range(3)]
    with pytest.raises(CheckpointError, match=r'cannot be downloaded: \d+ bytes in 0 s'):
        download_checkpoint(raw.url + PLAIN)
    stop.set()
    assert not kept(cache)


def test_headers_that_drip_end(raw, cache, monkeypatch):
    monkeypatch.setattr(timed_answers, '_LONGEST', 0.3)
    stop = threading.Event()

    def drip():
        yield b'HTTP/1.1 200 OK\r\nX-Long: '
        while not stop.wait(0.02):
            yield b'x'

    raw.answers = [drip() for _ in range(3)]
    with pytest.raises(CheckpointError, match=r'has not sent its headers within 0\.3 s'):
        download_checkpoint(raw.url + PLAIN)
    stop.set()
    assert not kept(cache)


@pytest.mark.parametrize('place', ['file:///etc/passwd', 'ftp://127.0.0.1/a', 'data:,x'])
def test_redirects_stay_on_http(raw, cache, place):
    raw.answers = [[head(f'Location: {place}', 'Content-Length: 0', status='302 Found')]]
    with pytest.raises(CheckpointError, match=r'is not followed'):
        download_checkpoint(raw.url + PLAIN)
    assert not kept(cache)


def test_redirects_do_not_step_down_from_https():
    request = transfer.urllib.request.Request('https://a.example/x.pth')
    with pytest.raises(CheckpointError, match=r'not followed \(https -> http\)'):
        transfer._SafeRedirects().redirect_request(request, None, 302, 'Found', {}, 'http://a.example/x.pth')


def test_a_redirect_is_followed_without_the_password(raw, server, cache):
    server.files[PLAIN] = CONTENT
    seen = []
    get = server.RequestHandlerClass.do_GET

    class Handler(server.RequestHandlerClass):
        def do_GET(self):
            seen.append(self.headers.get('Authorization'))
            get(self)

    server.RequestHandlerClass = Handler
    raw.answers = [[head(f'Location: {server.url}{PLAIN}', 'Content-Length: 0', status='302 Found')]]
    url = raw.url.replace('://', '://me:secret@')
    assert download_checkpoint(url + PLAIN).read_bytes() == CONTENT
    assert base64.b64encode(b'me:secret').decode() in raw.asked[0]
    assert seen == [None]


def test_passwords_are_not_printed(raw, cache, log):
    url = raw.url.replace('://', '://me:secret@') + PLAIN + '?token=hidden'
    with pytest.raises(CheckpointError) as caught:
        download_checkpoint(url)
    assert 'secret' not in str(caught.value) + log.text
    assert 'hidden' not in str(caught.value) + log.text
    assert '***@127.0.0.1' in str(caught.value)
    assert not any('secret' in p.read_text() for p in cache.rglob('*.json'))
    assert shown('a@b/c?d') == 'a@b/c?d'


@pytest.mark.skipif(os.name == 'nt', reason='no symbolic links')
@pytest.mark.parametrize('suffix', ['.part', '.part.json'])
def test_links_under_temporary_names_are_not_followed(server, cache, tmp_path, suffix):
    server.files[PLAIN] = CONTENT
    victim = tmp_path / 'mine.txt'
    victim.write_text('mine')
    path = download_checkpoint(server.url + PLAIN)
    path.with_name(f'.{path.name}{suffix}').symlink_to(victim)
    path.unlink()
    assert download_checkpoint(server.url + PLAIN).read_bytes() == CONTENT
    assert victim.read_text() == 'mine'


@pytest.mark.skipif(os.name == 'nt', reason='no symbolic links')
def test_a_link_in_the_place_of_the_lock_is_refused(server, cache, tmp_path):
    server.files[PLAIN] = CONTENT
    path = download_checkpoint(server.url + PLAIN)
    lock = path.with_name(f'.{path.name}.lock')
    lock.unlink()
    lock.symlink_to(tmp_path / 'made')
    path.unlink()
    with pytest.raises(CheckpointError, match='cannot write to the cache'):
        download_checkpoint(server.url + PLAIN)
    assert not (tmp_path / 'made').exists()


def test_a_packed_answer_is_refused(server, cache):
    server.files[PLAIN] = CONTENT
    handler = server.RequestHandlerClass

    class Packing(handler):
        def send_header(self, name, value):
            super().send_header(name, value)
            if name == 'Content-Type':
                super().send_header('Content-Encoding', 'gzip')

    server.RequestHandlerClass = Packing
    with pytest.raises(CheckpointError, match='packs the file'):
        download_checkpoint(server.url + PLAIN)
    assert issubclass(Packing, http.server.BaseHTTPRequestHandler)
