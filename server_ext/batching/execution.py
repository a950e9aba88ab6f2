"""Runs the tasks of a batch: merged where they agree, alone where their batch fails.

    tasks --left out--> who waits no more
          --kind-----> groups --merge--> one run --split--> each task's outputs
                                            \\--fails--> one run for each

One request that the model cannot take, or whose sizes differ from the others', costs the others
time and nothing else. TensorFlow Serving fails the whole batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from server_ext.batching import merging
from server_ext.batching.counts import Counts, Version
from server_ext.batching.parameters import Parameters
from server_ext.batching.task import Task
from server_ext.errors import ServingError, outcome
from server_ext.lifecycle.pace import Pace
from server_ext.lifecycle.servable import Servable

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

log = logging.getLogger(__name__)


class Execution:
    """How the batches of one queue of a version run. Any thread may call."""

    def __init__(
        self, version: Version, servable: Servable, parameters: Parameters, counts: Counts
    ) -> None:
        self._version = version
        self._servable = servable
        self._parameters = parameters
        self._counts = counts
        self.pace = Pace()

    def __call__(self, tasks: list[Task]) -> None:
        """Run the tasks and answer them; raises nothing."""
        waiting = _without_left(tasks)
        self._counts.waited(waiting)
        groups: dict[Hashable, list[Task]] = {}
        if len(waiting) > 1:
            pad = self._parameters.pad_variable_length_inputs
            for task in waiting:
                groups.setdefault(merging.kind(task.arrays, pad), []).append(task)
        else:
            groups[None] = waiting
        for group in groups.values():
            if group:
                self._run(group)

    def _run(self, tasks: list[Task]) -> None:
        answers = outcome(lambda: self._answers(tasks), f"A batch for {self._version[0]}")
        if not isinstance(answers, ServingError):
            for task, answer in zip(tasks, answers, strict=True):
                _answer(task, answer)
        elif len(tasks) == 1:
            _answer(tasks[0], answers)
        else:
            for task in tasks:
                if _without_left([task]):
                    self._counts.ran_alone(self._version[0])
                    self._run([task])

    def _answers(self, tasks: Sequence[Task]) -> list[list[Array]]:
        """Return the outputs of each task from one run.

        Raises:
            ServingError: the run's, or an output does not have a row for each input's.
        """
        form = tasks[0].form
        sizes = [task.rows for task in tasks]
        needed = sum(sizes)
        rows = merging.rounded(needed, self._parameters.allowed_batch_sizes)
        merged = merging.merge(
            [task.arrays for task in tasks],
            rows,
            self._parameters.pad_variable_length_inputs,
        )
        self._counts.ran(self._version, tasks, rows, rows - needed)
        inputs = dict(zip(form.columns, merged, strict=True))
        run = partial(self._servable.run, form.signature, inputs, form.fetches)
        noted = [task for task in tasks if task.turn.timing is not None]
        if noted:
            run = partial(_noted, run, noted, needed)
        fetched = self.pace.timed(rows, run)
        parts = merging.split(fetched, form.fetches, sizes, rows)
        return [
            [part[at] for at in task.form.order] for task, part in zip(tasks, parts, strict=True)
        ]


def _noted(run: Callable[[], list[Array]], tasks: Sequence[Task], rows: int) -> list[Array]:
    """Run, and note that where those who sent the tasks want to know it."""
    began = time.monotonic()
    try:
        return run()
    finally:
        ran_s = time.monotonic() - began
        for task in tasks:
            if task.turn.timing is not None:
                task.turn.timing.ran(began - task.came, ran_s, rows)


def _without_left(tasks: list[Task]) -> list[Task]:
    """Answer the tasks nobody waits for any more, and return the others."""
    now = time.monotonic()
    waiting = []
    for task in tasks:
        reason = task.left(now)
        if reason is None:
            waiting.append(task)
        else:
            _answer(task, reason)
    return waiting


def _answer(task: Task, answer: list[Array] | ServingError) -> None:
    try:
        task.done(answer)
    except Exception:  # the others in the batch wait for their answers
        log.exception("An answer from a batch could not be given")
