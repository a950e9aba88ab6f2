"""Figures to text: medians and spreads over the rounds, and ratios within the rounds.

A ratio is taken in each round, between two measurements seconds apart, and the median of those is
shown: what the machine does to both cancels out.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Sample(NamedTuple):
    """One measurement: requests per second, latencies, CPU seconds per 1,000 requests, memory."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    rss_mb: float
    client_cpu_s: float

    @classmethod
    def of(
        cls,
        latencies_us: Sequence[int],
        *,
        per_second: float,
        cpu_s: float,
        rss_bytes: int,
        client_cpu_s: float = 0.0,
        rows: int = 1,
    ) -> Sample:
        """Summarise calls of `rows` requests each with these latencies."""
        thousands = len(latencies_us) * rows / 1000
        return cls(
            per_second,
            percentile(latencies_us, 50) / 1000,
            percentile(latencies_us, 99) / 1000,
            cpu_s / thousands,
            rss_bytes / 1e6,
            client_cpu_s / thousands,
        )


@dataclass
class Row:
    """What is measured under which load, once per round; `reference` is what it is divided by.

    `failure` says why it could not be measured; there are no samples then.
    """

    model: str
    key: str
    name: str
    protocol: str
    load: str
    measure: Callable[[], Sample]
    reference: Row | None = None
    samples: list[Sample] = field(default_factory=list)
    failure: str = ""

    def title(self) -> str:
        """Return which row it is, in a line."""
        return f"{self.key}, {self.protocol}, load {self.load}"

    def fail(self, why: str) -> None:
        """Give the row up, with all that was measured."""
        self.failure = why
        self.samples.clear()


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the smallest value that at least `percent` % of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def spread(values: Iterable[float], digits: int | None = None) -> str:
    """Return `median (lowest-highest)`, three significant digits unless `digits` are given."""
    ordered = sorted(values)
    if not ordered:
        return "-"
    middle, *ends = (
        number(value, digits) for value in (statistics.median(ordered), ordered[0], ordered[-1])
    )
    between = " to " if ordered[0] < 0 else "-"
    return f"{middle} ({between.join(ends)})" if len(ordered) > 1 else middle


def number(value: float, digits: int | None = None) -> str:
    """Return three significant digits (up to five behind the point), or so many behind it."""
    if digits is None:
        bounds = (100, 10, 1, 0.1, 0.01)
        digits = sum(abs(value) < bound for bound in bounds) if value else 0
    return f"{value:,.{digits}f}"


def figures(rows: Sequence[Row]) -> str:
    """Return the table of what was measured."""
    head = ["", "", "load", "req/s", "p50 ms", "p99 ms", "CPU s per 1,000", "RSS MB"]
    head.append("load generator's CPU s per 1,000")
    body = []
    for row in measured(rows):
        columns = list(zip(*row.samples, strict=True))
        cells = [spread(column) for column in columns[:-1]]
        generator = spread(columns[-1]) if any(columns[-1]) else "-"
        body.append([row.name, row.protocol, row.load, *cells, generator])
    return markdown(head, body)


def ratios(rows: Sequence[Row]) -> str:
    """Return the table of each row that has a reference, divided by it."""
    head = ["", "divided by", "load", "req/s", "p50", "p99", "CPU", "RSS"]
    body = []
    for row in measured(rows):
        reference = row.reference
        if reference is None or not reference.samples:
            continue
        pairs = list(zip(row.samples, reference.samples, strict=True))
        cells = [spread(ours[i] / other[i] for ours, other in pairs if other[i]) for i in range(5)]
        body.append([f"{row.name}, {row.protocol}", reference.name, row.load, *cells])
    return markdown(head, body)


def measured(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that were measured."""
    return [row for row in rows if row.samples]


def markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with its columns aligned; all but the first to the right."""
    lines = [list(head), *map(list, body)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )
