"""Servers on the loopback: a folder, and JPEG images without end as network cameras send them."""

import contextlib
import functools
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
from drawn_videos import drawn

__all__ = ['MjpegServer', 'serve', 'serve_folder']


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go."""


@contextlib.contextmanager
def serve(handler: object, port: int = 0) -> Iterator[_Quiet]:
    """Serve by a handler until the block ends."""
    with _Quiet(('127.0.0.1', port), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Folder(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder; yields the URL."""
    with serve(functools.partial(_Folder, directory=str(folder))) as server:
        yield f'http://127.0.0.1:{server.server_port}'


class MjpegServer:
    """Sends 100 drawn frames a second to whoever asks, until it is left; then connections break off."""

    def __init__(self, port: int = 0) -> None:
        self.port, self._over = port, threading.Event()

    @staticmethod
    def jpeg(number: int) -> bytes:
        return cv2.imencode('.jpg', drawn(number), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()

    def __enter__(self) -> 'MjpegServer':
        over, jpeg = self._over, self.jpeg

        class Handler(_Folder):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=part')
                self.end_headers()
                number = 0
                while not over.is_set():
                    content = jpeg(number % 15)
                    head = f'--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n'
                    self.wfile.write(head.encode() + content + b'\r\n')
                    number += 1
                    time.sleep(0.01)

        self._stack = contextlib.ExitStack()
        self.port = self._stack.enter_context(serve(Handler, self.port)).server_port
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._stack.close()

    def wait_until_gone(self) -> None:
        """Wait until nobody listens any more."""
        for _ in range(100):
            with socket.socket() as client:
                if client.connect_ex(('127.0.0.1', self.port)):
                    return
            time.sleep(0.02)
