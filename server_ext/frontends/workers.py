"""Threads that run predictions, so that no front end's own thread ever waits for a model."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)

Job = Callable[[], None]


def default_threads() -> int:
    """Return how many predictions run at a time: more than cores, beside a slow model too."""
    return max(4, 2 * (os.cpu_count() or 1))


class Workers:
    """A fixed number of threads over one queue. Any thread may submit; jobs start in order."""

    def __init__(self, threads: int, name: str) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{i}", daemon=True)
            for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Run the job on the next free thread. The job answers its own errors."""
        self._queue.put(job)

    def close(self, timeout_s: float) -> None:
        """Finish what is queued, then end the threads; a job that hangs longer is left behind."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout_s)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job()
            except Exception:  # a thread that dies here would take a share of the server with it
                log.exception("A request failed in a way that is a bug of the server")
