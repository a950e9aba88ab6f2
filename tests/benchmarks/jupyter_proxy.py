"""What the way through Jupyter costs: `/tfs/v1` beside the model server's own port, in turns."""

from __future__ import annotations

from typing import NamedTuple

from h2load import LoadFailed, Running, Traffic, for_seconds, per_second
from jupyter_hosted import Hosted, Way
from protocols import Rest
from table import percentile

LOADS = (1, 16, 64)
LEAST_S = 1.0  # with many in flight an answer may take longer than a short run


class Measured(NamedTuple):
    """Requests per second and the median latency on one way, under one load."""

    per_second: float
    p50_ms: float


def measure(
    hosted: Hosted, asking: Rest, in_flight: int, seconds: float
) -> tuple[Measured, Measured]:
    """Measure both ways, one after the other: directly, then through Jupyter."""
    direct, proxied = (
        _load(traffic(way(), asking, in_flight), seconds) for way in (hosted.direct, hosted.proxied)
    )
    return direct, proxied


def traffic(way: Way, asking: Rest, in_flight: int) -> Traffic:
    """Return so many requests in flight for the dense model, one on each connection."""
    address = f"{way.url}/v1/models/dense:predict"
    return Traffic([address], [*asking.options, *way.headers], asking.body(1), in_flight, 1)


def _load(traffic: Traffic, seconds: float) -> Measured:
    seconds = max(seconds, LEAST_S)
    Running([traffic], for_seconds(seconds / 2)).outcomes()
    [outcome] = Running([traffic], for_seconds(seconds)).outcomes()
    if outcome.failed or not outcome.latencies_us:
        raise LoadFailed(f"{outcome.failed} requests failed, {len(outcome.latencies_us)} did not")
    return Measured(per_second([outcome]), percentile(outcome.latencies_us, 50) / 1000)
