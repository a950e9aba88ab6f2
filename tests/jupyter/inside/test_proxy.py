"""What the proxy passes on and what it keeps, seen from a server behind it that tells what it got."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import HTTPStreamClosedError

from server_ext.hosting.address import Address
from server_ext.jupyter.handlers.proxy import ProxyHandler
from server_ext.jupyter.upstream import Upstream

SECRET = "the-token-of-the-model-server"


class Behind(BaseHTTPRequestHandler):
    """Answers with what it was asked, or as the path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.endswith("half"):
            self.answer(b"half of it", length=1000)
            self.close_connection = True
        elif self.path.endswith("nothing"):
            self.close_connection = True
        elif self.path.endswith("pieces"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        else:
            self.tell()

    def do_POST(self):
        if self.path.endswith("early"):
            self.answer(b'{"error": "too large"}', status=413)
            self.close_connection = True
        else:
            self.tell(self.rfile.read(int(self.headers["Content-Length"])))

    def tell(self, body=b""):
        said = {"path": self.path, "headers": dict(self.headers), "bytes": len(body)}
        self.answer(json.dumps(said).encode())

    def answer(self, body, status=200, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.send_header("Set-Cookie", "a=b")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Connection", "X-Private")
        self.send_header("X-Private", "1")
        self.send_header("X-Kept", "yes")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def behind(extension, monkeypatch):
    """A server in the place of the model server, whose address the host gives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(extension.service.host, "address", lambda: Address(url, "", SECRET))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetch(jp_fetch, behind):
    def ask(path, **options):
        return jp_fetch("tfs", "v1", path, **options)

    return ask


async def test_what_is_jupyters_stays_and_the_token_of_the_model_server_is_added(fetch):
    headers = {
        "Cookie": "_xsrf=1; username=x",
        "X-XSRFToken": "1",
        "Origin": "http://127.0.0.1",
        "Referer": "http://127.0.0.1/tree",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "1",
        "TE": "trailers",
        "Proxy-Authorization": "Basic eDp5",
        "X-Request-Id": "42",
        "Content-Type": "application/json",
    }

    answer = await fetch("m", method="POST", body=b"{}", headers=headers)

    got = {name.lower(): value for name, value in json.loads(answer.body)["headers"].items()}
    assert got["authorization"] == f"Bearer {SECRET}"
    assert got["x-request-id"] == "42"
    assert got["content-type"] == "application/json"
    assert not {"cookie", "x-xsrftoken", "origin", "referer", "x-hop", "te"} & set(got)
    assert "proxy-authorization" not in got
    assert got["host"].startswith("127.0.0.1:")


async def test_what_is_between_the_proxy_and_the_model_server_stays_there(fetch):
    answer = await fetch("m")

    assert answer.headers["X-Kept"] == "yes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Private" not in answer.headers
    assert "a=b" not in str(answer.headers.get_list("Set-Cookie"))
    assert answer.headers.get("Access-Control-Allow-Origin") != "*"


async def test_the_path_and_the_query_are_passed_without_the_token(fetch, jp_serverapp):
    token = jp_serverapp.identity_provider.token
    query = {"token": token, "_xsrf": "1", "x": "1&2", "y": ""}

    answer = await fetch("models/a%2Fb", params=query)

    assert json.loads(answer.body)["path"] == "/v1/models/a%252Fb?x=1%262&y="


async def test_the_time_that_pages_add_against_caches_is_not_passed_on(fetch):
    alone = await fetch("models/m/metadata", params={"1763771234567": ""})
    beside = await fetch("models/m/metadata", params={"x": "12", "1763771234567": ""})

    assert json.loads(alone.body)["path"] == "/v1/models/m/metadata"
    assert json.loads(beside.body)["path"] == "/v1/models/m/metadata?x=12"


async def test_an_answer_in_pieces_is_whole(fetch):
    assert (await fetch("pieces")).body == b"abcde"


async def test_half_an_answer_does_not_look_like_a_whole_one(fetch):
    with pytest.raises((HTTPStreamClosedError, HTTPClientError)) as failed:
        await fetch("half")

    assert getattr(failed.value, "code", 599) == 599


async def test_a_server_that_closes_without_an_answer_is_unavailable(fetch):
    with pytest.raises(HTTPClientError) as refused:
        await fetch("nothing")

    assert refused.value.code == 503


async def test_a_refusal_before_the_end_of_the_body_is_passed_on(fetch):
    with pytest.raises(HTTPClientError) as refused:
        await fetch("early", method="POST", body=b"a" * 30)

    assert refused.value.code == 413


async def test_a_body_of_many_pieces_is_passed_as_it_is(fetch):
    answer = await fetch("m", method="POST", body=b"a" * 5_000_000)

    assert json.loads(answer.body)["bytes"] == 5_000_000


async def test_a_port_on_which_nobody_listens_is_unavailable(fetch, behind):
    behind.shutdown()
    behind.server_close()

    with pytest.raises(HTTPClientError) as refused:
        await fetch("m")

    assert refused.value.code == 503


async def test_after_all_of_this_nothing_counts_as_in_flight(fetch, extension):
    for path in ("m", "half", "nothing"):
        with contextlib.suppress(HTTPStreamClosedError):
            await fetch(path, raise_error=False)

    assert extension.service.activity.look() is None


async def test_a_request_that_is_done_is_freed_without_the_garbage_collector(fetch):
    """Full collections stop Jupyter for a tenth of a second, and with it all kernels."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            await fetch("m", method="POST", body=b"{}")
        await asyncio.sleep(0)
        left = [each for each in gc.get_objects() if isinstance(each, (ProxyHandler, Upstream))]
    finally:
        gc.enable()

    assert len(left) <= 1  # the last one, which the connection of the client still knows
