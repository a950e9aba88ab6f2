"""Figures of one version, one model or the whole server over time, in a fixed amount of memory.

    a second --add--> one bin of each Tier: 1 s x 120, 10 s x 90, 1 min x 60, 5 min x 288

A bin is what came within its time: sums, the highest queue, percentiles of all its latencies.
Threads: none of its own and no lock; history.py calls it under its lock.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server_ext import latencies

BUCKETS = 16  # of batches: 1, 2-3, 4-7 ... 32768 and more rows
_SUMS = ("requests", "errors", "covered", "rows", "runs")
_TOPS = ("queued", "rss_bytes")
_PERCENTILES = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}
_COLUMNS = (*_SUMS, *_TOPS, *_PERCENTILES, *(f"batch {n}" for n in range(BUCKETS)))
_AT = {name: at for at, name in enumerate(_COLUMNS)}
_BATCHES = _AT["batch 0"]
_NONE = -1.0


@dataclass
class Second:
    """What one sample says of one version, or of several together."""

    requests: int = 0
    errors: int = 0
    queued: int = 0
    rss_bytes: float = 0
    latencies: dict[int, int] = field(default_factory=dict)
    rows: float = 0
    runs: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, other: Second) -> None:
        """Take another one's requests as well."""
        self.requests += other.requests
        self.errors += other.errors
        self.queued += other.queued
        self.rows += other.rows
        _merge(self.latencies, other.latencies)
        self.runs = [mine + theirs for mine, theirs in zip(self.runs, other.runs, strict=True)]


class Tier:
    """The last `size` bins of `step_s` seconds each, a ring."""

    def __init__(self, step_s: int, size: int) -> None:
        self.step_s = step_s
        self.size = size
        self._numbers = array("q", [-1]) * size  # which bin lies in a place; times are too long
        self._values = array("f", [0.0]) * (size * len(_COLUMNS))
        self._last = -1
        self._latencies: dict[int, int] = {}  # of the last bin, which is still open

    def add(self, at: float, second: Second, *, skipped: bool = False) -> None:
        """Take a second of the bin that it ended in; one that came late counts for the last one.

        `skipped`: no second ended in the one before, so this one stands for both where bins are so
        short.
        """
        number = max(int(at // self.step_s), self._last)
        if skipped and self.step_s == 1 and number - 1 > self._last:
            self._put(number - 1, second)
        self._put(number, second)

    def at(self, number: int) -> Mapping[str, float] | None:
        """Return the columns of a bin, None if nothing was known then."""
        place = number % self.size
        if self._numbers[place] != number:
            return None
        if number == self._last:
            self._note_percentiles()
        start = place * len(_COLUMNS)
        return dict(zip(_COLUMNS, self._values[start : start + len(_COLUMNS)], strict=True))

    def _put(self, number: int, second: Second) -> None:
        place = number % self.size
        start = place * len(_COLUMNS)
        values = self._values
        if number != self._last:
            self._note_percentiles()
            self._last, self._latencies = number, {}
            self._numbers[place] = number
            values[start : start + len(_COLUMNS)] = array("f", [0.0]) * len(_COLUMNS)
        _merge(self._latencies, second.latencies)
        sums = (second.requests, second.errors, 1, second.rows, sum(second.runs))
        for name, value in zip(_SUMS, sums, strict=True):
            values[start + _AT[name]] += value
        for name, top in zip(_TOPS, (second.queued, second.rss_bytes), strict=True):
            values[start + _AT[name]] = max(values[start + _AT[name]], top)
        if sums[-1]:
            for bucket, runs in enumerate(second.runs, start + _BATCHES):
                values[bucket] += runs

    def _note_percentiles(self) -> None:
        """Write down those of the last bin: when it is over, or somebody looks."""
        start = self._last % self.size * len(_COLUMNS)
        for name, share in _PERCENTILES.items():
            found = latencies.percentile_ms(self._latencies, share)
            self._values[start + _AT[name]] = _NONE if found is None else found


def point(at: int, bin: Mapping[str, float] | None, seconds: float) -> dict[str, Any]:
    """Return a bin that began at a time, as it is told; without one there were no requests.

    Rates are those of all `seconds` that were measured then, also of those without requests.
    """
    if bin is None:
        nothing = dict.fromkeys([*_PERCENTILES, "batch_rows"])
        return {"at": at, "per_second": 0.0, "errors_per_second": 0.0, "queued": 0, **nothing}
    return {
        "at": at,
        "per_second": round(bin["requests"] / seconds, 2),
        "errors_per_second": round(bin["errors"] / seconds, 2),
        "queued": int(bin["queued"]),
        **{name: round(bin[name], 3) if bin[name] >= 0 else None for name in _PERCENTILES},
        "batch_rows": round(bin["rows"] / bin["runs"], 2) if bin["runs"] else None,
    }


def batches(bin: Mapping[str, float]) -> list[int]:
    """Return how many batches a bin has, by bucket."""
    return [int(bin[f"batch {number}"]) for number in range(BUCKETS)]


def _merge(into: dict[int, int], other: Mapping[int, int]) -> None:
    for bucket, count in other.items():
        into[bucket] = into.get(bucket, 0) + count
