"""Which ports a server of ours asks for."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from server_ext.errors import InvalidArgument, Unavailable
from server_ext.hosting.ports import HOST, PortWish, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listening:
        yield listening.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_not_free(taken: int):
    assert not is_free(taken)


def test_a_usual_port_that_is_taken_is_replaced_and_that_is_told(taken: int):
    wish = PortWish("REST", "--rest-port", taken)

    assert wish.choose() == 0
    assert wish.note(4711) == f"Port {taken} is taken, so REST is on 4711."
    assert wish.note(taken) == ""


def test_a_port_that_was_asked_for_is_not_replaced(taken: int):
    wish = PortWish("REST", "--rest-port", 8501, fixed=taken)

    with pytest.raises(Unavailable, match=f"Port {taken} for REST is taken. Choose another"):
        wish.choose()


def test_zero_is_any_free_port_and_needs_no_note():
    wish = PortWish("REST", "--rest-port", 8501, fixed=0)

    assert wish.choose() == 0
    assert wish.note(4711) == ""


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_number_that_is_no_port_is_refused(port: int):
    with pytest.raises(InvalidArgument, match="a port is from 0 to 65535"):
        PortWish("gRPC", "--grpc-port", 8500, fixed=port).choose()
