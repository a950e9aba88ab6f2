"""Keeps the last lines a process wrote, bounded in number and in length.

Lines are numbered from 1 in the order they came, so that a reader can ask for what is new to it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

MOST_LINES = 5000
MOST_CHARACTERS = 2000


class Line(NamedTuple):
    """One line, its number, and when it came in Unix seconds."""

    seq: int
    at: float
    text: str


class LogRing:
    """The last lines; `heard` is told of new ones, in order. Any thread may call any method."""

    def __init__(
        self,
        most_lines: int = MOST_LINES,
        heard: Callable[[Sequence[Line]], None] = lambda lines: None,
    ) -> None:
        self._lines: deque[Line] = deque(maxlen=most_lines)
        self._heard = heard
        self._last = 0
        self._lock = threading.Lock()
        self._order = threading.Lock()  # of those who add; readers need not wait for `heard`

    @property
    def next(self) -> int:
        """The number of the newest line; what follows has a higher one."""
        return self._last

    def add(self, *texts: str) -> None:
        """Append lines, if any; a very long one loses its end."""
        if not texts:
            return
        now = time.time()
        with self._order:
            fresh = [Line(self._last + n, now, _cut(text)) for n, text in enumerate(texts, 1)]
            with self._lock:
                self._lines.extend(fresh)
                self._last += len(fresh)
            self._heard(fresh)

    def last(self, number: int, after: int = 0) -> list[str]:
        """Return at most `number` lines, the oldest first, of those numbered above `after`."""
        return [line.text for line in self.read(number, after)]

    def read(self, number: int, after: int = 0) -> list[Line]:
        """Return what `last` does, with numbers and times."""
        with self._lock:
            newest = list(itertools.islice(reversed(self._lines), max(number, 0)))
        return [line for line in reversed(newest) if line.seq > after]

    def document(self, number: int, after: int) -> dict[str, Any]:
        """Return what `read` does as plain values, with what to pass as `after` the next time."""
        newest = max(after, self._last)
        found = self.read(number, after)
        following = found[-1].seq if found else newest
        return {"lines": [line._asdict() for line in found], "next": following}

    def let_go(self) -> None:
        """In a forked copy: nobody may hold a lock for ever."""
        self._lock, self._order = threading.Lock(), threading.Lock()


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}… ({len(text)} characters)"
