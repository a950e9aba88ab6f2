"""An HTTP server for the ASGI application: uvicorn on a socket that was bound before.

The event loop has a thread of its own; `start` and `stop` are called from another one.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

import uvicorn

from server_ext.errors import Unavailable
from server_ext.frontends import ports
from server_ext.frontends.asgi import AsgiApp
from server_ext.frontends.crowd import Crowd
from server_ext.sslconfig import Tls

LOOK_S = 0.1  # between two looks for connections that were made while the server drains
KEEP_ALIVE_S = 75  # that a connection may be idle: pools of clients keep theirs for a minute


class RestFront:
    """An HTTP server for the app on a bound socket, with a loop on a thread of its own."""

    def __init__(
        self, app: AsgiApp, bound: socket.socket, drain_s: int, tls: Tls | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,  # nothing here asks who the client is
            backlog=ports.BACKLOG,
            http=_protocol(),
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=drain_s,
        )
        config.load()
        config.ssl = tls.context() if tls else None  # uvicorn itself knows key files only
        bound.setblocking(False)
        crowd: Any = Crowd(config.http_protocol_class, bound, config.ssl)
        config.http_protocol_class = crowd
        self._bound = bound
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([bound],), name="rest", daemon=True
        )

    @property
    def port(self) -> int:
        """TCP port really bound."""
        return int(self._bound.getsockname()[1])

    def start(self) -> None:
        """Open the port and begin to answer.

        Raises:
            Unavailable: another server that had bound the port as well was faster.
        """
        try:
            self._bound.listen(ports.BACKLOG)
        except OSError as error:
            raise Unavailable(f"cannot listen on port {self.port}: {error.strerror}") from None
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Accept no more, answer what is in flight for up to the drain time, close."""
        deadline = time.monotonic() + timeout_s + 1
        self._server.should_exit = True
        told: set[Any] = set()
        while self._thread.is_alive() and time.monotonic() < deadline:
            # Whose TLS handshake ends now was not there when uvicorn told the others.
            for connection in self._server.server_state.connections - told:
                with contextlib.suppress(RuntimeError):  # the loop has ended since
                    connection.loop.call_soon_threadsafe(connection.shutdown)
                told.add(connection)
            self._thread.join(LOOK_S)


def _protocol() -> Any:
    """Return how connections are spoken on: as uvicorn does where there is no httptools."""
    try:
        from server_ext.frontends.connection import Connection
    except ImportError:
        return "auto"
    return Connection
