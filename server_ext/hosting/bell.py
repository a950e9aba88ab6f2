"""A lock, and a way to wait until what it guards has changed, which an interrupt cannot break.

    with bell.lock: change; bell.ring()          bell.wait_for(condition, timeout_s)

threading.Condition and Event are written in Python: a KeyboardInterrupt at a bad moment leaves
their lock taken for ever. Here whoever waits has a queue of its own; it and the lock are C.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable


class Bell:
    """Wakes those who wait. Any thread may call any method; `wait_for` without the lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._waiting: set[queue.SimpleQueue[None]] = set()

    def ring(self) -> None:
        """Have all who wait look again."""
        for each in list(self._waiting):
            if each.empty():  # one reason to look is enough
                each.put(None)

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition, asked with the lock held, is true; tell whether it is."""
        until = time.monotonic() + timeout_s
        mine: queue.SimpleQueue[None] = queue.SimpleQueue()
        try:
            self._waiting.add(mine)
            while True:
                with self.lock:
                    if condition():
                        return True
                try:
                    mine.get(timeout=max(0.0, until - time.monotonic()))
                except queue.Empty:
                    return False
        finally:
            self._waiting.discard(mine)
