"""Whose threads answer which gRPC methods, so that none waits for another kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from server_ext.frontends.rpc import Method
from server_ext.lifecycle.workers import Workers

BRIEF_BYTES = 64 * 1024
"""Largest request that the thread which receives it reads by itself: it takes some 50 us."""


class Lanes(NamedTuple):
    """`run` for what runs models, `apart` for what may take minutes, `describe` for all else.

    `help` is what a thread calls after it has submitted requests of brief turns (see Turn).
    """

    run: Workers
    describe: Workers
    apart: Workers
    help: Callable[[], None]

    def of(self, method: Method) -> Workers:
        """Return the threads that answer a method."""
        if method.apart:
            return self.apart
        return self.run if method.blocking else self.describe
