"""Which model server to talk to.

    serving.py --Connection--> OwnServer: a child of this process, started when it is needed

A Connection is all that the rest of the package knows of a server: where it answers, what it is
asked to serve, what it logged, how it is stopped.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from server_ext.hosting.models import Model
from tfs_magics.hosting.ownserver import OwnServer


class Connection(Protocol):
    """A model server, whoever runs it; the addresses are those of one that runs."""

    @property
    def running(self) -> bool:
        """Whether it listens and has not ended."""
        ...

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped; it may have ended by itself."""
        ...

    @property
    def stopped_at(self) -> float | None:
        """When it was stopped, in Unix seconds; None if it was not."""
        ...

    @property
    def rest_url(self) -> str:
        """Where REST answers: `http://127.0.0.1:8501`."""
        ...

    @property
    def grpc_target(self) -> str:
        """Where gRPC answers: `127.0.0.1:8500`."""
        ...

    @property
    def models(self) -> Mapping[str, Model]:
        """What the server was asked to serve, by name."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What the user did not ask for and should know, such as another port."""
        ...

    def open(
        self,
        models: Sequence[Model],
        rest_port: int | None,
        grpc_port: int | None,
        batching: str | None,
        waiting: Callable[[], None],
    ) -> float:
        """Have models served, and wait until the server listens; return seconds a start took."""
        ...

    def last_lines(self, number: int) -> list[str]:
        """Return at most `number` of the last lines of its log, the oldest first."""
        ...

    def check(self, grace_s: float = 0.0) -> None:
        """Return if the server is well as far as can be told without asking it.

        `grace_s` is how long to wait for the end of one that may be ending.

        Raises:
            Unavailable: it has ended; the message has its last lines.
        """
        ...

    def stop(self) -> bool:
        """End it and forget its models; tell whether it went without force."""
        ...


_own = OwnServer()
atexit.register(_own.at_exit)


def current() -> Connection:
    """Return the server to talk to, running or not."""
    return _own
