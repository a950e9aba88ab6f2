"""The short way of a prediction over HTTP: for one that is here whole, and answered in no time.

    Connection --a whole request--> Direct --RestApi--> answered on the loop --> one write
                                        \\--not yet, or at length--> a task, as for all others

What an ASGI server does for a request (a task, messages both ways, headers checked one by one)
takes longer than a small model. So where there is nothing to wait for, the answer is written at
once. A request that has to wait becomes a task, which is timed, watched and cancelled like others.
"""

from __future__ import annotations

import asyncio
import http
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from server_ext.frontends import compression
from server_ext.frontends.gate import Gate
from server_ext.frontends.mail import Mail
from server_ext.frontends.messages import Answer, Headers, Request
from server_ext.frontends.rest import RestApi
from server_ext.lifecycle.servable import Turn

if TYPE_CHECKING:
    from server_ext.frontends.asgi import AsgiApp
    from server_ext.frontends.connection import Connection


class Direct:
    """The short way into one application, whose `headers` every answer has. All is on its loop."""

    def __init__(
        self, app: AsgiApp, rest: RestApi, gate: Gate, timeout_s: float | None, headers: Headers
    ) -> None:
        self.app = app
        self.rest = rest
        self.mail = Mail()
        self._gate = gate
        self._timeout_s = timeout_s
        self._headers = headers
        self._open: list[Exchange] = []

    def takes(self, connection: Connection, cycle: Any) -> bool:
        """Begin to answer a request that is here whole, or return False: then nothing is done."""
        scope = cycle.scope
        headers = dict(scope["headers"])
        request = Request(scope["method"], target(scope), bytes(cycle.body), headers)
        if connection.flow.write_paused or not self.rest.is_brief(request):
            return False
        if self._gate.refusal(request) or self._gate.too_large(len(request.body)):
            return False
        came = time.monotonic()
        turn = Turn(None if self._timeout_s is None else came + self._timeout_s)
        exchange = Exchange(self, connection, cycle, request, turn, came)
        if not self._open:
            connection.loop.call_soon(self._help)  # after all that are here to be read now
        self._open.append(exchange)
        self.rest.handle(request, turn, exchange.done)
        return True

    def head(self, answer: Answer, cycle: Any) -> bytes:
        """Return what goes before the body of an answer."""
        head = _head(answer.status, answer.content_type, (*answer.headers, *self._headers))
        varying = [name + b": " + value + b"\r\n" for name, value in cycle.default_headers]
        if not cycle.keep_alive:
            varying.append(b"connection: close\r\n")
        return b"%bcontent-length: %d\r\n%b\r\n" % (head, len(answer.body), b"".join(varying))

    def _help(self) -> None:
        self.rest.help()
        exchanges, self._open = self._open, []
        for exchange in exchanges:
            exchange.wait()


class Exchange:
    """One request on the short way. `done` may be called by any thread, all else is on the loop."""

    __slots__ = (
        "_answered", "_came", "_connection", "_cycle", "_direct", "_future", "_request", "_turn"
    )  # fmt: skip

    def __init__(
        self,
        direct: Direct,
        connection: Connection,
        cycle: Any,
        request: Request,
        turn: Turn,
        came: float,
    ) -> None:
        self._direct = direct
        self._connection = connection
        self._cycle = cycle
        self._request = request
        self._turn = turn
        self._came = came
        self._answered = False
        self._future: asyncio.Future[Answer] | None = None

    def done(self, answer: Answer) -> None:
        """Take the answer, once."""
        self._direct.mail.post(self._connection.loop, self._settle, answer)

    def wait(self) -> None:
        """Go on as a task, unless there is an answer."""
        if not self._answered:
            self._become_task()

    def _settle(self, answer: Answer) -> None:
        answer = self._direct.app.in_time(self._turn, answer)
        if self._future is None and len(answer.body) > compression.WORTHWHILE_BYTES:
            self._become_task()
        if self._future is None:
            self._write(answer)
        elif not self._future.done():
            self._future.set_result(answer)

    def _write(self, answer: Answer) -> None:
        self._answered = True
        cycle, transport = self._cycle, self._connection.transport
        self._direct.rest.count(self._request, answer, time.monotonic() - self._came)
        if cycle.disconnected or transport.is_closing():
            return
        cycle.response_started = cycle.response_complete = True
        transport.write(self._direct.head(answer, cycle) + answer.body)
        if not cycle.keep_alive:
            transport.close()
        cycle.on_response()

    def _become_task(self) -> None:
        self._answered = True
        future = self._future = self._connection.loop.create_future()

        finish = partial(self._direct.app.finish, self._request, self._turn, self._came, future)
        self._connection.start(self._cycle, finish)


def target(scope: Any) -> str:
    """Return path and query of a request as they came on the wire."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


@lru_cache(maxsize=256)
def _head(status: int, content_type: bytes, headers: Headers) -> bytes:
    phrase = http.HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {phrase}".encode(), b"content-type: " + content_type]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n"
