"""A file server on the loopback interface that can be told to misbehave."""

import http.server
import threading
import types

import pytest


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get('Range'), self.headers.get('If-Range')))
        status = server.answers.pop(0) if server.answers else 200
        content = server.files.get(self.path)
        if status != 200 or content is None:
            self.send_error(status if status != 200 else 404)
            return
        start = 0
        asked = self.headers.get('Range') if server.ranges else None
        if asked and self.headers.get('If-Range') in (None, server.tag):
            start = int(asked.removeprefix('bytes=').rstrip('-'))
            if start >= len(content):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(content)}')
                self.send_header('Content-Length', '0')
                self.end_headers()
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
        else:
            self.send_response(200)
        self.send_header('Content-Length', str(len(content) - start))
        self.send_header('Content-Type', server.content_type)
        if server.tag:
            self.send_header('ETag', server.tag)
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else None
        self.wfile.write(content[start : start + cut] if cut is not None else content[start:])
        if server.pause:
            server.pause.wait(10)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple] = []
        self.answers: list[int] = []  # status of the next answers
        self.cuts: list[int | None] = []  # bytes after which the next answers break off
        self.ranges, self.tag, self.content_type, self.pause = True, '"v1"', 'application/octet-stream', None

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}'


@pytest.fixture
def server():
    """A server of ``files``; ``cuts``, ``answers``, ``ranges``, ``tag`` and ``content_type`` can be set."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.01), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, and no waiting between tries."""
    from mmpose_dark.checkpoint import download

    folder = tmp_path / 'cache'
    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(folder))
    monkeypatch.delenv('MMPOSE_DARK_MIRROR', raising=False)
    for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, '_WAITS', (0.0, 0.0))
    return folder


@pytest.fixture
def log(monkeypatch):
    """The lines logged by the checkpoint package."""
    from mmpose_dark.checkpoint import download, loading

    lines = types.SimpleNamespace(text='')

    def keep(message, *_, **__):
        lines.text += f'{message}\n'

    for module in (download, loading):
        monkeypatch.setattr(module, 'print_log', keep)
    return lines
