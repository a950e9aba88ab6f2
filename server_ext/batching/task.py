"""One request while it waits in a queue and runs, and the pieces of a large one.

    Task of 7 rows --pieces(2, 4)--> 2, 4 and 1 rows --done--> Joined --done--> the request's own

Threads: a task belongs to who holds it: the queue, then the thread that runs its batch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from server_ext.errors import Code, FailedPrecondition, ResourceExhausted, ServingError
from server_ext.lifecycle.servable import Done, Signature, Turn

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array


@dataclass(frozen=True, slots=True)
class Form:
    """What requests with the same signature, inputs and outputs have in common.

    `columns` are the inputs' aliases and `fetches` the outputs', both in an order that is the same
    for all forms of a queue; `order` says which of the fetches each wanted output is.
    """

    signature: Signature
    columns: tuple[str, ...]
    fetches: tuple[str, ...]
    order: tuple[int, ...]


class Task:
    """A request of `rows` rows, its inputs in the order of the form's columns.

    `done` is called once, with the error or the outputs in the request's order. `size_bytes` is the
    memory of the inputs.
    """

    __slots__ = ("arrays", "came", "done", "form", "rows", "size_bytes", "turn")

    def __init__(
        self, form: Form, arrays: Sequence[Array], rows: int, done: Done, turn: Turn
    ) -> None:
        self.form = form
        self.arrays = arrays
        self.rows = rows
        self.done = done
        self.turn = turn
        self.came = time.monotonic()
        self.size_bytes = sum([_size_bytes(array) for array in arrays])

    def left(self, now: float) -> ServingError | None:
        """Return what to answer when nobody waits for the outputs any more."""
        turn = self.turn
        if turn.deadline is not None and now >= turn.deadline:
            return ResourceExhausted("Run() timeout exceeded while waiting in batching queue")
        if turn.gone:
            return ServingError("The caller has left", Code.CANCELLED)
        return None

    def pieces(self, first: int, limit: int) -> list[Task]:
        """Return tasks of up to `first`, then up to `limit` rows, which are this one together."""
        if self.rows <= first:
            return [self]
        cuts = [0, *range(first, self.rows, limit), self.rows]
        joined = Joined(self.done, len(cuts) - 1)
        return [
            self._piece(slice(*cuts[at : at + 2]), partial(joined.put, at))
            for at in range(len(cuts) - 1)
        ]

    def _piece(self, rows: slice, done: Done) -> Task:
        arrays = [array[rows] for array in self.arrays]
        piece = Task(self.form, arrays, rows.stop - rows.start, done, self.turn)
        piece.came = self.came
        return piece


def _size_bytes(array: Array) -> int:
    """Return the memory that an array keeps, that of its strings included."""
    return array.nbytes + (sum(map(len, array.flat)) if array.dtype.hasobject else 0)


class Joined:
    """The answers to the pieces of one request, until all are there; one error fails it.

    Any thread may put: `_lock` guards the answers.
    """

    def __init__(self, done: Done, count: int) -> None:
        self._done = done
        self._lock = Lock()
        self._missing = count
        self._answers: list[list[Array] | ServingError] = [[]] * count

    def put(self, at: int, answer: list[Array] | ServingError) -> None:
        """Take the answer to one piece; with the last one the request is answered."""
        with self._lock:
            self._answers[at] = answer
            self._missing -= 1
            if self._missing:
                return
        self._done(_joined(self._answers))


def _joined(answers: Sequence[list[Array] | ServingError]) -> list[Array] | ServingError:
    parts: list[list[Array]] = []
    for answer in answers:
        if isinstance(answer, ServingError):
            return answer
        parts.append(answer)
    try:
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]
    except ValueError:  # a model whose outputs are as wide as the longest of the rows, for instance
        return FailedPrecondition(
            "The request was split, and the outputs for its parts differ in other sizes than the "
            "number of rows: send fewer rows, or turn enable_large_batch_splitting off"
        )
