"""Tells once a second how busy the server is: rates, exact percentiles, queues, batches, memory.

    requests, batches --kept by recorded.py, counts.py--> Samples --newest--> outbox

Threads: one of its own, which fetches what was kept whether or not somebody reads.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil

from server_ext.api.traffic import Request
from server_ext.control.outbox import Outbox

if TYPE_CHECKING:
    from server_ext.server import Parts

log = logging.getLogger(__name__)

PERIOD_S = 1.0
QUANTILES = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}

Version = tuple[str, int]


class Samples:
    """Takes a sample of the parts of a server every second, from `start` to `close`."""

    def __init__(self, parts: Parts, outbox: Outbox) -> None:
        self._parts = parts
        self._outbox = outbox
        self._itself = psutil.Process()
        self._last = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="samples", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._stop.set()

    def document(self) -> dict[str, Any]:
        """Return the event about the time since the last one."""
        parts, now = self._parts, time.monotonic()
        seconds, self._last = now - self._last, now
        asked = _by_version(parts.traffic.fetch())
        rows = _mean_rows(parts.batching.fetch())
        in_flight, queued = parts.manager.in_use(), parts.batching.queued()
        versions = sorted({*asked, *in_flight, *(key for key, count in queued.items() if count)})
        cpu, memory = self._itself.cpu_times(), self._itself.memory_info()
        return {
            "event": "sample",
            "at": time.time(),
            "rss_bytes": memory.rss,
            "cpu_seconds": round(cpu.user + cpu.system, 3),
            "in_flight": sum(in_flight.values()),
            "queued": sum(queued.values()),
            "versions": [
                {
                    "name": name,
                    "version": version,
                    **parts.traffic.of(name, version)._asdict(),
                    "in_flight": in_flight.get((name, version), 0),
                    "queued": queued.get((name, version), 0),
                    **_speeds(asked.get((name, version), []), seconds),
                    "batch_rows": rows.get((name, version)),
                }
                for name, version in versions
            ],
        }

    def _work(self) -> None:
        while not self._stop.wait(PERIOD_S):
            try:
                sample = self.document()
            except Exception:  # the requests that are kept must be fetched again
                log.exception("A sample failed in a way that is a bug of the server")
            else:
                self._outbox.due("sample", partial(dict, sample))


def _by_version(requests: Iterable[Request]) -> dict[Version, list[float | None]]:
    found: dict[Version, list[float | None]] = {}
    for name, version, seconds in requests:
        found.setdefault((name, version), []).append(seconds)
    return found


def _mean_rows(batches: Iterable[tuple[Version, int]]) -> dict[Version, float]:
    sizes: dict[Version, list[int]] = {}
    for version, rows in batches:
        sizes.setdefault(version, []).append(rows)
    return {version: round(sum(rows) / len(rows), 2) for version, rows in sizes.items()}


def _speeds(asked: Sequence[float | None], seconds: float) -> Mapping[str, float | None]:
    """Return rates and percentiles of requests, each with what it took or None if it failed."""
    answered = sorted(took for took in asked if took is not None)
    return {
        "per_second": round(len(asked) / seconds, 2),
        "errors_per_second": round((len(asked) - len(answered)) / seconds, 2),
        **{name: _percentile_ms(answered, share) for name, share in QUANTILES.items()},
    }


def _percentile_ms(ordered: Sequence[float], share: float) -> float | None:
    """Return the least value that so large a share of the values does not exceed."""
    if not ordered:
        return None
    return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 3)
