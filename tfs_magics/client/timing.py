"""What the server says of the time of one request, in the standard header Server-Timing.

queue;dur=0.4, run;dur=1.2, batch;desc="22"
"""

from __future__ import annotations

import contextlib
import math
from typing import NamedTuple


class Timing(NamedTuple):
    """Seconds that a request waited, and the rows of the batch it ran in; None if not told."""

    waited: float | None = None
    batch: int | None = None


UNTIMED = Timing()


def timed(header: str) -> Timing:
    """Read the header; what it does not tell, or not as expected, is None."""
    told: dict[tuple[str, str], float] = {}
    for entry in header.split(","):
        name, *values = entry.split(";")
        for value in values:
            key, _, text = value.partition("=")
            with contextlib.suppress(ValueError):  # words
                number = float(text.strip().strip('"'))
                if math.isfinite(number):
                    told[name.strip(), key.strip()] = number
    waited, batch = told.get(("queue", "dur")), told.get(("batch", "desc"))
    return Timing(None if waited is None else waited / 1000, None if batch is None else int(batch))
