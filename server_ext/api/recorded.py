"""Traffic that also keeps each request until somebody fetches them, for figures of the last second.

Only a server that reports to whoever started it has this; a request costs it one append.
Any thread may call.
"""

from __future__ import annotations

from collections import deque

from server_ext.api.traffic import Refusal, Request, Traffic
from server_ext.errors import ServingError
from server_ext.metrics import Registry

MAX_KEPT = 500_000
"""Requests that are kept if nobody fetches them; of more, the newest."""
MOST_CHARACTERS = 300
"""Of the reason why one failed."""


class RecordedTraffic(Traffic):
    """The same counts, and the requests since the last `fetch`."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recent: deque[Request] = deque(maxlen=MAX_KEPT)

    def served(self, name: str, version: int, api: str, seconds: float) -> None:
        """Count a request that a version has answered, and keep how long it took."""
        super().served(name, version, api, seconds)
        self._recent.append((name, version, seconds))

    def failed(self, name: str, version: int, error: ServingError) -> None:
        """Count a request that a version has not answered, and keep why.

        Not the error itself, which holds all that the request had.
        """
        super().failed(name, version, error)
        self._recent.append((name, version, Refusal(error.code, error.message[:MOST_CHARACTERS])))

    def fetch(self) -> list[Request]:
        """Return what was kept since the last time, the oldest first."""
        recent = self._recent
        return [recent.popleft() for _ in range(len(recent))]
