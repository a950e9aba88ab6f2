"""How many light batches may run at a time, as long as they are light.

Not thread-safe: the scheduler's lock guards every call.
"""

from __future__ import annotations

import time

HELD_S = 0.02
"""How long a batch counts as light. One that takes longer was misjudged, and holds up no other."""


class Slots:
    """`most` light batches at a time, and those that were misjudged besides."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._began: list[float] = []

    def begin(self) -> float:
        """Note that a light batch runs; returns what `end` is to be told."""
        began = time.monotonic()
        self._began.append(began)
        return began

    def end(self, began: float) -> None:
        """Note that it runs no more."""
        self._began.remove(began)

    def free(self) -> int:
        """Return how many more may run now."""
        since = time.monotonic() - HELD_S
        return max(0, self._most - sum([began > since for began in self._began]))

    def free_at(self) -> float:
        """Return the time.monotonic() at which there is one more at the latest; 0 if none runs."""
        since = time.monotonic() - HELD_S
        return min([began for began in self._began if began > since], default=-HELD_S) + HELD_S
