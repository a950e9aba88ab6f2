"""The loads: how requests reach a server, and what is measured meanwhile.

| load   | requests                                                                             |
|--------|--------------------------------------------------------------------------------------|
| 1      | one at a time                                                                        |
| 16, 64 | so many in flight; gRPC on 4 connections, REST on one for each                       |
| 512    | so many connections with one request in flight on each, opened 64 at a time          |
| mixed  | 64 in flight, of 1, 3, 7 and 16 rows                                                 |
| open   | at 70 % of the rate just measured, whether answers come or not; in small groups, as  |
|        | each of eight generators wakes every 10 ms                                           |

A slow server gets a number of requests, not a time: its answers come in bursts, of which a short time
would count one more or one less, and all of the CPU time then belongs to requests that are counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from contenders import Contender
from h2load import (
    LoadFailed,
    Outcome,
    Running,
    Traffic,
    client_cpu_s,
    for_requests,
    for_seconds,
    per_second,
)
from protocols import Asking
from servers import Bare
from table import Sample, percentile

MIXED_ROWS = (1, 3, 7, 16)
CONNECTIONS = "512"
OPEN_SHARE = 0.7
GENERATORS = 8
AT_ONCE = 64  # connections that one generator opens: a server may hold no more than 128 for accept
PAUSE_S = 0.03  # until the next generator opens its own
OPEN_STREAMS = 128  # requests that may wait: in all by REST, of each generator by gRPC
WARM_UP_S = 0.3
FEW = 400  # answers, or two per request in flight: with fewer in the time given, a number is sent

LEAST = 8  # requests of any load, however slow the server


class Load:
    """One load on one server by one protocol; measured once per round.

    `kind` is a name of the table above, or any number in flight; `crowd` is the number that keeps
    the server busy. `alone` gives each request a connection, `rows` are those of a request.
    """

    def __init__(
        self,
        contender: Contender,
        asking: Asking,
        kind: str,
        crowd: int,
        *,
        alone: bool = False,
        rows: Sequence[int] = (1,),
    ) -> None:
        self._contender = contender
        self._asking = asking
        self._kind = kind
        self._crowd = crowd
        self._in_flight = int(kind) if kind.isdigit() else crowd
        self._alone = alone or kind == CONNECTIONS
        self._pause_s = PAUSE_S if self._alone else 0.0
        self._rows = MIXED_ROWS if kind == "mixed" else tuple(rows)
        self._per_second = 0.0  # as the warm-up has seen it
        self._answer_bytes: dict[int, int] = {}

    def measure(self, seconds: float) -> Sample:
        """Put the server under load for about so long, after a warm-up the first time.

        Raises:
            LoadFailed: a request failed, or the answers were not all of the same size.
        """
        if not self._per_second:
            self._warm_up()
        if self._kind == "open":
            return self._measure_open(seconds)
        return self._measure_closed(seconds)

    def _measure_closed(self, seconds: float) -> Sample:
        closed = self._closed()
        extent = for_seconds(seconds)
        expected = round(self._per_second * seconds)
        if expected < max(FEW, 2 * self._in_flight):
            extent = for_requests(max(2 * self._in_flight, expected, LEAST) // len(closed))
        sample = self._run(closed, extent)
        self._per_second = sample.per_second
        return sample

    def _measure_open(self, seconds: float) -> Sample:
        wanted = OPEN_SHARE * self._measure_closed(seconds / 2).per_second
        several = self._asking.spread(OPEN_STREAMS)[0] == OPEN_STREAMS
        shape = (OPEN_STREAMS // GENERATORS, 1) if several else (1, OPEN_STREAMS)
        one = self._traffic(1, *shape)._replace(per_second=wanted / GENERATORS)
        return self._run([one] * GENERATORS, for_seconds(seconds))

    def _warm_up(self) -> None:
        for rows in set(self._rows):
            [one] = Running([self._traffic(rows, 1, 1)], for_requests(1)).outcomes()
            self._answer_bytes[rows] = one.data_bytes
        closed = self._closed()
        for _ in range(2):
            count = max(self._in_flight, round(self._per_second * WARM_UP_S))
            extent = for_requests(count // len(closed))
            outcomes = Running(closed, extent, pause_s=self._pause_s).outcomes()
            self._per_second = self._in_flight / _median_s(outcomes)
            if self._per_second * WARM_UP_S < self._in_flight:
                return

    def _closed(self) -> list[Traffic]:
        if self._alone:
            full, rest = divmod(self._in_flight, AT_ONCE)
            connections = [AT_ONCE] * full + [rest] * bool(rest)
            return [self._traffic(self._rows[0], count, 1) for count in connections]
        shape = self._asking.spread(self._in_flight // len(self._rows))
        return [self._traffic(rows, *shape) for rows in self._rows]

    def _traffic(self, rows: int, connections: int, streams: int) -> Traffic:
        address = self._asking.address(self._contender.ports)
        body = self._asking.body(rows)
        return Traffic([address], self._asking.options, body, connections, streams, rows)

    def _run(self, traffics: list[Traffic], extent: list[str]) -> Sample:
        before, client_before = self._contender.usage(), client_cpu_s()
        outcomes = Running(traffics, extent, pause_s=self._pause_s).outcomes()
        after, client_after = self._contender.usage(), client_cpu_s()
        for rows in {traffic.rows for traffic in traffics}:
            self._check(rows, traffics, outcomes)
        sample = Sample.of(
            [latency for outcome in outcomes for latency in outcome.latencies_us],
            per_second=per_second(outcomes),
            cpu_s=after.cpu_s - before.cpu_s,
            rss_bytes=after.rss_bytes,
            client_cpu_s=client_after - client_before,
        )
        self._contender.settle()
        return sample

    def _check(self, rows: int, traffics: Sequence[Traffic], outcomes: Sequence[Outcome]) -> None:
        """Compare the bytes of all answers with those of so many; the last may be on their way."""
        pairs = [pair for pair in zip(traffics, outcomes, strict=True) if pair[0].rows == rows]
        answered = sum(len(outcome.latencies_us) for _, outcome in pairs)
        failed = sum(outcome.failed for _, outcome in pairs)
        if failed or not answered:
            raise LoadFailed(f"{failed} requests failed, {answered} did not")
        on_their_way = sum(traffic.connections * traffic.streams for traffic, _ in pairs)
        answers = sum(one.data_bytes for _, one in pairs) / self._answer_bytes[rows]
        if not 0.95 * answered < answers < 1.05 * (answered + on_their_way):
            raise LoadFailed(f"{answered} requests have the bytes of {answers:.0f} good answers")


def _median_s(outcomes: Sequence[Outcome]) -> float:
    latencies = [latency for outcome in outcomes for latency in outcome.latencies_us]
    if not latencies:
        raise LoadFailed("no request of the warm-up was answered")
    return percentile(latencies, 50) / 1e6


def measure_bare(bare: Bare, rows: int, seconds: float, callers: int = 1) -> Sample:
    """Call the bare callable one after the other in each caller; a request is a row."""
    bare.run(WARM_UP_S / 3, rows, callers)
    before = bare.usage()
    result = bare.run(seconds, rows, callers)
    after = bare.usage()
    return Sample.of(
        result["latencies_us"],
        per_second=len(result["latencies_us"]) * rows / result["elapsed_s"],
        cpu_s=after.cpu_s - before.cpu_s,
        rss_bytes=after.rss_bytes,
        rows=rows,
    )


def best(bares: Sequence[Bare], largest: int, seconds: float) -> tuple[Bare, int]:
    """Return who passes the most rows per second at how many per call, up to the largest batch."""
    sizes = [2**power for power in range(largest.bit_length())]
    ways = [(bare, rows) for bare in bares for rows in sizes]
    return max(ways, key=lambda way: measure_bare(*way, seconds).per_second)
