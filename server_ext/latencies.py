"""Latencies as counts by logarithmic buckets: what is counted in several places can be added up.

A bucket is 9 % wide, so a percentile of what was added up is right within 5 %. Pure functions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

PER_OCTAVE = 8


def counted(seconds: Iterable[float]) -> dict[int, int]:
    """Return how many latencies lie in which bucket."""
    return dict(Counter(bucket(each) for each in seconds))


def bucket(seconds: float) -> int:
    """Return the bucket of a latency; all below a microsecond lie in the first one."""
    return math.floor(PER_OCTAVE * math.log2(max(seconds * 1e6, 1.0)))


def percentile_ms(counts: Mapping[int, int], share: float) -> float | None:
    """Return what so large a share of the latencies do not exceed; None without any."""
    left = math.ceil(share * sum(counts.values()))
    for number in sorted(counts):
        left -= counts[number]
        if left <= 0:
            return round(2 ** ((number + 0.5) / PER_OCTAVE) / 1000, 3)
    return None
