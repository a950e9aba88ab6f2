"""Ports taken early: a server that cannot have its port says so before it loads a model.

A reserved socket is bound but does not listen: clients are refused until the server is ready.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

from server_ext.errors import Unavailable


class Reserved(NamedTuple):
    """Sockets bound before anything slow happens; None where nothing is to listen."""

    grpc: socket.socket | None
    rest: socket.socket | None


def reserve(host: str, port: int) -> socket.socket:
    """Bind a TCP port, 0 for a free one, without listening on it.

    Raises:
        Unavailable: the address is in use or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where a plain bind may share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # a port whose last connections are in TIME_WAIT is free
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(
            f"cannot listen on {host}:{port}: {error.strerror or error}. "
            "Choose another port, or 0 for a free one"
        ) from None
    return bound
