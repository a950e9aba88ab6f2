"""Ports are taken before anything slow happens, and refused in words."""

from __future__ import annotations

import select
import socket

import pytest

from server_ext.errors import Unavailable
from server_ext.frontends import listener, ports


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
                listener.RestFront(nothing, second, drain_s=0).start()


def test_a_path_where_nothing_is_can_be_claimed_and_stays_empty(tmp_path):
    ports.claim(str(tmp_path / "grpc.sock"))

    assert not list(tmp_path.iterdir())


def test_the_socket_of_a_server_that_has_gone_is_removed(tmp_path):
    path = tmp_path / "grpc.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))

    ports.claim(str(path))

    assert not path.exists()


def test_the_socket_of_a_living_server_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "grpc.sock"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(path))
        living.listen()

        with pytest.raises(Unavailable, match="a server listens there"):
            ports.claim(str(path))

        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_living_server_that_takes_no_more_callers_is_not_taken_for_dead(tmp_path):
    path = str(tmp_path / "grpc.sock")
    with socket.socket(socket.AF_UNIX) as living, socket.socket(socket.AF_UNIX) as waiting:
        living.bind(path)
        living.listen(0)
        waiting.connect(path)

        with pytest.raises(Unavailable, match="a server listens there"):
            ports.claim(path)


def test_a_file_that_is_no_socket_is_not_removed(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")

    with pytest.raises(Unavailable, match="no socket"):
        ports.claim(str(path))

    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "words"), [("gone/grpc.sock", "No such file or directory"), ("x" * 200, "too long")]
)
def test_a_path_that_cannot_be_bound_is_refused_in_words(tmp_path, name, words):
    with pytest.raises(Unavailable, match=words) as error:
        ports.claim(str(tmp_path / name))

    assert "unix:" in error.value.message


async def nothing(scope: object, receive: object, send: object) -> None: ...


def waiting_clients(address, family, count):
    """Return how many clients of a socket that nobody accepts get through."""
    clients = [socket.socket(family) for _ in range(count)]
    try:
        for client in clients:
            client.setblocking(False)
            client.connect_ex(address)
        _, connected, _ = select.select([], clients, [], 0.5)
        return len(connected)
    finally:
        for client in clients:
            client.close()


def test_a_socket_of_a_transport_lets_more_clients_wait_once_it_is_widened(tmp_path):
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        path = str(tmp_path / "socket")
        unix.bind(path)
        port = tcp.getsockname()[1]
        for listening, address in ((tcp, port), (unix, path)):
            listening.listen(8)

            assert ports.widen(address)

        assert waiting_clients(("127.0.0.1", port), socket.AF_INET, 200) == 200
        assert waiting_clients(path, socket.AF_UNIX, 200) == 200


def test_a_port_of_somebody_else_is_left_alone():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))

        assert not ports.widen(bound.getsockname()[1])
