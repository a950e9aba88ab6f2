"""Counts of what each version answered, for status pages. Any thread may call."""

from __future__ import annotations

import threading
from typing import NamedTuple


class Counts(NamedTuple):
    """Predictions a version answered since it was first asked: all of them, and the failed ones."""

    requests: int = 0
    errors: int = 0


class Traffic:
    """Requests and errors by model and version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], Counts] = {}

    def record(self, name: str, version: int, *, failed: bool) -> None:
        """Count one prediction."""
        with self._lock:
            requests, errors = self._counts.get((name, version), Counts())
            self._counts[name, version] = Counts(requests + 1, errors + failed)

    def of(self, name: str, version: int) -> Counts:
        """Return the counts of one version; zeros when it was never asked."""
        with self._lock:
            return self._counts.get((name, version), Counts())
