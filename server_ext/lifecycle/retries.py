"""Which failed loads are tried again, how often and when.

    LOADING --fails--> LOADING with its error --interval--> tried again --> AVAILABLE | ... | END

No thread is held between two attempts. A failure that only other files can cure is final: the
version ends at once, and is tried again when its files change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from server_ext.errors import Code, ServingError

FINAL = frozenset(
    {
        Code.NOT_FOUND,
        Code.INVALID_ARGUMENT,
        Code.FAILED_PRECONDITION,
        Code.OUT_OF_RANGE,
        Code.DATA_LOSS,
        Code.UNIMPLEMENTED,
    }
)


@dataclass(frozen=True)
class Retries:
    """At most `limit` attempts after the first one, `interval_s` apart.

    Compatible with util/retrier.cc, which tries again whatever the error is.
    """

    limit: int = 0
    interval_s: float = 60.0

    def allow(self, attempts: int, error: ServingError) -> bool:
        """Say whether to try again after so many attempts, the last of which ended with `error`."""
        return attempts <= self.limit and error.code not in FINAL

    def later(self, job: Callable[[], None]) -> threading.Timer:
        """Run the job after the interval, on a thread of its own, unless the timer is cancelled."""
        timer = threading.Timer(self.interval_s, job)
        timer.daemon = True
        timer.start()
        return timer


NO_RETRIES = Retries()
