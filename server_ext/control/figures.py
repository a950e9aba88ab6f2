"""Makes figures of a second out of its requests and batches: rates, exact percentiles, histograms.

Pure functions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server_ext import latencies
from server_ext.api.traffic import Refusal

QUANTILES = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}
MOST_REASONS = 5  # of a version in one second; of more, those that came most often

Ended = float | Refusal
"""How a request ended: the seconds it took, or why it failed."""


def speeds(asked: Sequence[Ended], seconds: float) -> dict[str, float | None]:
    """Return rates of these requests, and percentiles of those that were answered."""
    answered = sorted(took for took in asked if not isinstance(took, Refusal))
    return {
        "per_second": round(len(asked) / seconds, 2),
        "errors_per_second": round((len(asked) - len(answered)) / seconds, 2),
        **{name: _percentile_ms(answered, share) for name, share in QUANTILES.items()},
    }


def batches(rows: Sequence[int]) -> dict[str, Any]:
    """Return the mean rows of these batches, and how many had how many; nothing without any."""
    return {
        "batch_rows": round(sum(rows) / len(rows), 2) if rows else None,
        "batches": _counted(bucket(each) for each in sorted(rows)) if rows else None,
    }


def bucket(rows: int) -> str:
    """Return the bucket that this many rows belong to: `1`, `2-3`, `4-7`, `8-15` ..."""
    least = 1 << (max(rows, 1).bit_length() - 1)
    return "1" if least == 1 else f"{least}-{2 * least - 1}"


def latencies_of(asked: Iterable[Ended]) -> dict[int, int]:
    """Return how long requests took, in a form that can be added up over time."""
    return latencies.counted(took for took in asked if not isinstance(took, Refusal))


def failures(asked: Iterable[Ended]) -> dict[str, Any]:
    """Return how often requests failed by status as HTTP has it, and for which reasons."""
    refused = [each for each in asked if isinstance(each, Refusal)]
    return {
        "codes": _counted(str(each.code.http) for each in refused),
        "reasons": [
            {"code": each.code.http, "reason": each.reason, "count": count}
            for each, count in Counter(refused).most_common(MOST_REASONS)
        ],
    }


def _counted(names: Iterable[str]) -> Mapping[str, int]:
    return dict(Counter(names))


def _percentile_ms(ordered: Sequence[float], share: float) -> float | None:
    """Return the least value that so large a share of the values does not exceed."""
    if not ordered:
        return None
    return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 3)
