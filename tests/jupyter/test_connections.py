"""Connections to the model server are used again, as long as that is safe."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tornado.httputil import HTTPHeaders

from server_ext.jupyter import connections
from server_ext.jupyter.connections import Connections
from server_ext.jupyter.upstream import Upstream

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok"


class Server:
    """Answers any request without a body by `ok`, and counts who connects."""

    def __init__(self, header: bytes = b"") -> None:
        self.clients: list[asyncio.StreamWriter] = []
        self.header = header

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(ANSWER % self.header)
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self.take, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            for client in self.clients:
                client.close()
            server.close()


async def ask(kept: Connections, url: str) -> bool:
    """Send a request and read its answer; tell whether it was whole."""

    async def forget(piece: bytes) -> None:
        assert piece == b"ok"

    upstream = await Upstream.open(kept, url, "GET", "/", HTTPHeaders({"Host": "here"}))
    assert upstream is not None
    upstream.end()
    assert (await upstream.answer).status == 200
    whole = await upstream.relay(forget)
    upstream.cancel()
    return whole


def count(server: Server, requests: int) -> int:
    """Return how many connections so many requests take, one after the other."""

    async def work() -> int:
        async with server.running() as url:
            kept = Connections()
            for _ in range(requests):
                assert await ask(kept, url)
            kept.close()
            return len(server.clients)

    return asyncio.run(work())


def test_one_connection_carries_one_request_after_the_other():
    assert count(Server(), 5) == 1


def test_a_server_that_closes_after_its_answer_is_connected_to_anew():
    assert count(Server(b"Connection: close\r\n"), 3) == 3


def test_a_connection_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "FRESH_S", 0.0)

    assert count(Server(), 3) == 3


def test_a_connection_that_the_server_closed_meanwhile_is_forgotten():
    async def work() -> tuple[bool, int]:
        server = Server()
        async with server.running() as url:
            kept = Connections()
            await ask(kept, url)
            server.clients[0].close()
            await server.clients[0].wait_closed()
            again = await ask(kept, url)
            kept.close()
            return again, len(server.clients)

    assert asyncio.run(work()) == (True, 2)


def test_requests_at_the_same_time_have_a_connection_each():
    async def work() -> int:
        server = Server()
        async with server.running() as url:
            kept = Connections()
            assert all(await asyncio.gather(*(ask(kept, url) for _ in range(5))))
            kept.close()
            return len(server.clients)

    assert asyncio.run(work()) == 5


def test_where_nobody_listens_there_is_no_connection():
    async def work() -> object:
        return await Connections().get("http://127.0.0.1:1")

    assert asyncio.run(work()) is None
