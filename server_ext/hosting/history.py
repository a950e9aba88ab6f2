"""What was measured within the last day, of versions, models and the whole server.

    samples --take--> a Series for each that had requests --of(range)--> points for a chart

Bounded: of more than MOST_SERIES, one that was not asked for IDLE_S makes room, or else the new one
has no history. Any thread may call any method; one lock guards all of it, and is held for
arithmetic only.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from server_ext.hosting import series
from server_ext.hosting.series import BUCKETS, Second, Tier

RANGES = {"1m": (1, 60), "15m": (10, 90), "1h": (60, 60), "1d": (300, 288)}
"""Seconds of a step, and how many of them; ranges that charts have."""
_KEPT = {1: 120, 10: 90, 60: 60, 300: 288}
MOST_SERIES = 300
IDLE_S = 60.0
MOST_FAILURES = 500
MOST_ERRORS = 20

Key = tuple[str | None, int | None]
EVERYTHING: Key = (None, None)
Said = Mapping[str, Any]


class _Failure(NamedTuple):
    at: float
    code: int
    reason: str
    times: int


class _Series:
    def __init__(self) -> None:
        self.tiers = {step_s: Tier(step_s, size) for step_s, size in _KEPT.items()}
        self.failures: deque[_Failure] = deque(maxlen=MOST_FAILURES)
        self.asked_at = 0.0

    def add(self, at: float, second: Second, failures: list[_Failure], skipped: bool) -> None:
        self.asked_at = at
        for tier in self.tiers.values():
            tier.add(at, second, skipped=skipped)
        self.failures.extend(failures)


class History:
    """Figures by model and version. See the module for who may call what."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._everything = _Series()
        self._series: OrderedDict[Key, _Series] = OrderedDict()
        self._second = 0  # in which the last sample came
        self._skipped = False  # none came in the second before that

    def take(self, sample: Said) -> None:
        """Take what a sample says of the second before it."""
        at = float(sample["at"])
        total = Second(rss_bytes=sample.get("rss_bytes") or 0)
        models: dict[str, Second] = {}
        failed: dict[str, list[_Failure]] = {}
        with self._lock:
            # Samples are a little more than a second apart.
            self._second, self._skipped = int(at), int(at) == self._second + 2
            for version in sample.get("versions", ()):
                name, second, failures = version["name"], _second(version), _failures(version, at)
                self._add((name, version["version"]), at, second, failures)
                models.setdefault(name, Second()).add(second)
                failed.setdefault(name, []).extend(failures)
            for name, second in models.items():
                self._add((name, None), at, second, failed[name])
                total.add(second)
            total.queued = sample.get("queued", 0)
            failures = [each for some in failed.values() for each in some]
            self._everything.add(at, total, failures, self._skipped)

    def of(self, model: str | None, version: int | None, span: str, now: float) -> dict[str, Any]:
        """Return points, batches and errors of a range until now, the oldest first.

        A point is None where no server ran; of one that ran and was not asked, it has no requests.
        """
        step_s, count = RANGES[span]
        last = int(now // step_s)
        with self._lock:
            found = self._everything if model is None else self._series.get((model, version))
            tier = found.tiers[step_s] if found else None
            points: list[dict[str, Any] | None] = []
            runs = [0] * BUCKETS
            for number in _numbers(last, count):
                whole = self._everything.tiers[step_s].at(number)
                bin = tier.at(number) if tier else None
                if whole is None:
                    points.append(None)
                    continue
                told = series.point(number * step_s, bin, whole["covered"])
                points.append({**told, "rss_bytes": int(whole["rss_bytes"]) or None})
                if bin is not None:
                    runs = [a + b for a, b in zip(runs, series.batches(bin), strict=True)]
            failures = list(found.failures) if found else []
        since = (last - count + 1) * step_s
        return {
            "step_s": step_s,
            "points": points,
            "batches": {_bucket(at): many for at, many in enumerate(runs) if many},
            "errors": _errors(each for each in failures if each.at >= since),
        }

    def knows(self, model: str) -> bool:
        """Tell whether anything was measured of a model."""
        return (model, None) in self._series

    def let_go(self) -> None:
        """In a forked copy: nobody may hold the lock for ever."""
        self._lock = threading.Lock()

    def _add(self, key: Key, at: float, second: Second, failures: list[_Failure]) -> None:
        found = self._series.get(key)
        if found is None:
            if len(self._series) >= MOST_SERIES:
                oldest = next(iter(self._series))
                if at - self._series[oldest].asked_at < IDLE_S:
                    return  # all are asked now: who comes first stays, rather than none
                del self._series[oldest]
            found = self._series[key] = _Series()
        self._series.move_to_end(key)
        found.add(at, second, failures, self._skipped)


def _numbers(last: int, count: int) -> range:
    return range(last - count + 1, last + 1)


def _second(version: Said) -> Second:
    latencies = {int(bucket): count for bucket, count in version.get("latencies", {}).items()}
    errors = sum(version.get("codes", {}).values())
    runs = [0] * BUCKETS
    for bucket, count in (version.get("batches") or {}).items():
        least = int(bucket.partition("-")[0])
        runs[min(least.bit_length() - 1, BUCKETS - 1)] += count
    return Second(
        requests=sum(latencies.values()) + errors,
        errors=errors,
        queued=version.get("queued", 0),
        latencies=latencies,
        rows=(version.get("batch_rows") or 0) * sum(runs),
        runs=runs,
    )


def _failures(version: Said, at: float) -> list[_Failure]:
    return [
        _Failure(at, each["code"], each["reason"], each["count"])
        for each in version.get("reasons", ())
    ]


def _errors(failures: Any) -> list[dict[str, Any]]:
    """Return each reason once, those that came most often first."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for each in failures:
        entry = found.setdefault(
            (each.code, each.reason),
            {"code": each.code, "reason": each.reason, "count": 0, "last": each.at},
        )
        entry["count"] += each.times
        entry["last"] = max(entry["last"], each.at)
    return sorted(found.values(), key=lambda entry: -entry["count"])[:MOST_ERRORS]


def _bucket(number: int) -> str:
    least = 1 << number
    return "1" if number == 0 else f"{least}-{2 * least - 1}"
