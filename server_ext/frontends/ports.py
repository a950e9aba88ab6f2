"""Ports taken early: a server that cannot have its port says so before it loads a model.

A reserved socket is bound but does not listen: clients are refused until the server is ready.
"""

from __future__ import annotations

import os
import socket
import stat
from typing import NamedTuple

from server_ext.errors import Unavailable

BACKLOG = 4096  # connections that wait to be accepted
_OPEN_FILES = ("/proc/self/fd", "/dev/fd")


class Reserved(NamedTuple):
    """Sockets bound before anything slow happens; None where nothing is to listen."""

    grpc: socket.socket | None
    rest: socket.socket | None


def grpc_target(host: str, port: int) -> str:
    """Return how gRPC writes an address: one of IPv6 stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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


def widen(address: int | str) -> bool:
    """Let as many clients connect at a time to a TCP port or a Unix socket as the system allows.

    A transport that lets 128 wait, and cannot be told otherwise, leaves the others hanging when
    hundreds of clients come at once. So its socket is looked up among what this process has open;
    returns whether it was found.
    """
    folder = next((place for place in _OPEN_FILES if os.path.isdir(place)), None)
    for name in os.listdir(folder) if folder else ():
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                bound = found.getsockname()
                if listens and address in (bound, bound[1] if isinstance(bound, tuple) else None):
                    found.listen(BACKLOG)
                    return True
        except OSError:  # closed by now
            continue
    return False


def claim(path: str) -> None:
    """Make sure that a Unix socket can be bound here; the file of a server that has gone goes, too.

    Transports take over whatever socket they find, also one that a living server listens on.

    Raises:
        Unavailable: a server listens here, there is another kind of file, or the directory does not
            allow it.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise Unavailable(f"cannot listen for gRPC on unix:{path}: no such sockets on this system")
    try:
        if os.path.lexists(path):
            _require_dead(path)
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as tried:
            tried.bind(path)
        os.unlink(path)
    except OSError as error:
        reason = error.strerror or error
        raise Unavailable(f"cannot listen for gRPC on unix:{path}: {reason}") from None


def _require_dead(path: str) -> None:
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        raise Unavailable(
            f"cannot listen for gRPC on unix:{path}: there is a file that is no socket. "
            "Choose another path"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        try:
            caller.connect(path)
        except ConnectionRefusedError:
            return
        except BlockingIOError:
            pass  # it has more callers than it takes: it lives
    raise Unavailable(
        f"cannot listen for gRPC on unix:{path}: a server listens there. "
        "Stop it, or choose another path"
    )
