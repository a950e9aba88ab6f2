"""Lets in all clients that wait, where an event loop lets in one in each of its turns.

    the loop accepts a client --Crowd--> a connection for it, and for all others that wait

libuv, and uvloop with it, accepts one client in a turn, and then answers everyone who is in. Those
who came first would be answered many times over until the last of a crowd is let in: the more of
them there are, the longer a turn. Runs on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

AT_ONCE = 512  # clients; then those who are in have their turn


class Crowd:
    """Makes connections as `make` does, for clients of a listening socket that does not block."""

    def __init__(
        self,
        make: Callable[..., asyncio.Protocol],
        listening: socket.socket,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._make = make
        self._listening = listening
        self._tls = tls
        self._arriving: set[asyncio.Task[Any]] = set()

    def __call__(self, **given: Any) -> asyncio.Protocol:
        """Return the connection of a client that the loop has accepted."""
        self._let_in(partial(self._make, **given))
        return self._make(**given)

    def _let_in(self, make: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        # Nobody waits any more; or there are no file descriptors left, with which the loop deals.
        with contextlib.suppress(OSError):
            for _ in range(AT_ONCE):
                client, _ = self._listening.accept()
                begun = loop.connect_accepted_socket(make, client, ssl=self._tls)
                task = loop.create_task(begun)
                self._arriving.add(task)
                task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[Any]) -> None:
        self._arriving.discard(task)
        if not task.cancelled():
            task.exception()  # it has left, or does not speak TLS: nobody asks for more
