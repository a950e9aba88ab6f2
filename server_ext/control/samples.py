"""Tells once a second how busy the server is: rates, exact percentiles, queues, batches, memory.

    requests, batches --kept by recorded.py, counts.py--> Samples --newest--> outbox

Threads: one of its own, which fetches what was kept whether or not somebody reads.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psutil

from server_ext.control import figures
from server_ext.control.outbox import Outbox

if TYPE_CHECKING:
    from server_ext.server import Parts

log = logging.getLogger(__name__)

T = TypeVar("T")
PERIOD_S = 1.0

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
        rows = _by_version((*version, rows) for version, rows in parts.batching.fetch())
        in_flight, queued = parts.manager.in_use(), parts.batching.queued()
        versions = sorted({*asked, *in_flight, *(key for key, count in queued.items() if count)})
        taken = parts.manager.memory_bytes()
        cpu, memory = self._itself.cpu_times(), self._itself.memory_info()
        all_rows = [each for some in rows.values() for each in some]
        return {
            "event": "sample",
            "at": time.time(),
            "rss_bytes": memory.rss,
            "cpu_seconds": round(cpu.user + cpu.system, 3),
            "in_flight": sum(in_flight.values()),
            "queued": sum(queued.values()),
            "all": {
                **figures.speeds([each for some in asked.values() for each in some], seconds),
                **figures.batches(all_rows),
            },
            "versions": [
                {
                    "name": name,
                    "version": version,
                    **parts.traffic.of(name, version)._asdict(),
                    "in_flight": in_flight.get((name, version), 0),
                    "queued": queued.get((name, version), 0),
                    "memory_bytes": taken.get((name, version), 0),
                    **figures.speeds(asked.get((name, version), []), seconds),
                    **figures.batches(rows.get((name, version), [])),
                    **figures.failures(asked.get((name, version), [])),
                    "latencies": figures.latencies_of(asked.get((name, version), [])),
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


def _by_version(found: Iterable[tuple[str, int, T]]) -> dict[Version, list[T]]:
    by_version: dict[Version, list[T]] = {}
    for name, version, each in found:
        by_version.setdefault((name, version), []).append(each)
    return by_version
