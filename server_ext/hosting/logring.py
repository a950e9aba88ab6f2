"""Keeps the last lines a process wrote, bounded in number and in length."""

from __future__ import annotations

import threading
from collections import deque

MOST_LINES = 2000
MOST_CHARACTERS = 2000


class LogRing:
    """Lines in the order they came. Any thread may call any method."""

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._lines: deque[str] = deque(maxlen=most_lines)
        self._lock = threading.Lock()

    def add(self, line: str) -> None:
        """Append one line; a very long one loses its end."""
        if len(line) > MOST_CHARACTERS:
            line = f"{line[:MOST_CHARACTERS]}… ({len(line)} characters)"
        with self._lock:
            self._lines.append(line)

    def last(self, number: int) -> list[str]:
        """Return at most `number` lines, the oldest first."""
        with self._lock:
            return list(self._lines)[-number:] if number > 0 else []
