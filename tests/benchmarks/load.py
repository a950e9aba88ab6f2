"""Puts a server under load with h2load and reads what came of it.

h2load is a C program (Debian's nghttp2-client) that speaks HTTP/1.1 and HTTP/2 and costs a fraction
of what the servers do, so that it can share the cores with them; what it costs is reported.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from pathlib import Path

from contenders import Bare, Contender
from protocols import Asking
from table import Sample

WARM_UP_S = 0.4
COUNTS = re.compile(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded")
DATA = re.compile(r"\((\d+)\) data$", re.MULTILINE)


class LoadFailed(Exception):
    """The server did not answer every request of the load properly."""


def measure_server(
    contender: Contender, asking: Asking, in_flight: int, seconds: float, folder: Path
) -> Sample:
    """Keep `in_flight` requests waiting at the server for so long, after a short warm-up.

    Raises:
        LoadFailed: a request failed, or the answers were not all of the same size.
    """
    _h2load(contender, asking, in_flight, WARM_UP_S, folder)
    before, client_before = contender.usage(), _client_cpu_s()
    latencies_us, answer_bytes = _h2load(contender, asking, in_flight, seconds, folder)
    after, client_after = contender.usage(), _client_cpu_s()
    requests = len(latencies_us)
    if round(answer_bytes / requests) <= 0:
        raise LoadFailed(f"{contender.name} over {asking.name} answers without a body")
    return Sample.of(
        latencies_us,
        per_second=requests / seconds,
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


def best_batch(bare: Bare, limit: int = 128) -> int:
    """Return the number of rows per call, a power of two, at which the most rows pass."""
    sizes = [2**power for power in range(limit.bit_length())]
    return max(sizes, key=lambda rows: measure_bare(bare, rows, WARM_UP_S).per_second)


def _h2load(
    contender: Contender, asking: Asking, in_flight: int, seconds: float, folder: Path
) -> tuple[list[int], int]:
    """Run h2load once; return the latency of each request in us and the bytes of all answers."""
    log = folder / "requests.log"
    log.unlink(missing_ok=True)
    connections, streams = asking.spread(in_flight)
    shape = ["-c", str(connections), "-m", str(streams), "-D", f"{round(seconds * 1000)}ms"]
    command = ["h2load", *shape, f"--log-file={log}", *asking.options, asking.address(contender)]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, env=environment
    )
    counts, data = COUNTS.search(done.stdout), DATA.search(done.stdout)
    if done.returncode or not counts or not data or counts[1] != counts[2] or counts[1] == "0":
        raise LoadFailed(f"{contender.name} over {asking.name}:\n{done.stdout}{done.stderr}")
    rows = (line.split("\t") for line in log.read_text().splitlines())
    return [int(latency) for _, status, latency in rows if status == "200"], int(data[1])


def _client_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
