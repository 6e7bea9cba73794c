"""Downloads from servers on the loopback interface that misbehave, and by several processes at once."""

import http.server
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from outcome import ROOT, Outcome

__all__ = ['concurrent_downloads', 'hostile_downloads']

_CONTENT = random.Random(1).randbytes(400_000)


class _Liar:
    """Answers with something that is wrong at a random place."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.listening = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.listening.getsockname()[1]}/net.pth'
        self.contents = [_CONTENT, rng.randbytes(400_000), rng.randbytes(rng.randrange(1000, 500_000))]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                try:
                    asked = connection.recv(65536).decode()
                    connection.sendall(self._answer(asked))
                except OSError:
                    continue

    def _answer(self, asked: str) -> bytes:
        rng = self.rng
        version = rng.randrange(len(self.contents))
        content, tag = self.contents[version], rng.choice([f'ETag: "{version}"', '', 'ETag: W/"w"'])
        start = next((int(line[13:-1]) for line in asked.split('\r\n') if line.startswith('Range: bytes=')), 0)
        kind = rng.randrange(9)
        if kind == 0:
            return b'HTTP/1.1 %d Error\r\nContent-Length: 0\r\n\r\n' % rng.choice([500, 503, 404, 302, 416])
        if kind == 1:
            return _head('Content-Length: 0', tag)
        if kind == 2:
            return _head(tag, 'Connection: close') + content[: rng.randrange(len(content))]
        if kind == 3:
            return _head('Transfer-Encoding: chunked') + b'%x\r\n' % 5000 + content[: rng.randrange(6000)]
        if kind == 4:
            return _head(f'Location: {rng.choice(["file:///etc/passwd", "ftp://127.0.0.1/x"])}', status='302 Found')
        if start and start < len(content) and kind < 8:
            rest = f'Content-Range: bytes {start}-{len(content) - 1}/{len(content)}'
            return _head(f'Content-Length: {len(content) - start}', rest, tag, status='206 Partial') + content[start:]
        cut = rng.choice([len(content), rng.randrange(len(content))])
        return _head(f'Content-Length: {len(content)}', tag) + content[:cut]


def _head(*lines: str, status: str = '200 OK') -> bytes:
    return '\r\n'.join([f'HTTP/1.1 {status}', *filter(None, lines), '', '']).encode()


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    os.environ['MMPOSE_DARK_CACHE'] = str(folder)
    try:
        yield
    finally:
        del os.environ['MMPOSE_DARK_CACHE']
        shutil.rmtree(folder, ignore_errors=True)


def hostile_downloads(tries: int, seed: int, folder: Path) -> Outcome:
    """Fetch a file without a hash in its name from a server that lies."""
    import logging

    from mmengine.logging import MMLogger

    from mmpose_dark.checkpoint import CheckpointError
    from mmpose_dark.checkpoint.download import download_checkpoint

    MMLogger.get_current_instance().setLevel(logging.ERROR)
    found = Outcome('servers that lie: one whole version of the file is kept, or none')
    waits, download_module = (0.0, 0.0), sys.modules[download_checkpoint.__module__]
    download_module._WAITS = waits
    for i in range(tries):
        server = _Liar(random.Random(seed + i))
        with closing(server.listening), _cache(folder / 'cache'):
            problem = ''
            try:
                content = download_checkpoint(server.url).read_bytes()
                problem = '' if content in server.contents else f'{len(content)} bytes of no version were kept'
            except CheckpointError:
                if any(p.is_file() and not p.name.startswith('.') for p in (folder / 'cache').rglob('*')):
                    problem = 'an error, and a file was kept'
            except Exception as err:
                problem = f'{type(err).__name__}: {err}'
            found.note(problem)
    return found


def concurrent_downloads(tries: int, seed: int, folder: Path) -> Outcome:
    """Fetch a file by four processes at once."""
    found = Outcome('four processes fetch one file: one request, four whole files')
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header('Content-Length', str(len(_CONTENT)))
            self.end_headers()
            self.wfile.write(_CONTENT)

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script = (
        'import sys; from mmpose_dark.checkpoint import download_checkpoint as get; '
        'print(len(get(sys.argv[1]).read_bytes()), file=sys.stderr)'
    )
    for i in range(tries):
        asked.clear()
        with _cache(folder / f'shared_{seed}_{i}'):
            command = [sys.executable, '-c', script, f'http://127.0.0.1:{server.server_port}/{i}.pth']
            env = {**os.environ, 'PYTHONPATH': str(ROOT)}
            four = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
                    for _ in range(4)]  # fmt: skip
            lengths = [process.communicate(timeout=120)[1].strip().splitlines()[-1] for process in four]
            right = lengths == [str(len(_CONTENT))] * 4 and len(asked) == 1
            found.note('' if right else f'{lengths} bytes in {len(asked)} requests')
    server.shutdown()
    server.server_close()
    return found
