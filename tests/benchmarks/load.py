"""Puts a server under load with h2load and reads what came of it.

h2load is a C program (Debian's nghttp2-client) that speaks HTTP/1.1 and HTTP/2 and costs a fraction
of what the servers do, so that it can share the cores with them; what it costs is reported.
"""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path

from contenders import Bare, Contender
from protocols import Asking
from table import Sample

WARM_UP_S = 0.4
WARM_UP_ROUNDS = 20
LIMIT_S = 120
COUNTS = re.compile(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded")
DATA = re.compile(r"\((\d+)\) data$", re.MULTILINE)


class LoadFailed(Exception):
    """The server did not answer every request of the load properly."""


class H2load:
    """Runs the load generator against one server by one protocol."""

    def __init__(self, contender: Contender, asking: Asking, folder: Path) -> None:
        self.name = f"{contender.name} over {asking.name}"
        self._asking = asking
        self._address = asking.address(contender)
        self._log = folder / "requests.log"

    def run(self, in_flight: int, extent: Sequence[str]) -> tuple[list[int], int]:
        """Return the latency of each request in us and the size of all answers in bytes.

        Raises:
            LoadFailed: a request had no answer, or one with an error's HTTP status.
        """
        self._log.unlink(missing_ok=True)
        connections, streams = self._asking.spread(in_flight)
        shape = ["-c", str(connections), "-m", str(streams), f"--log-file={self._log}"]
        command = ["h2load", *shape, *extent, *self._asking.options, self._address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        counts, data = COUNTS.search(done.stdout), DATA.search(done.stdout)
        if not counts or not data or counts[1] != counts[2] or "0" in (counts[1], data[1]):
            raise LoadFailed(f"{self.name}:\n{done.stdout}{done.stderr}")
        rows = (line.split("\t") for line in self._log.read_text().splitlines())
        return [int(latency) for _, _, latency in rows], int(data[1])


def measure_server(
    contender: Contender, asking: Asking, in_flight: int, seconds: float, folder: Path
) -> Sample:
    """Keep `in_flight` requests waiting at the server for so long, after a short warm-up.

    Raises:
        LoadFailed: a request failed, or the answers were not all of the same size.
    """
    h2load = H2load(contender, asking, folder)
    _, one_answer_bytes = h2load.run(1, ["-n", "1"])
    h2load.run(in_flight, ["-n", str(WARM_UP_ROUNDS * in_flight)])
    before, client_before = contender.usage(), _client_cpu_s()
    latencies_us, answers_bytes = h2load.run(in_flight, ["-D", f"{round(seconds * 1000)}ms"])
    after, client_after = contender.usage(), _client_cpu_s()
    ratio = answers_bytes / len(latencies_us) / one_answer_bytes
    if not 0.95 < ratio < 1.05:
        raise LoadFailed(f"{h2load.name} answers {ratio:.2f} times the bytes expected under load")
    return Sample.of(
        latencies_us,
        per_second=len(latencies_us) / seconds,
        cpu_s=after.cpu_s - before.cpu_s,
        rss_bytes=after.rss_bytes,
        client_cpu_s=client_after - client_before,
    )


def measure_bare(bare: Bare, rows: int, seconds: float) -> Sample:
    """Call the bare callable one after the other; a request is a row."""
    bare.run(WARM_UP_S, rows)
    before = bare.usage()
    result = bare.run(seconds, rows)
    after = bare.usage()
    return Sample.of(
        result["latencies_us"],
        per_second=result["calls"] * rows / result["elapsed_s"],
        cpu_s=after.cpu_s - before.cpu_s,
        rss_bytes=after.rss_bytes,
        rows=rows,
    )


def best(bares: Sequence[Bare], largest: int) -> tuple[Bare, int]:
    """Return who passes the most rows per second at how many per call, up to the largest batch."""
    sizes = [2**power for power in range(largest.bit_length())]
    ways = [(bare, rows) for bare in bares for rows in sizes]
    return max(ways, key=lambda way: measure_bare(*way, WARM_UP_S).per_second)


def _client_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
