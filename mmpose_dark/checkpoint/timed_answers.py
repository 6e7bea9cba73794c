"""HTTP connections on which the head of an answer must be there in time: a server could send it byte by byte."""

import contextlib
import http.client
import socket
import threading
import urllib.request

__all__ = ['TimedHTTPHandler', 'TimedHTTPSHandler']

_LONGEST = 60.0  # seconds from the request to the end of the headers; silence ends earlier, by the socket's timeout


class _Timed(http.client.HTTPConnection):
    def getresponse(self) -> http.client.HTTPResponse:
        """Return the answer when its headers are there.

        Raises:
            TimeoutError: they are not there in time.
        """
        line, too_late = self.sock, threading.Event()

        def hang_up() -> None:
            too_late.set()
            with contextlib.suppress(OSError):  # closed meanwhile
                line.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(_LONGEST, hang_up)
        timer.daemon = True
        timer.start()
        broken = None
        try:
            response = super().getresponse()
        except (OSError, ValueError, http.client.HTTPException) as err:
            broken = err
        finally:
            timer.cancel()
        if too_late.is_set():  # what came until then can look like a whole answer
            raise TimeoutError(f'the server has not sent its headers within {_LONGEST:g} s') from broken
        if broken is not None:
            raise broken
        return response


class _TimedTls(_Timed, http.client.HTTPSConnection):
    pass


class TimedHTTPHandler(urllib.request.HTTPHandler):
    """Opens ``http`` URLs."""

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Send a request."""
        return self.do_open(_Timed, request)


class TimedHTTPSHandler(urllib.request.HTTPSHandler):
    """Opens ``https`` URLs."""

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Send a request, with the certificates of this handler."""
        return self.do_open(_TimedTls, request, context=self._context)
