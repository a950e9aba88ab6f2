"""Ports are taken before anything slow happens, and refused in words."""

from __future__ import annotations

import socket

import pytest

from server_ext.errors import Unavailable
from server_ext.frontends import asgi, ports


def test_a_reserved_port_refuses_clients_until_it_listens():
    with ports.reserve("127.0.0.1", 0) as reserved, socket.socket() as client:
        address = reserved.getsockname()
        assert client.connect_ex(address) != 0

        reserved.listen()

        with socket.socket() as second:
            assert second.connect_ex(address) == 0


def test_a_taken_port_is_named_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(Unavailable) as error:
            ports.reserve("127.0.0.1", port)

    assert f"127.0.0.1:{port}" in error.value.message
    assert "0 for a free one" in error.value.message


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(Unavailable, match=r"192\.0\.2\.1"):
        ports.reserve("192.0.2.1", 0)


def test_a_port_that_two_servers_bound_goes_to_the_first_that_listens():
    with ports.reserve("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with ports.reserve("127.0.0.1", port) as second:  # possible while neither listens
            first.listen()

            with pytest.raises(Unavailable, match=f"cannot listen on port {port}"):
                asgi.RestFront(nothing, second, drain_s=0).start()


async def nothing(scope: object, receive: object, send: object) -> None: ...
