"""Connections to the model server that are open and carry no request at the moment.

One that has waited for long is not used: the model server may be about to close it, and a body that
is on its way cannot be sent again. Threads: the event loop only.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from urllib.parse import urlsplit

from tornado.iostream import IOStream

CONNECT_S = 5.0
MOST_IDLE = 64
FRESH_S = 2.0  # less than the seconds after which the model server closes an idle connection


class Connections:
    """Gives connections and takes them back."""

    def __init__(self) -> None:
        self._idle: dict[IOStream, tuple[str, float]] = {}

    async def get(self, url: str) -> IOStream | None:
        """Return a connection to the server of a URL; None if it cannot be had."""
        while self._idle:
            stream, (place, since) = self._idle.popitem()
            stream.set_close_callback(None)
            fresh = time.monotonic() - since < FRESH_S
            if place == url and fresh and not _closed_there(stream):
                stream.set_nodelay(True)
                return stream
            stream.close()
        return await _connected(url)

    def keep(self, url: str, stream: IOStream) -> None:
        """Take a connection back whose request is done."""
        plain = url.startswith("http:")  # of others it cannot be seen whether they are closed there
        if stream.closed() or not plain or len(self._idle) >= MOST_IDLE:
            stream.close()
            return
        self._idle[stream] = url, time.monotonic()
        stream.set_close_callback(lambda: self._forget(stream))

    def _forget(self, stream: IOStream) -> None:
        self._idle.pop(stream, None)

    def close(self) -> None:
        """Close all that carry no request."""
        for stream in list(self._idle):
            stream.close()
        self._idle.clear()


def _closed_there(stream: IOStream) -> bool:
    """Tell whether the other end has closed a connection, which the loop may not have seen yet."""
    if stream.closed():
        return True
    try:
        stream.socket.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False  # open, and nothing to read: as it should be
    except OSError:
        return True
    return True


async def _connected(url: str) -> IOStream | None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    stream = IOStream(socket.socket(family, socket.SOCK_STREAM))
    try:
        await asyncio.wait_for(stream.connect((host, port)), CONNECT_S)
        stream.set_nodelay(True)
        if parts.scheme == "https":  # our own child, with a certificate for other names
            return await stream.start_tls(False, ssl._create_unverified_context(), host)
    except (OSError, asyncio.TimeoutError):
        stream.close()
        return None
    return stream
