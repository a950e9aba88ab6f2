"""Waits for a call that blocks, and says so several times a second.

An interrupt ends the wait, not what was asked for: the call goes on in its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TICK_S = 0.1


def ticking(work: Callable[[], T], waiting: Callable[[], None]) -> T:
    """Return what `work` returns, or raise what it raises."""
    done = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # told to who waits
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="tfs-magics-wait", daemon=True).start()
    while not done.wait(TICK_S):
        waiting()
    if errors:
        raise errors[0]
    return results[0]
