"""How long runs take, from the last ones: what decides which thread a run is worth.

A thread that reads requests runs what is short by itself: to hand it to another thread, and to take
the answer back, would take longer than the run. What takes long goes to other threads, which run
side by side.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SHORT_S = 0.0003
"""CPU time that a thread which reads requests may spend in one run."""

REQUEST_S = 0.00001
"""What it may spend besides for each request in a batch: reading and answering takes more."""

LIGHT_S = 0.0002
"""CPU time of a run for each of its requests up to which Python is kept as busy as the model."""

SHARED_S = 0.001
"""Least time of a part, where the work of a run is shared out among threads."""

WAIT_S = 0.0007
"""What a run may wait for something else: for a device, a file, other threads."""

LONG_S = 0.02
"""CPU time of a run after which none counts as short for REMEMBERED_S: it depends on the input."""

NO_FASTER = 1.05
"""How much longer rows may take in a batch that is as good as a larger one."""

REMEMBERED_S = 60
_AGING = 1.05  # how much a time grows with each later run that takes longer


class Pace:
    """The times per row of the fastest of the last runs, as the others were disturbed.

    They are kept by size: that is the number of binary digits of a number of rows. Any thread may
    call. Nothing is known before a first run was seen.
    """

    __slots__ = ("_long_until", "_row_s", "_wait_s")

    def __init__(self) -> None:
        self._row_s: dict[int, float] = {}
        self._wait_s = math.inf
        self._long_until = 0.0

    def timed(self, rows: int, run: Callable[[], T]) -> T:
        """Run, and take note of the CPU time of this thread and of the time that went by."""
        cpu, began = time.thread_time(), time.monotonic()
        result = run()
        self.add(rows, time.thread_time() - cpu, time.monotonic() - began)
        return result

    def add(self, rows: int, cpu_s: float, passed_s: float) -> None:
        """Take note of a run with this many rows."""
        size = rows.bit_length()
        self._row_s[size] = min(cpu_s / rows, _AGING * self._row_s.get(size, math.inf))
        self._wait_s = min(passed_s - cpu_s, _AGING * self._wait_s)
        if cpu_s > LONG_S:
            self._long_until = time.monotonic() + REMEMBERED_S

    def short(self, rows: int, requests: int = 1) -> bool:
        """Tell whether a run of this many rows, for so many requests, is likely to be short."""
        if self._wait_s > WAIT_S or (self._long_until and time.monotonic() < self._long_until):
            return False
        return self._expected_s(rows) <= SHORT_S + requests * REQUEST_S

    def light(self, rows: int, requests: int) -> bool:
        """Tell whether Python's own work for these requests is likely to be much of the whole."""
        return self._expected_s(rows) <= requests * LIGHT_S

    def long(self, rows: int) -> bool:
        """Tell whether a run of this many rows is known to take so long that two may share it."""
        return 2 * SHARED_S <= self._expected_s(rows) < math.inf

    def enough(self, rows: int) -> int:
        """Return how many of these rows to run at a time, as more are no faster: all, or fewer.

        On a CPU large batches of a large model may well be slower.
        """
        known = [size for size in sorted(self._row_s) if size <= rows.bit_length()]
        if not known or self._wait_s > WAIT_S:  # then what counts is done elsewhere
            return rows
        best_s = min(self._row_s[size] for size in known)
        size = next(size for size in known if self._row_s[size] <= best_s * NO_FASTER)
        return rows if size == known[-1] else 2**size - 1

    def _expected_s(self, rows: int) -> float:
        """Return the time of such a run, by those of its size or, if there are none, of smaller."""
        for size in range(rows.bit_length(), 0, -1):
            if (row_s := self._row_s.get(size)) is not None:
                return row_s * rows
        return math.inf
