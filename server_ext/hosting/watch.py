"""One time that a model server is wanted, from its start to its stop; any number of runs of it.

The supervisor and the thread that does the runs both hold it; the lock of `changed` guards
all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from server_ext.errors import ServingError
from server_ext.hosting.bell import Bell
from server_ext.hosting.process import ServerProcess
from server_ext.hosting.situation import Situation
from server_ext.hosting.wish import Wish


class Crew(Protocol):
    """Who does for the supervisor what it does not know about. Called by its thread."""

    def launch(
        self, rest_port: int, grpc_port: int, batching: str, ended: Callable[[], None]
    ) -> ServerProcess:
        """Start a process on these ports, 0 for any, and tell it what to serve.

        Raises:
            ServerFailed: it cannot be started.
        """
        ...

    def run_is_over(self, how: str) -> bool:
        """Take note of the end of a run: `how` it ended by itself, nothing if it was asked to.

        Tell whether the cause is dealt with, so that this end will not come again.
        """
        ...

    def tell(self, situation: Situation) -> None:
        """Take note of a new situation. Called with the supervisor's lock held: must not wait."""
        ...


class Unwanted(Exception):
    """The server was stopped while it started."""


class Watch:
    """What one wants of the server, and how far that is."""

    def __init__(self, wish: Wish, changed: Bell) -> None:
        self.wish = wish
        self.changed = changed
        self.began = time.monotonic()
        self.process: ServerProcess | None = None
        self.stop_timeout_s: float | None = None  # set when it is wanted no longer
        self.again: Wish | None = None  # what to start when it has ended: a restart
        self.successor: Watch | None = None  # what was started then
        self.impatient = False  # somebody waits, so a pause is cut short
        self.gentle = True  # whether it went without force
        self.over = False
        self.error: ServingError | None = None

    @property
    def wanted(self) -> bool:
        """Whether nobody has stopped it."""
        return self.stop_timeout_s is None

    def check(self) -> None:
        """Return if it is wanted.

        Raises:
            Unwanted: it is not.
        """
        if not self.wanted:
            raise Unwanted
