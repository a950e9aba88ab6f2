"""Events on their way to one reader, bounded.

A reader that is slower than the events loses them all and gets the full state instead: it is never
behind by more than what fits here, and what it holds is always the truth. Threads: the event loop
only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

MOST_EVENTS = 64


class Feed:
    """A queue of events with one reader, who wants lines of the log or not."""

    def __init__(self, *, logs: bool = True) -> None:
        self._logs = logs
        self._events: deque[dict[str, Any]] = deque()
        self._there = asyncio.Event()
        self._behind = False
        self.over = False

    def put(self, event: dict[str, Any]) -> None:
        """Add an event, or forget all of them if the reader has let too many wait."""
        if self._behind or (event["type"] == "log" and not self._logs):
            return
        if len(self._events) == MOST_EVENTS:
            self._events.clear()
            self._behind = True
        else:
            self._events.append(event)
        self._there.set()

    def end(self) -> None:
        """Let the reader finish."""
        self.over = True
        self._there.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until there is something to take; tell whether there is."""
        try:
            await asyncio.wait_for(self._there.wait(), timeout_s)
        except asyncio.TimeoutError:
            return False
        return True

    def take(self) -> list[dict[str, Any]] | None:
        """Return the events that wait; None if they were lost, and the full state is due."""
        self._there.clear()
        behind, self._behind = self._behind, False
        events = list(self._events)
        self._events.clear()
        return None if behind else events
