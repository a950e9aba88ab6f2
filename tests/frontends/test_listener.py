"""How the HTTP server lets clients in, and how it ends: what holds it up, and what does not."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest
import trustme

from server_ext.frontends.listener import RestFront
from server_ext.sslconfig import Tls

pytestmark = pytest.mark.tensorflow

CROWD = 256
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer with the body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_connection_that_is_made_while_the_server_drains_does_not_hold_it_up(eventually):
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost", "127.0.0.1")
    tls = Tls(leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes(), b"", False)
    context = ssl.create_default_context()
    ca.configure_trust(context)
    bound = socket.create_server(("127.0.0.1", 0))
    address = bound.getsockname()
    app: Any = echo
    front = RestFront(app, bound, 60, tls)
    front.start()

    late = socket.create_connection(address, timeout=20)  # accepted before the next one
    with context.wrap_socket(
        socket.create_connection(address, timeout=20), server_hostname="localhost"
    ) as busy:
        busy.sendall(HEAD + b"a")
        stopping = threading.Thread(target=front.stop, args=(60,))
        stopping.start()
        eventually(lambda: refused(address))
        with context.wrap_socket(late, server_hostname="localhost"):
            busy.sendall(b"b")

            assert busy.recv(1000).startswith(b"HTTP/1.1 200 OK")
            stopping.join(20)
            assert not stopping.is_alive()


def test_the_last_of_a_crowd_is_let_in_before_the_others_were_answered_again_and_again():
    bound = socket.create_server(("127.0.0.1", 0), backlog=CROWD)
    app: Any = echo
    front = RestFront(app, bound, 60)
    answers: Counter[socket.socket] = Counter()
    with ExitStack() as opened, selectors.DefaultSelector() as selector:
        for _ in range(CROWD):
            client = opened.enter_context(socket.create_connection(bound.getsockname(), timeout=20))
            client.sendall(HEAD + b"ab")
            selector.register(client, selectors.EVENT_READ)
        front.start()
        opened.callback(front.stop, 20)
        while len(answers) < CROWD:
            ready = selector.select(20)
            assert ready
            for key, _ in ready:
                client: Any = key.fileobj
                part = client.recv(1000)
                assert part
                if part.endswith(b"ab"):  # the head may come before it
                    answers[client] += 1
                    client.sendall(HEAD + b"ab")

    assert answers.total() < 2 * CROWD
