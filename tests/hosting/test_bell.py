"""Waiting for a change: woken by a ring, by time, or by an interrupt that leaves nothing locked."""

from __future__ import annotations

import signal
import threading

import pytest

from server_ext.hosting.bell import Bell


def free(bell: Bell) -> bool:
    """Tell whether another thread can take the lock."""
    taken: list[bool] = []
    thread = threading.Thread(
        target=lambda: taken.append(bell.lock.acquire(timeout=5)), daemon=True
    )
    thread.start()
    thread.join(10)
    return taken == [True]


def test_whoever_waits_is_woken_when_the_condition_has_become_true():
    bell, there = Bell(), threading.Event()
    woken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: woken.append(bell.wait_for(there.is_set, 30)), daemon=True)
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()

    bell.ring()  # nothing has changed: all go on waiting
    with bell.lock:
        there.set()
        bell.ring()
    for thread in threads:
        thread.join(30)

    assert woken == [True] * 5


def test_a_wait_ends_with_its_time():
    assert not Bell().wait_for(lambda: False, 0.01)
    assert Bell().wait_for(lambda: True, 0)


def test_an_interrupt_ends_a_wait_and_leaves_the_lock_free():
    bell, main = Bell(), threading.main_thread().ident
    assert main is not None

    def interrupt() -> bool:
        signal.pthread_kill(main, signal.SIGINT)
        return False

    with pytest.raises(KeyboardInterrupt):
        bell.wait_for(interrupt, 30)

    assert free(bell)
    bell.ring()
