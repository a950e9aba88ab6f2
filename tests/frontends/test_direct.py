"""Predictions that come in one piece take a short way: a client sees no difference."""

from __future__ import annotations

import gzip
import json
import re
import socket
from contextlib import closing

import pytest
import requests

pytestmark = pytest.mark.tensorflow

PREDICT = "/v1/models/constant:predict"
BODY = b'{"inputs": [[0, 0, 0, 0]]}'


def request(body, *fields, target=PREDICT, version="1.1"):
    lines = [f"POST {target} HTTP/{version}", "Host: localhost", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *fields, "", ""]).encode() + body


def talk(server, *pieces):
    """Send each piece when the one before has been read, and return status line, fields, body."""
    address = "127.0.0.1", server.ready["rest_api_port"]
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces[:-1]:
            connection.sendall(piece)
            assert ask_health(server)  # the loop has turned since
        connection.sendall(pieces[-1])
        data = connection.recv(65536)  # the answer is on its way: nothing changes it any more
        connection.shutdown(socket.SHUT_WR)
        data += b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, body = data.partition(b"\r\n\r\n")
    start, *lines = top.decode().split("\r\n")
    return start, dict(line.lower().split(": ", 1) for line in lines), body


def ask_health(server):
    address = "127.0.0.1", server.ready["rest_api_port"]
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(BODY), 200),
        (request(BODY, "Connection: close"), 200),
        (request(BODY, version="1.0"), 200),
        (request(b"{"), 400),
        (request(b'{"inputs": [["a"]]}'), 400),
        (request(BODY, target="/v1/models/none:predict"), 404),
        (request(BODY, "Host: elsewhere.example"), 403),
    ],
    ids=["answer", "last one", "HTTP 1.0", "no JSON", "wrong type", "unknown", "other host"],
)
def test_whole_or_in_pieces_a_request_has_the_same_answer(native_server, sent, status):
    whole = talk(native_server, sent)
    in_pieces = talk(native_server, sent[:-1], sent[-1:])

    assert whole[0].split()[1] == str(status)
    for fields in (whole[1], in_pieces[1]):
        assert fields.pop("date")
    assert whole == in_pieces


def test_a_large_answer_is_packed_for_who_takes_that(native_server):
    rows = [[0.0, 0, 0, 0]] * 2000
    sent = request(json.dumps({"inputs": rows}).encode(), "Accept-Encoding: gzip")

    _, fields, body = talk(native_server, sent)

    assert fields["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["outputs"]["a"]) == 2000


def test_an_answer_tells_how_long_it_took_to_who_asks_and_to_nobody_else(native_server):
    asking = request(BODY, "X-TFS-Timing: 1")

    for pieces in ([asking], [asking[:-1], asking[-1:]]):
        fields = talk(native_server, *pieces)[1]
        found = re.fullmatch(r"queue;dur=([\d.]+), run;dur=([\d.]+)", fields["server-timing"])
        assert found
        assert float(found[2]) > 0
    for other in (request(BODY), request(BODY, "X-TFS-Timing: 0")):
        assert "server-timing" not in talk(native_server, other)[1]
    assert "server-timing" not in talk(native_server, request(b"{", "X-TFS-Timing: 1"))[1]


def test_each_request_is_counted_once(native_server):
    def counted():
        answer = requests.get(f"{native_server.url}/v1/server", timeout=30).json()
        (model,) = [model for model in answer["models"] if model["name"] == "constant"]
        return sum(version["requests"] for version in model["versions"])

    before = counted()
    for pieces in ([request(BODY)], [request(BODY)[:-1], request(BODY)[-1:]]):
        talk(native_server, *pieces)

    assert counted() == before + 2
