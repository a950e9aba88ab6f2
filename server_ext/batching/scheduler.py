"""A few threads that run the batches of all queues, each model in its turn.

    submit --> queue --full or due--> line of its model --a free thread--> queue.run(tasks)
                 \\--not yet--> the clock: one idle thread waits until the earliest is due

A free thread takes all that waits in a queue, up to a batch: so batches are small, and run at once,
while there is little to do, and grow with the load.

Who reads requests for models with short runs need not wake a thread: it submits all that have come
(their turns are `brief`) and then runs them by itself (`help`), as long as that is short.

Threads: any thread may submit. One lock guards lines, clock and all queues; batches run without it.
Idle threads sleep until there is a batch for them.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque

from server_ext.batching.parameters import Pool
from server_ext.batching.queue import Queue
from server_ext.batching.slots import Slots
from server_ext.batching.task import Task
from server_ext.errors import ServingError, Unavailable

log = logging.getLogger(__name__)

HELP_S = 0.005
"""How long a thread that reads requests may run batches before it reads on."""


class Scheduler:
    """The shared threads, which are daemons: a batch that hangs does not keep the process.

    The inputs of all requests that wait take up to `max_bytes`, 0 for no limit; one always may.
    """

    def __init__(self, pool: Pool, max_bytes: int = 0) -> None:
        self.pool = pool
        self._max_bytes = max_bytes or sys.maxsize
        self._bytes = 0  # of the inputs that wait
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # idle threads, but the one at the clock
        self._clock = threading.Condition(self._lock)
        self._idle = 0
        self._slots = Slots(pool.light or pool.threads)  # of helpers as well as of the threads
        self._wakes_at: float | None = None  # when the thread at the clock wakes, if there is one
        self._lines: dict[str, deque[Queue]] = {}  # by model, in the order of their turns
        self._timed: dict[Queue, float] = {}  # queues with a batch that is due later
        self._draining = False  # then no batch waits for more
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"{pool.name}-{i}", daemon=True)
            for i in range(pool.threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, queue: Queue, task: Task) -> ServingError | None:
        """Let a task wait in a queue; or return why it cannot, and leave it to be answered.

        One whose turn is brief may wait until somebody helps.
        """
        with self._lock:
            refusal = self._add(queue, task)
        if refusal is None:
            return None
        with self._lock:
            left = queue.sweep(time.monotonic())
            if left:
                self._bytes -= sum([other.size_bytes for other, _ in left])
                refusal = self._add(queue, task)
        for other, reason in left:
            other.done(reason)
        return refusal

    def help(self) -> None:
        """Run here what waits and is short; leave the rest to the threads.

        To be called after tasks whose turns are brief; returns after about HELP_S. Where as many
        batches run as should, what waits is left to who runs them: that makes larger batches.
        """
        end = time.monotonic() + HELP_S
        while self._lines:  # without the lock: whoever added the last one to them helps as well
            with self._lock:
                queue = self._short() if self._slots.free() else None
                if queue is None or time.monotonic() > end:
                    self._wake_for_line()
                    return
                tasks = self._take(queue)
                began = self._slots.begin()
            self._run(queue, tasks)
            with self._lock:
                self._slots.end(began)

    def waiting(self) -> dict[str, int]:
        """Return how many requests wait, by the name of their model; none is left out."""
        counts: dict[str, int] = {}
        for (model, _), count in self.waiting_by_version().items():
            counts[model] = counts.get(model, 0) + count
        return counts

    def waiting_by_version(self) -> dict[tuple[str, int], int]:
        """Return how many requests wait, by the model's name and the version."""
        counts: dict[tuple[str, int], int] = {}
        with self._lock:
            lined_up = [queue for line in self._lines.values() for queue in line]
            for queue in {*lined_up, *self._timed}:
                key = queue.model, queue.version
                counts[key] = counts.get(key, 0) + len(queue)
        return counts

    def drain(self) -> None:
        """From now on run what waits as soon as a thread is free: there is little more to come."""
        with self._lock:
            self._draining = True
            self._clock.notify()

    def close(self, timeout_s: float) -> None:
        """Run what waits, then end the threads; a batch that takes longer is left behind."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._draining = self._closed = True
            self._idle = 0
            self._work.notify_all()
            self._clock.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _add(self, queue: Queue, task: Task) -> ServingError | None:
        if self._closed:
            return Unavailable("The server is shutting down")
        if self._bytes and self._bytes + task.size_bytes > self._max_bytes:
            return Unavailable(
                "The batch scheduling queue to which this task was submitted is full; currently "
                f"{self._bytes} bytes wait and max_queued_bytes is {self._max_bytes}"
            )
        refusal = queue.add(task)
        if refusal is None:
            self._bytes += task.size_bytes
        if refusal is None and not queue.lined_up:
            in_line = self._place(queue)
            if in_line and not task.turn.brief:
                self._wake_for_line()
            elif not in_line and self._wakes_at is None:
                self._wake()
        return refusal

    def _place(self, queue: Queue, now: float = 0.0) -> bool:
        """Put a queue with a batch where it belongs: into its line, or to the clock. Lock held.

        Returns whether it is in line.
        """
        due = queue.due()
        if due <= now or self._draining:
            self._timed.pop(queue, None)
            queue.lined_up = True
            self._lines.setdefault(queue.model, deque()).append(queue)
            return True
        self._timed[queue] = due
        if self._wakes_at is not None and due < self._wakes_at:
            self._clock.notify()
        return False

    def _wake(self) -> None:
        """Let a thread that sleeps look for work, if there is one. Lock held."""
        if self._idle:
            self._idle -= 1
            self._work.notify()
        elif self._wakes_at is not None:
            self._clock.notify()

    def _wake_for_line(self) -> None:
        """Let a thread that sleeps take what is in line, or look after it. Lock held."""
        if not self._lines:
            return
        if self._slots.free() or not all(line[0].light() for line in self._lines.values()):
            self._wake()
        elif self._wakes_at is None:
            self._wake()  # to sleep at the clock, should what runs take long
        elif self._wakes_at > self._slots.free_at():
            self._clock.notify()

    def _serve(self) -> None:
        while (found := self._next()) is not None:
            queue, tasks, began = found
            self._run(queue, tasks)
            if began is not None:
                with self._lock:
                    self._slots.end(began)
            del found, queue, tasks  # while waiting, keep nothing of this one alive

    @staticmethod
    def _run(queue: Queue, tasks: list[Task]) -> None:
        try:
            queue.run(tasks)
        except Exception:  # a thread that dies here would take a share of the server with it
            log.exception("A batch failed in a way that is a bug of the server")

    def _next(self) -> tuple[Queue, list[Task], float | None] | None:
        """Return the next batch as soon as there is one, and its slot if it is light.

        None when the scheduler has ended.
        """
        with self._lock:
            while True:
                self._place_due()
                if found := self._pop():
                    queue, tasks, light = found
                    began = self._slots.begin() if light and tasks else None
                    if self._timed and self._wakes_at is None:
                        self._wake()
                    else:
                        self._wake_for_line()
                    if tasks:
                        return queue, tasks, began
                elif self._closed and not self._lines:
                    return None
                else:
                    self._sleep()

    def _place_due(self) -> None:
        if self._timed:
            now = time.monotonic()
            for queue in [q for q, due in self._timed.items() if due <= now or self._draining]:
                del self._timed[queue]
                if queue:
                    self._place(queue, now)

    def _pop(self) -> tuple[Queue, list[Task], bool] | None:
        """Take a batch of the model whose turn it is, if there is one that may run. Lock held."""
        for line in self._lines.values():
            queue = line[0]
            light = queue.light()
            if not light:
                return queue, self._take(queue, 1 + self._idle), light
            free = self._slots.free()
            if free or self._closed:
                return queue, self._take(queue, max(1, min(1 + self._idle, free))), light
        return None

    def _short(self) -> Queue | None:
        """Return the first queue in line whose next batch is short. Lock held."""
        return next((line[0] for line in self._lines.values() if line[0].short()), None)

    def _take(self, queue: Queue, threads: int = 1) -> list[Task]:
        """Take a batch of a queue that is first in its model's line, which goes to the end."""
        line = self._lines.pop(queue.model)
        line.popleft()
        queue.lined_up = False
        if line:
            self._lines[queue.model] = line
        tasks = queue.take(threads)
        self._bytes -= sum([task.size_bytes for task in tasks])
        if queue.waits():
            self._place(queue)
        return tasks

    def _sleep(self) -> None:
        times = [*self._timed.values(), *([self._slots.free_at()] if self._lines else [])]
        if times and self._wakes_at is None:
            self._wakes_at = min(times)
            timeout_s = self._wakes_at - time.monotonic()
            self._clock.wait(min(max(timeout_s, 0.0), threading.TIMEOUT_MAX))
            self._wakes_at = None
        else:
            self._idle += 1
            self._work.wait()
