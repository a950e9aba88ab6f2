"""How a hosted server is: the state it is in, since when, why, and where it answers.

stopped -> starting -> running -> stopping -> stopped
              |         |   ^
              |         v   |
              +----> restarting ----> failed
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from server_ext.errors import ServingError, Unavailable
from server_ext.hosting.address import Address, address
from server_ext.hosting.cause import Cause
from server_ext.hosting.output import Ready
from server_ext.hosting.process import ServerFailed


class State(str, Enum):
    """What a server does; the text is what others are told."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPING = "stopping"


_WHY = {
    State.STOPPED: "No model server runs here.",
    State.STARTING: "The model server is still starting.",
    State.RESTARTING: "The model server is being started again.",
    State.FAILED: "The model server failed, and is not started again by itself.",
    State.STOPPING: "The model server is being stopped.",
}


@dataclass(frozen=True)
class Situation:
    """One moment of a server. Times are Unix seconds; `restarts` counts from its start.

    `lines` are the last words of a run that ended by itself, and `cause` says why it did, as facts;
    `retry_at` is when it starts again: for the `attempt`th time of at most `max_restarts` in a row.
    """

    state: State = State.STOPPED
    reason: str = ""
    lines: tuple[str, ...] = ()
    restarts: int = 0
    max_restarts: int = 0
    attempt: int = 0
    cause: Cause | None = None
    batching: str = ""
    host: str = ""
    ready: Ready | None = None
    started_at: float | None = None
    start_seconds: float | None = None
    notes: tuple[str, ...] = ()
    retry_at: float | None = None
    since: float = field(default_factory=time.time)

    def address(self, token: str | None = None) -> Address | None:
        """Return where it answers, None if it does not."""
        if self.ready is None:
            return None
        ready = self.ready
        return address(self.host, ready.rest_port, ready.grpc_port, ready.tls, token)

    def refusal(self) -> ServingError:
        """Return what to tell those who want to ask a server that does not answer now."""
        message = f"{_WHY.get(self.state, '')} {self.reason}".strip()
        return ServerFailed(message, self.lines) if self.lines else Unavailable(message)

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        where, ready = self.address(), self.ready
        told = asdict(self)
        del told["ready"]
        return {
            **told,
            "state": self.state.value,
            "lines": list(self.lines),
            "notes": list(self.notes),
            "pid": ready.pid if ready else None,
            "rest_port": ready.rest_port if ready else None,
            "grpc_port": ready.grpc_port if ready else None,
            "rest_url": where.rest_url if where else None,
            "grpc_target": where.grpc_target if where else None,
        }
