"""Each rule of the REST API that has a case, against a real server; README.md tells the format."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import modes
import pytest
from casefile import Case, Message

from server_ext.codecs.json_text import error_body

pytestmark = pytest.mark.tensorflow

ANY = "<any>"
NONE = "<none>"
WITHIN_S = 30.0


class Number(str):
    """A number of a JSON text, as it is written there."""

    __slots__ = ()


def test_the_answers_are_those_of_the_case(case: Case, server_named: Callable[[str], Any]) -> None:
    server = server_named(case.server)
    connection = http.client.HTTPConnection("127.0.0.1", server.ready["rest_api_port"])
    with closing(connection):
        for request, answer in case.exchanges:
            connection.timeout = float(answer.instructions.get("within", WITHIN_S))
            status, headers, body = exchange(connection, request)
            if modes.refused(case, modes.MODE, body.decode("utf-8", "replace")):
                continue

            where = f"{case.path}:{answer.line}: got {status} {body[:2000]!r}"
            expected, _, kind = answer.start.partition(" ")
            assert str(status) == expected, where
            check_body(kind, answer, body, where)
            check_headers(answer, headers, where)
            check_connection(connection, answer, where)


def exchange(
    connection: http.client.HTTPConnection, request: Message
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send one request, nothing but what the case says and what HTTP cannot do without."""
    method, _, target = request.start.partition(" ")
    named = any(name.lower() == "host" for name, _ in request.fields)
    connection.putrequest(method, target, skip_host=named, skip_accept_encoding=True)
    for name, value in request.fields:
        connection.putheader(name, value)
    size = int(request.instructions.get("chunked", "0"))
    if size:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(chunks(request.body, size), encode_chunked=True)
    else:
        if request.body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
    response = connection.getresponse()
    body = response.read()
    if response.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    return response.status, response.headers, body


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def check_body(kind: str, answer: Message, body: bytes, where: str) -> None:
    if kind in ("json", "json with"):
        differs = difference(read(answer.body), read(body), "$", exact=kind == "json")
        assert not differs, f"{where}: {differs}"
    elif kind == "error":
        assert body == error_body(answer.text), where
    elif kind == "error with":
        message = json.loads(body)["error"]
        assert body == error_body(message), where
        assert [words for words in answer.lines if words not in message] == [], where
    elif kind == "text":
        assert body == answer.body, where
    elif kind == "text with":
        assert [line for line in answer.lines if line.encode() not in body] == [], where
    elif kind == "empty":
        assert not body, where
    elif kind:
        raise ValueError(f"{where}: no kind of answer is called {kind!r}")


def read(text: bytes) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def difference(expected: Any, got: Any, at: str, *, exact: bool) -> str:
    """Return where a JSON value is not the expected one, and how; "" where it is."""
    if expected == ANY and not isinstance(expected, Number):
        return ""
    if type(expected) is not type(got):
        return f"{at} is {got!r}, expected {expected!r}"
    if isinstance(expected, dict):
        if expected.keys() - got.keys() or (exact and expected.keys() != got.keys()):
            return f"{at} has {sorted(got)}, expected {sorted(expected)}"
        pairs = [(f"{at}.{name}", value, got[name]) for name, value in expected.items()]
    elif isinstance(expected, list):
        if len(expected) != len(got):
            return f"{at} has {len(got)} items, expected {len(expected)}"
        pairs = [(f"{at}[{n}]", *both) for n, both in enumerate(zip(expected, got, strict=True))]
    else:
        return "" if expected == got else f"{at} is {got!r}, expected {expected!r}"
    found = (difference(one, other, place, exact=exact) for place, one, other in pairs)
    return next((text for text in found if text), "")


def check_headers(answer: Message, headers: http.client.HTTPMessage, where: str) -> None:
    for name, expected in answer.fields:
        got = headers.get(name)
        what = f"{where}: {name} is {got!r}, expected {expected!r}"
        if expected == NONE:
            assert got is None, what
        elif expected.endswith(ANY):
            assert got is not None, what
            assert got.startswith(expected.removesuffix(ANY)), what
        else:
            assert got == expected, what


def check_connection(connection: http.client.HTTPConnection, answer: Message, where: str) -> None:
    wanted = answer.instructions.get("connection")
    if wanted == "closed" and connection.sock is not None:
        connection.sock.settimeout(WITHIN_S)
        assert connection.sock.recv(1) == b"", f"{where}: the connection stays open"
    elif wanted == "open":
        assert connection.sock is not None, f"{where}: the connection is closed"
        connection.sock.settimeout(0.05)
        with pytest.raises(socket.timeout):
            connection.sock.recv(1)
