"""How long a server takes from its start to the first answer, and what memory it then needs.

It is compared with a fresh process that imports TensorFlow, loads the same model and calls it. Both
then get the same requests, one at a time from many and merged to one batch, and are looked at again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from findings import Start
from h2load import Running, Traffic, for_seconds
from protocols import Asking
from servers import CORES, Bare, Ours

IN_FLIGHT = 64


def start_ours(ours: Ours, askings: Mapping[str, Asking], seconds: float) -> Start:
    """Start the server, ask by gRPC, put it under load by each protocol, end it."""
    begin = time.monotonic()
    with ours:
        askings["grpc"].ask(ours.ports)
        first = time.monotonic() - begin
        rss_bytes = ours.usage().rss_bytes
        for key in ours.speaks:
            Running([_traffic(ours, askings[key])], for_seconds(seconds)).outcomes()
        return Start(first, rss_bytes / 1e6, ours.usage().rss_bytes / 1e6)


def start_bare(bare: Bare, seconds: float) -> Start:
    """Start a process with the bare callable, whose first line is an answer; load and end it."""
    begin = time.monotonic()
    with bare:
        first = time.monotonic() - begin
        rss_bytes = bare.usage().rss_bytes
        bare.run(seconds, 1, CORES)
        bare.run(seconds, IN_FLIGHT)
        return Start(first, rss_bytes / 1e6, bare.usage().rss_bytes / 1e6)


def _traffic(ours: Ours, asking: Asking) -> Traffic:
    connections, streams = asking.spread(IN_FLIGHT)
    address = asking.address(ours.ports)
    return Traffic([address], asking.options, asking.body(1), connections, streams)
