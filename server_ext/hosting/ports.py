"""Which TCP ports a server of ours asks for: the usual ones while they are free."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from server_ext.errors import InvalidArgument, Unavailable
from server_ext.flagvalues import A_PORT, is_port

HOST = "127.0.0.1"
REST_PORT = 8501
GRPC_PORT = 8500
_TAKEN = os.strerror(errno.EADDRINUSE)


class PortTaken(Unavailable):
    """Somebody else has the port that was asked for."""

    def __init__(self, message: str, port: int) -> None:
        super().__init__(message)
        self.port = port


@dataclass(frozen=True)
class PortWish:
    """A port for `what`: `fixed` by the user (0: any free one), or `usual` if it is free.

    `option` is how it was fixed. If that was not by the one who starts, `free` says what to do
    about it to get any port that is free.

    Raises:
        InvalidArgument: the fixed port is no port.
    """

    what: str
    option: str
    usual: int
    fixed: int | None = None
    host: str = HOST
    free: str = ""

    def __post_init__(self) -> None:
        if self.fixed is not None and not is_port(self.fixed):
            raise InvalidArgument(f"{self.option} {self.fixed}: {A_PORT}")

    def choose(self) -> int:
        """Return the port to ask for; 0 lets the system pick one.

        Raises:
            PortTaken: the fixed port is.
        """
        if self.fixed is None:
            return self.usual if is_free(self.usual, self.host) else 0
        if self.fixed and not is_free(self.fixed, self.host):
            free = self.free or f"leave out {self.option}"
            raise PortTaken(
                f"Port {self.fixed} for {self.what} is taken. "
                f"Choose another, or {free} to get a free one.",
                self.fixed,
            )
        return self.fixed

    def anywhere(self) -> int:
        """Return the port to ask for when others were quicker to take the one that was free."""
        return self.fixed or 0

    def note(self, got: int) -> str:
        """Return what to tell about the port that was got; nothing if it is as expected."""
        if self.fixed is None and got != self.usual:
            return f"Port {self.usual} is taken, so {self.what} is on {got}."
        return ""


def taken_of(ports: Iterable[int], host: str = HOST) -> list[int]:
    """Return those of some ports that a server could not listen on now; 0 is always free."""
    return [port for port in ports if port and not is_free(port, host)]


def says_taken(lines: Iterable[str]) -> bool:
    """Tell whether a server's last words are that it could not have its port."""
    return any(_TAKEN in line for line in lines)


def is_free(port: int, host: str = HOST) -> bool:
    """Tell whether a server could listen on this port of this machine now."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:  # no such address: the server says so better than we could
        return True
    with socket.socket(family, kind) as probe:
        if os.name == "posix":  # connections that end do not count, servers do
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True
