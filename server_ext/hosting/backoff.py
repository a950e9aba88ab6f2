"""How soon a server that ended by itself is started again, and when that is given up.

0.25, 0.5, 1, 2 ... 30 s      more than 5 ends within 300 s: given up
"""

from __future__ import annotations

from collections import deque


class Backoff:
    """Counts the ends of one server. One thread calls; times are of time.monotonic()."""

    def __init__(
        self, first_pause_s: float, longest_pause_s: float, most: int, window_s: float
    ) -> None:
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._most = most
        self._window_s = window_s
        self._ends: deque[float] = deque()

    @property
    def ends(self) -> int:
        """How many ends count now: those of the last while that were not explained."""
        return len(self._ends)

    def pause_s(self, now: float, *, explained: bool = False) -> float | None:
        """Return how long to wait after an end at `now`; None if it is given up.

        An end that is `explained`, and so will not come again, counts for nothing.
        """
        while self._ends and now - self._ends[0] > self._window_s:
            self._ends.popleft()
        if explained:
            return self._first_pause_s
        self._ends.append(now)
        if len(self._ends) > self._most:
            return None
        doubled: float = self._first_pause_s * 2 ** (len(self._ends) - 1)
        return min(doubled, self._longest_pause_s)
