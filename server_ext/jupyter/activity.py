"""Whether the model server is in use: what keeps cullers from ending a busy Jupyter server.

    proxied request ----began, ended----+
                                        +--> touched(): Jupyter's time of last activity
    samples of the model server --------+--> look(): what current_activity() answers

Requests that reach the model server's own ports show in its samples, once a second. Threads: the
event loop only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Activity:
    """Counts requests; `touched` is called when there were some."""

    def __init__(self, touched: Callable[[], None]) -> None:
        self._touched = touched
        self._counts: dict[tuple[str, int], int] = {}
        self._pid: int | None = None
        self._proxied = 0
        self._in_flight = 0
        self._requests = 0

    def began(self) -> None:
        """A request goes through the proxy."""
        self._proxied += 1
        self._touched()

    def ended(self) -> None:
        """It was answered, or its client has left."""
        self._proxied -= 1
        self._touched()

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take an event of the host; a server that has ended has nothing in flight."""
        if event["type"] == "sample":
            self._sample(event)
        elif event["type"] == "server":
            server = event["server"]
            if server["pid"] != self._pid:  # another process counts from zero
                self._pid = server["pid"]
                self._counts.clear()
                self._in_flight = 0

    def look(self) -> dict[str, int] | None:
        """Return how many requests came since the last look and how many run; None without any."""
        in_flight = max(self._in_flight, self._proxied)
        came, self._requests = self._requests, 0
        return {"requests": came, "in_flight": in_flight} if came or in_flight else None

    def _sample(self, sample: Mapping[str, Any]) -> None:
        came = 0
        for entry in sample["versions"]:
            key = entry["name"], entry["version"]
            came += max(0, entry["requests"] - self._counts.get(key, 0))
            self._counts[key] = entry["requests"]
        self._requests += came
        self._in_flight = sample["in_flight"] + sample["queued"]
        if came or self._in_flight:
            self._touched()
