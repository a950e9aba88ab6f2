"""A version whose requests run one by one: short ones where they come in, others on a pool.

    submit --the thread that submits may be held so long--> run here
           --it reads other requests, and this takes long--> a thread of the pool

Any thread may call.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from server_ext.errors import outcome
from server_ext.lifecycle.pace import Pace
from server_ext.lifecycle.servable import Done, Loader, Servable, Signature, Turn, Wrapped
from server_ext.lifecycle.source import MakeLoader
from server_ext.lifecycle.timing import Timing
from server_ext.lifecycle.workers import Workers

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array


class Pooled(Wrapped):
    """A servable whose requests choose their thread."""

    def __init__(self, servable: Servable, pool: Workers) -> None:
        super().__init__(servable)
        self._pool = pool
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)  # by signature

    def submit(
        self,
        signature: Signature,
        inputs: Mapping[str, Array],
        outputs: Sequence[str],
        done: Done,
        turn: Turn,
    ) -> None:
        """Run the servable here or on the pool, and call `done` once; raises nothing."""
        pace, rows = self._paces[signature.name], _rows(inputs)

        def run() -> None:
            left = turn.left()
            done(outcome(lambda: pace.timed(rows, compute), "A run") if left is None else left)

        compute = partial(self._servable.run, signature, inputs, outputs)
        if turn.timing is not None:
            compute = partial(_timed, compute, turn.timing, time.monotonic())
        if turn.brief and not pace.short(rows):
            self._pool.submit(run)
        else:
            run()


def pooled_loads(make_loader: MakeLoader, pool: Workers) -> MakeLoader:
    """Return what makes loaders of versions that run on this pool."""

    def make(name: str, version: int, path: str) -> Loader:
        loader = make_loader(name, version, path)
        return replace(loader, load=lambda: Pooled(loader.load(), pool))

    return make


def _timed(compute: Callable[[], list[Array]], timing: Timing, came: float) -> list[Array]:
    began = time.monotonic()
    try:
        return compute()
    finally:
        timing.ran(began - came, time.monotonic() - began)


def _rows(inputs: Mapping[str, Array]) -> int:
    """Return the first size of the first input; 1 where it has none."""
    first = next(iter(inputs.values()), None)
    return max(1, len(first)) if first is not None and first.ndim else 1
