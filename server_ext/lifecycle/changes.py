"""Lets threads wait for a change of what a lock guards, without that lock while they think.

    the lock is held: something changes -> happened() -> who waits asks its condition again

Threads: any thread may wait; `happened` is called with the lock held.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Condition, Lock


class Changes:
    """Counts the changes of what `lock` guards."""

    def __init__(self, lock: Lock) -> None:
        self._changed = Condition(lock)
        self._count = 0

    @property
    def count(self) -> int:
        """How many there were; for who compares it with an earlier one."""
        return self._count

    def happened(self) -> None:
        """Wake who waits. Lock held."""
        self._count += 1
        self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until a condition holds; return whether it does.

        It is called now and after each change, in this thread and without the lock.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self._count  # before the condition, so that no change during it is missed
            if condition():
                return True
            with self._changed:
                remaining_s = deadline - time.monotonic()
                if not self._changed.wait_for(partial(self._any_since, seen), remaining_s):
                    return False

    def _any_since(self, seen: int) -> bool:
        return self._count != seen
