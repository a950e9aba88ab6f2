"""Runs the load generator and reads what came of it.

h2load is a C program (Debian's nghttp2-client) that speaks HTTP/1.1 and HTTP/2 and costs a fraction
of what the servers do, so that it can share the cores with them; what it costs is reported. It sends
one body, so that several of them run at once where bodies differ.
"""

from __future__ import annotations

import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

LIMIT_S = 40
COUNTS = re.compile(
    r"^requests: \d+ total, \d+ started, (?P<done>\d+) done, (?P<succeeded>\d+) succeeded, "
    r"\d+ failed, (?P<errored>\d+) errored, (?P<timeout>\d+) timeout",
    re.MULTILINE,
)
DATA = re.compile(r"\((\d+)\) data$", re.MULTILINE)


class LoadFailed(Exception):
    """The server did not answer every request of the load properly."""


class Traffic(NamedTuple):
    """What one load generator sends, and how.

    `addresses` take turns, `rows` are those of each request. `per_second` is the rate of all
    connections together whether answers come or not; None sends the next request when an answer has
    come.
    """

    addresses: Sequence[str]
    options: Sequence[str]
    body: Path
    connections: int
    streams: int
    rows: int = 1
    per_second: float | None = None

    def command(self, extent: Sequence[str], log: Path) -> list[str]:
        """Return the command line; `extent` says how long or how many."""
        shape = ["-c", str(self.connections), "-m", str(self.streams), f"--log-file={log}"]
        if self.per_second is not None:
            shape.append(f"--rps={self.per_second / self.connections:.4f}")
        return ["h2load", *shape, *extent, *self.options, "-d", str(self.body), *self.addresses]


class Outcome(NamedTuple):
    """What came back: the latencies of good answers, how many others, the bytes of all bodies.

    `begin_us` is when the first request left, `end_us` when the last answer came.
    """

    latencies_us: list[int]
    failed: int
    data_bytes: int
    begin_us: int
    end_us: int

    @classmethod
    def read(cls, output: str, log: str) -> Outcome:
        """Read what h2load prints, and its log: start in us, HTTP status, latency in us."""
        counts, data = COUNTS.search(output), DATA.search(output)
        if not counts or not data:
            raise LoadFailed(output)
        lines = [tuple(map(int, line.split("\t"))) for line in log.splitlines()]
        done, succeeded, errored, timeout = (int(count) for count in counts.groups())
        latencies = [latency for _, status, latency in lines if 200 <= status < 300]
        begin = min((start for start, _, _ in lines), default=0)
        end = max((start + latency for start, _, latency in lines), default=0)
        failed = done - succeeded + errored + timeout
        return cls(latencies, failed, int(data[1]), begin, end)


class Running:
    """Load generators at work, one started after the other; `outcomes` waits for their end."""

    def __init__(
        self, traffics: Sequence[Traffic], extent: Sequence[str], *, pause_s: float = 0.0
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="h2load-")
        self._logs = [Path(self._folder.name) / str(number) for number in range(len(traffics))]
        self._processes = []
        for traffic, log in zip(traffics, self._logs, strict=True):
            command = traffic.command(extent, log)
            self._processes.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            )
            time.sleep(pause_s)

    def outcomes(self) -> list[Outcome]:
        """Return what came of each.

        Raises:
            LoadFailed: one of them did not end, or did not reach the server.
        """
        try:
            with self._folder:
                outputs = [process.communicate(timeout=LIMIT_S)[0] for process in self._processes]
                logs = [log.read_text() if log.exists() else "" for log in self._logs]
                pairs = zip(outputs, logs, strict=True)
                return [Outcome.read(output.decode(), log) for output, log in pairs]
        except subprocess.TimeoutExpired:
            raise LoadFailed(f"the load has no end after {LIMIT_S} s") from None
        finally:
            for process in self._processes:
                process.kill()
                process.wait()


def per_second(outcomes: Sequence[Outcome]) -> float:
    """Return the rate of good answers of all load generators together."""
    used = [outcome for outcome in outcomes if outcome.latencies_us]
    if not used:
        return 0.0
    span_us = max(outcome.end_us for outcome in used) - min(outcome.begin_us for outcome in used)
    return sum(len(outcome.latencies_us) for outcome in used) / span_us * 1e6


def for_seconds(seconds: float) -> list[str]:
    """Return the extent of a load of this duration; what is in flight at its end counts nowhere."""
    return ["-D", f"{round(seconds * 1000)}ms"]


def for_requests(count: int) -> list[str]:
    """Return the extent of a load of so many requests."""
    return ["-n", str(count)]


def client_cpu_s() -> float:
    """Return the CPU seconds of all load generators that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
