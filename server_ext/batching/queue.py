"""The requests that may run together, in batches that close when they are full or due.

    add --> [closed] [closed] [open] --take--> the oldest batch, once it is closed, full or due

Compatible with TensorFlow's kernels/batching_util/shared_batch_scheduler.h.
Threads: none of its own and no lock; the scheduler's lock guards every call.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from server_ext.batching.parameters import Parameters
from server_ext.batching.task import Task
from server_ext.errors import InvalidArgument, ServingError, Unavailable
from server_ext.lifecycle.pace import Pace

SWEEP_S = 0.1
"""Least time between two looks for requests that have left a full queue: each looks at all."""


class Run(Protocol):
    """Runs the batches of a queue. `pace` tells how long they take."""

    pace: Pace

    def __call__(self, tasks: list[Task]) -> None:
        """Run the tasks of a batch and answer them; raises nothing."""
        ...


class _Batch:
    __slots__ = ("due", "rows", "tasks")

    def __init__(self, due: float) -> None:
        self.due = due
        self.rows = 0
        self.tasks: list[Task] = []

    def add(self, task: Task) -> None:
        self.tasks.append(task)
        self.rows += task.rows
        task.turn.queued = True


class Queue:
    """The waiting requests of one kind for one `version` of `model`.

    `run` is what its batches are for, `lined_up` the scheduler's mark that it is in line.
    """

    __slots__ = (
        "_batches",
        "_limit",
        "_parameters",
        "_swept",
        "lined_up",
        "model",
        "run",
        "version",
    )

    def __init__(self, model: str, parameters: Parameters, run: Run, version: int = 0) -> None:
        self.model = model
        self.version = version
        self.run = run
        self.lined_up = False
        self._parameters = parameters
        self._limit = parameters.max_execution_batch_size
        self._batches: deque[_Batch] = deque()
        self._swept = 0.0

    def __len__(self) -> int:
        """Return how many requests wait, pieces counted one by one."""
        return sum([len(batch.tasks) for batch in self._batches])

    def add(self, task: Task) -> ServingError | None:
        """Let a task wait, or return why it cannot."""
        if task.rows > self._parameters.max_batch_size:
            return InvalidArgument(
                f"Task size {task.rows} is larger than maximum input batch size "
                f"{self._parameters.max_batch_size}"
            )
        if self._parameters.split:
            return self._add_pieces(task)
        batches = self._batches
        if not batches or batches[-1].rows + task.rows > self._limit:
            if len(batches) >= self._parameters.max_enqueued_batches:
                return Unavailable(
                    "The batch scheduling queue to which this task was submitted is full; "
                    f"currently {len(batches)} batches enqueued and max_enqueued_batches is "
                    f"{self._parameters.max_enqueued_batches}"
                )
            batches.append(_Batch(task.came + self._parameters.timeout_s))
        batches[-1].add(task)
        return None

    def waits(self) -> bool:
        """Tell whether there is a batch."""
        return bool(self._batches)

    def short(self) -> bool:
        """Tell whether the oldest batch is likely to run for a short time only."""
        if not self._batches:
            return True
        oldest = self._batches[0]
        return self.run.pace.short(oldest.rows, len(oldest.tasks))

    def light(self) -> bool:
        """Tell whether Python has about as much to do for the oldest batch as the model."""
        oldest = self._batches[0] if self._batches else None
        return oldest is not None and self.run.pace.light(oldest.rows, len(oldest.tasks))

    def due(self) -> float:
        """Return the time.monotonic() at which the oldest batch may run: 0 for now.

        There must be one.
        """
        oldest = self._batches[0]
        at_once = not self._parameters.timeout_s or len(self._batches) > 1
        return 0.0 if at_once or oldest.rows >= self._limit else oldest.due

    def take(self, threads: int = 1) -> list[Task]:
        """Remove the oldest batch and return its tasks; none if there is no batch.

        Of a batch that takes long only a part is taken where so many threads are free to share it,
        and where more would be no faster. Not so where the user has said how large batches are.
        """
        if not self._batches:
            return []
        batch = self._batches[0]
        tasks = batch.tasks
        part = self._part(batch, threads)
        if part < batch.rows:
            taken, batch.tasks = _first(tasks, part)
            batch.rows -= sum([task.rows for task in taken])
            tasks = taken
        if tasks is batch.tasks or not batch.tasks:
            self._batches.popleft()
        for task in tasks:
            task.turn.queued = False
        return tasks

    def _part(self, batch: _Batch, threads: int) -> float:
        """Return how many rows of a batch to run now."""
        pace, count = self.run.pace, len(batch.tasks)
        given = self._parameters.timeout_s or self._parameters.allowed_batch_sizes
        if given or count == 1 or not pace.long(batch.rows):
            return batch.rows
        enough = batch.rows if pace.light(batch.rows, count) else pace.enough(batch.rows)
        return min(enough, batch.rows / threads)

    def sweep(self, now: float) -> list[tuple[Task, ServingError]]:
        """Remove the tasks nobody waits for any more; return them, each with what to answer.

        For a queue that is full: otherwise they leave when their batch runs. None is returned when
        it was asked a moment ago.
        """
        if now < self._swept + SWEEP_S:
            return []
        self._swept = now
        left = [
            (task, reason)
            for batch in self._batches
            for task in batch.tasks
            if (reason := task.left(now))
        ]
        if left:
            gone = {task for task, _ in left}
            for batch in self._batches:
                batch.tasks = [task for task in batch.tasks if task not in gone]
                batch.rows = sum([task.rows for task in batch.tasks])
            self._batches = deque([batch for batch in self._batches if batch.tasks])
        return left

    def _add_pieces(self, task: Task) -> ServingError | None:
        parameters = self._parameters
        waiting = len(self._batches) or 1  # an empty one is always open
        filled = self._batches[-1].rows if self._batches else 0
        room = self._limit - filled
        capacity = (parameters.max_enqueued_batches - waiting) * self._limit + room
        if task.rows > capacity:
            return Unavailable(
                "The batch scheduling queue to which this task was submitted is full; task size is "
                f"{task.rows} but scheduling capacity is only {capacity} "
                f"(num_enqueued_batches={waiting}, "
                f"max_enqueued_batches={parameters.max_enqueued_batches}, "
                f"open_batch_size={filled}, max_execution_batch_size={self._limit})"
            )
        for piece in task.pieces(room or self._limit, self._limit):
            if not self._batches or self._batches[-1].rows >= self._limit:
                self._batches.append(_Batch(task.came + parameters.timeout_s))
            self._batches[-1].add(piece)
        return None


def _first(tasks: list[Task], rows: float) -> tuple[list[Task], list[Task]]:
    """Return the first tasks, until they have so many rows, and the others."""
    count, have = 0, 0
    while count < len(tasks) and have < rows:
        have += tasks[count].rows
        count += 1
    return tasks[:count], tasks[count:]
