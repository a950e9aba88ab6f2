"""Worker threads: jobs run, a bug in one takes no thread away, closing finishes what waits."""

from __future__ import annotations

import logging
import threading

from server_ext.lifecycle.workers import Workers


def test_jobs_run_on_other_threads_and_in_order_on_one():
    workers = Workers(1, "test")
    seen: list[tuple[int, str]] = []

    for number in range(3):
        workers.submit(lambda n=number: seen.append((n, threading.current_thread().name)))
    workers.close(timeout_s=5)

    assert seen == [(0, "test-0"), (1, "test-0"), (2, "test-0")]


def test_a_job_that_fails_is_logged_and_its_thread_goes_on(caplog):
    workers = Workers(1, "test")
    done = threading.Event()

    with caplog.at_level(logging.ERROR):
        workers.submit(lambda: 1 / 0)
        workers.submit(done.set)
        assert done.wait(5)
    workers.close(timeout_s=5)

    assert "ZeroDivisionError" in caplog.text


def test_a_slow_job_does_not_hold_up_the_others():
    workers = Workers(2, "test")
    release, done = threading.Event(), threading.Event()

    workers.submit(lambda: release.wait(5))
    workers.submit(done.set)

    assert done.wait(5)
    release.set()
    workers.close(timeout_s=5)
