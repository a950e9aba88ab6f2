"""One request to the model server and its answer, both in pieces.

    open() --> send(), send() ... --> end()          the request, as its client sends it
                    answer  <-- the head              read from the start: a server may refuse early
                    relay(pass_on) <-- the body       no faster than `pass_on` returns

At most one piece of each direction is in memory. `cancel()` drops the connection, so that the model
server learns that nobody waits. Threads: the event loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from server_ext.jupyter.connections import Connections

PassOn = Callable[[bytes], Awaitable[None]]
_NO_LIMIT = 1 << 62  # of an answer; it is never held as a whole


class Head(NamedTuple):
    """The beginning of an answer."""

    status: int
    headers: HTTPHeaders


class Upstream(HTTPMessageDelegate):
    """A connection while it carries one request."""

    def __init__(self, url: str, stream: IOStream, connections: Connections) -> None:
        loop = asyncio.get_running_loop()
        self._url = url
        self._stream = stream
        self._connections = connections
        self._connection = HTTP1Connection(
            stream, True, HTTP1ConnectionParameters(max_body_size=_NO_LIMIT)
        )
        self.answer: asyncio.Future[Head | None] = loop.create_future()
        self._pass_on: asyncio.Future[PassOn] = loop.create_future()
        self._ended = False
        self._whole = False
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, connections: Connections, url: str, method: str, target: str, headers: HTTPHeaders
    ) -> Upstream | None:
        """Connect and send the head of a request; None if nobody listens."""
        stream = await connections.get(url)
        if stream is None:
            return None
        self = cls(url, stream, connections)
        with contextlib.suppress(StreamClosedError):
            await self._connection.write_headers(RequestStartLine(method, target, ""), headers)
        self._reading = asyncio.create_task(self._read())
        return self

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body; returns when the server has room for the next."""
        if not self._stream.closed():
            with contextlib.suppress(StreamClosedError):
                await self._connection.write(piece)

    def end(self) -> None:
        """Say that the body is complete."""
        if not self._stream.closed():
            self._ended = True
            self._connection.finish()

    async def relay(self, pass_on: PassOn) -> bool:
        """Hand over the pieces of the answer's body; tell whether they are all there are."""
        self._pass_on.set_result(pass_on)
        if self._reading is not None:
            await self._reading
        return self._whole

    def cancel(self) -> None:
        """Drop the connection; nothing happens after the end of the answer."""
        self._pass_on.cancel()
        self._connection.close()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        """Take the head of the answer; tornado calls this."""
        if isinstance(start_line, ResponseStartLine) and start_line.code >= 200:
            self.answer.set_result(Head(start_line.code, headers))

    def data_received(self, chunk: bytes) -> Awaitable[None]:
        """Take a piece of the answer; the next is read when it was passed on."""
        return self._hand_over(chunk)

    def finish(self) -> None:
        """Note that the answer is whole."""
        self._whole = True

    def on_connection_close(self) -> None:
        """Note nothing: an answer that is cut off is not whole."""

    async def _hand_over(self, chunk: bytes) -> None:
        try:
            pass_on = await self._pass_on
            await pass_on(chunk)
        except (StreamClosedError, asyncio.CancelledError):  # our own client has left
            self._connection.close()

    async def _read(self) -> None:
        is_open = False
        try:
            with contextlib.suppress(StreamClosedError):
                is_open = await self._connection.read_response(self)
        finally:
            if is_open and self._may_be_kept():
                self._connections.keep(self._url, self._connection.detach())
            self._connection.close()
            if not self.answer.done():
                self.answer.set_result(None)

    def _may_be_kept(self) -> bool:
        head = self.answer.result() if self.answer.done() else None
        if head is None or not (self._whole and self._ended):
            return False
        return head.headers.get("Connection", "").lower() != "close"
