"""A fixed number of threads over one queue of jobs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)

Job = Callable[[], None]


class Workers:
    """Runs jobs in the order they were submitted. Any thread may submit, holding any lock.

    The threads are daemons: a job that hangs does not keep the process from ending.
    """

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
        deadline = time.monotonic() + timeout_s
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job()
            except Exception:  # a thread that dies here would take a share of the server with it
                log.exception("A job failed in a way that is a bug of the server")
            del job  # while waiting for the next one, keep nothing of this one alive
