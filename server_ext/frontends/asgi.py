"""Puts the REST API on an ASGI server: reads the body, hands it over, packs and sends the answer.

The only async code of the server. Requests that are small are read on the loop, and when all that
have come are read, short runs follow there as well. What takes longer, other threads answer: one
wake-up of the loop for all the answers that are there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from server_ext.errors import DeadlineExceeded, ResourceExhausted, ServingError, Unavailable
from server_ext.frontends import compression
from server_ext.frontends.direct import Direct, target
from server_ext.frontends.gate import Gate
from server_ext.frontends.mail import Mail
from server_ext.frontends.messages import Answer, Request, answered, error_answer
from server_ext.frontends.metrics import MetricsPage
from server_ext.frontends.rest import RestApi
from server_ext.lifecycle.servable import Turn

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATIENCE_S = 0.1  # after which a request is looked after, in case its client leaves
LINGER_S = 30  # that what is left of a refused request is read and thrown away
CLOSE = (b"connection", b"close")
NOSNIFF = (b"x-content-type-options", b"nosniff")  # browsers take each answer for what it says


class AsgiApp:
    """The ASGI application. `timeout_s` bounds a request, None for no limit.

    Each request passes the `gate` first. Those for the `metrics` page go there then, and are not
    counted. With `cors` each answer tells browsers that pages of any origin may read it, and with
    `tokens` that they may send one.
    """

    def __init__(
        self,
        rest: RestApi,
        timeout_s: float | None,
        metrics: MetricsPage | None = None,
        *,
        gate: Gate,
        cors: bool = False,
        tokens: bool = False,
    ) -> None:
        self._gate = gate
        self._rest = rest
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._headers = (*(_cors_headers(tokens) if cors else ()), NOSNIFF)
        self._mail = Mail()
        self.direct = Direct(self, rest, gate, timeout_s, self._headers)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope["method"], target(scope), b"", dict(scope["headers"]))
        try:
            body = self._gate.refusal(request) or await _body(receive, self._gate)
        except asyncio.CancelledError:  # by uvicorn: the body was not here within the drain time
            answer = error_answer(Unavailable("The server is shutting down"))
            await self._send(answer._replace(headers=(*answer.headers, CLOSE)), send)
            return
        if body is None:
            return
        if isinstance(body, Answer):
            await self._turn_away(request, body, receive, send)
            return
        request = Request(request.method, request.target, body, request.headers)
        page = self._metrics
        if page and page.concerns(request):
            await self._pack(answered(lambda: page.answer(request)), request, send)
            return
        came = time.monotonic()
        turn = Turn(None if self._timeout_s is None else came + self._timeout_s)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def settle(answer: Answer) -> None:
            if not future.done():
                future.set_result(self.in_time(turn, answer))

        self._rest.handle(request, turn, lambda answer: self._mail.post(loop, settle, answer))
        if turn.brief:
            loop.call_soon(self._rest.help)
        await self.finish(request, turn, came, future, scope, receive, send)

    async def finish(
        self,
        request: Request,
        turn: Turn,
        came: float,
        future: asyncio.Future[Answer],
        _: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        """Wait for an answer as long as it is of use, count it and send it."""
        answer = future.result() if future.done() else await self._waited(turn, future, receive)
        self._rest.count(request, answer, time.monotonic() - came)
        await self._pack(answer, request, send)

    async def _turn_away(
        self, request: Request, answer: Answer, receive: Receive, send: Send
    ) -> None:
        """Answer at once, and end the connection if a body is on its way.

        What still comes of it is thrown away for a while: many clients read nothing before they
        have sent all, and would only learn that the connection is gone.
        """
        self._rest.count(request, answer, 0.0)
        headers = request.headers
        if b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") == b"0":
            await self._send(answer, send)
            return
        await self._send(answer._replace(headers=(*answer.headers, CLOSE)), send, last=False)
        if b"expect" not in headers:  # who expects a word before the body sends none now
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_throw_away(receive), LINGER_S)
        await send({"type": "http.response.body"})

    async def _send(self, answer: Answer, send: Send, last: bool = True) -> None:
        headers = [(b"content-type", answer.content_type), *answer.headers, *self._headers]
        if answer.status != 304:  # where it would be the length of what the client has
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": not last})

    async def _pack(self, answer: Answer, request: Request, send: Send) -> None:
        if len(answer.body) > compression.WORTHWHILE_BYTES:
            answer = await _packed(answer, request.headers)
        await self._send(answer, send)

    async def _waited(self, turn: Turn, future: asyncio.Future[Answer], receive: Receive) -> Answer:
        loop = asyncio.get_running_loop()
        watch = loop.call_later(PATIENCE_S, lambda: _watch(receive, turn, future))
        timer = None
        if self._timeout_s is not None:
            left_s = (turn.deadline or 0.0) - time.monotonic()
            timer = loop.call_later(left_s, lambda: self._too_late(turn, future))
        try:
            return await future
        except asyncio.CancelledError:  # by uvicorn, when the drain time is over
            turn.gone = True
            return error_answer(Unavailable("The server is shutting down"))
        finally:
            watch.cancel()
            if timer:
                timer.cancel()

    def in_time(self, turn: Turn, answer: Answer) -> Answer:
        """Return the answer, or that it is too late: the loop may have had no time to say so."""
        if turn.deadline is None or time.monotonic() < turn.deadline:
            return answer
        return self._late(turn)

    def _too_late(self, turn: Turn, future: asyncio.Future[Answer]) -> None:
        if not future.done():
            turn.gone = True
            future.set_result(self._late(turn))

    def _late(self, turn: Turn) -> Answer:
        milliseconds = round((self._timeout_s or 0) * 1000)
        limit = f"{milliseconds} ms (--rest_api_timeout_in_ms={milliseconds})"
        error: ServingError = DeadlineExceeded(f"Timed out after {limit}")
        if turn.queued:
            text = f"Run() timeout exceeded while waiting in batching queue: {limit}"
            error = ResourceExhausted(text)
        return error_answer(error)


def _watch(receive: Receive, turn: Turn, future: asyncio.Future[Answer]) -> None:
    """Notice a client that goes away, or closes its half, while its request waits."""

    async def leave() -> None:
        await receive()  # the body is here: all there is to come is the end
        turn.gone = True

    task = asyncio.ensure_future(leave())
    future.add_done_callback(lambda _: task.cancel())


def _cors_headers(tokens: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of model_servers/http_server.cc, which has no tokens."""
    return (
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"POST, GET"),
        (b"access-control-allow-headers", b"Content-Type" + b", Authorization" * tokens),
    )


async def _body(receive: Receive, gate: Gate) -> bytes | Answer | None:
    """Return the whole body, why it is too large, or None when the client went away first."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if too_large := gate.too_large(size):
            return too_large
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _throw_away(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def _packed(answer: Answer, headers: Mapping[bytes, bytes]) -> Answer:
    """Return the answer as gzip if the client takes it; a large one is packed on another thread."""
    vary = (*answer.headers, compression.VARY)
    if not compression.accepts_gzip(headers.get(b"accept-encoding", b"")):
        return answer._replace(headers=vary)
    if len(answer.body) > compression.SLOW_BYTES:
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(None, compression.deflate, answer.body)
    else:
        body = compression.deflate(answer.body)
    return answer._replace(body=body, headers=(*vary, compression.ENCODED))
