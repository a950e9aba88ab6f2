"""A version whose requests run in batches.

    run, submit --Form: which queue?--> Queue --scheduler's threads--> Execution --> the version

Requests share a queue when they feed and fetch the same tensors, by whatever aliases, signature and
order. What has no rows to put together runs at once, in the caller's thread: a request without
inputs, with a scalar among them, or with no rows. Compatible with batching/batching_session.cc,
which refuses the first two.

Where auto mode has chosen (`shown`), no request is refused for what it would not be without
batches: those that were not shown to be safe run as they are, and so do those with more rows than a
batch or with inputs that differ in their first size.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache, partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from server_ext.batching import merging
from server_ext.batching.counts import Counts
from server_ext.batching.decision import Shown
from server_ext.batching.execution import Execution
from server_ext.batching.parameters import Parameters
from server_ext.batching.queue import Queue
from server_ext.batching.scheduler import Scheduler
from server_ext.batching.task import Form, Task
from server_ext.errors import ServingError
from server_ext.lifecycle.servable import Done, Servable, Signature, TensorSpec, Turn, Wrapped

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

KEPT = 256
"""Queues and forms that are remembered: clients choose the outputs, ten have a million of choices.

A queue with requests in it stays until they have run, remembered or not.
"""


class Batched(Wrapped):
    """A servable whose requests wait for others.

    Any thread may call. `close` comes after the last answer: no queue holds a request then.
    """

    def __init__(
        self,
        model: str,
        servable: Servable,
        parameters: Parameters,
        scheduler: Scheduler,
        counts: Counts,
        shown: Shown | None = None,
        version: int = 0,
    ) -> None:
        self.parameters = parameters
        self._shown = shown
        super().__init__(servable)
        self._scheduler = scheduler
        # Without `self`: a cycle would keep the model's memory until a garbage collection.
        queue = lru_cache(maxsize=KEPT)(
            lambda _: Queue(
                model,
                parameters,
                Execution((model, version), servable, parameters, counts),
                version,
            )
        )
        self._place = lru_cache(maxsize=KEPT)(partial(_place, queue, shown))

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Compute the outputs in a batch; blocks until it is done.

        Raises:
            InvalidArgument: the inputs differ in their first size, or it is too large.
            Unavailable: too many requests wait already.
            ServingError: the servable's.
        """
        answers: SimpleQueue[list[Array] | ServingError] = SimpleQueue()
        self.submit(signature, inputs, outputs, answers.put, Turn())
        answer = answers.get()
        if isinstance(answer, ServingError):
            raise answer
        return answer

    def submit(
        self,
        signature: Signature,
        inputs: Mapping[str, Array],
        outputs: Sequence[str],
        done: Done,
        turn: Turn,
    ) -> None:
        """Compute the outputs in a batch, and call `done` once; raises nothing."""
        try:
            rows = merging.rows_of(inputs)
        except ServingError as error:
            if self._shown is None:
                done(error)
                return
            rows = 0
        place = self._place(signature, tuple(inputs), tuple(outputs)) if rows else None
        if place is None or (self._shown and rows > self.parameters.max_batch_size):
            self._servable.submit(signature, inputs, outputs, done, turn)
            return
        queue, form = place
        arrays = [inputs[alias] for alias in form.columns]
        refusal = self._scheduler.submit(queue, Task(form, arrays, rows, done, turn))
        if refusal is not None:
            done(refusal)


def _place(
    queue: Callable[[Hashable], Queue],
    shown: Shown | None,
    signature: Signature,
    given: tuple[str, ...],
    outputs: tuple[str, ...],
) -> tuple[Queue, Form] | None:
    """Return the queue of requests with these aliases, and their form; None if they run alone.

    Where an input is left out its default counts, and that is the signature's own.
    """
    if shown and not shown.covers(signature, given, outputs):
        return None
    columns = _sorted(given, signature.inputs)
    fetches = _sorted(outputs, signature.outputs)
    key = (
        tuple([_tensor(signature.inputs[alias]) for alias in columns]),
        tuple([_tensor(signature.outputs[alias]) for alias in fetches]),
        signature.name if len(given) < len(signature.inputs) else None,
    )
    order = tuple([fetches.index(alias) for alias in outputs])
    return queue(key), Form(signature, columns, fetches, order)


def _sorted(aliases: Sequence[str], specs: Mapping[str, TensorSpec]) -> tuple[str, ...]:
    return tuple(sorted(aliases, key=lambda alias: (specs[alias].name, alias)))


def _tensor(spec: TensorSpec) -> tuple[str, int]:
    return spec.name, spec.dtype
