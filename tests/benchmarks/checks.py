"""The targets: what must come out of a run, and whether it has.

Each is about a ratio or a difference within one run, taken in each round; the median counts. The
server is judged with `--batching=auto` where it exists, and with batching on otherwise.

The share of time outside TensorFlow is (server's CPU per request - bare CPU per row) / server's CPU
per request, with batching off, so that TensorFlow runs one row at a time in both; the bare callable
has as many callers as there are cores.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from findings import Findings, Start, compared
from table import Sample, markdown, spread

Values = Callable[[Findings], "Sequence[float] | None"]


class Target(NamedTuple):
    """A floor or a ceiling for the median of some values; `unit` stands behind the figures."""

    what: str
    values: Values
    floor: float | None = None
    ceiling: float | None = None
    unit: str = "times"

    def wanted(self) -> str:
        """Return the bound in words."""
        if self.floor is not None:
            return f"at least {self.floor:g} {self.unit}".strip()
        return f"at most {self.ceiling:g} {self.unit}".strip()

    def holds(self, values: Sequence[float]) -> bool:
        """Tell whether the median is within the bounds."""
        middle = statistics.median(values)
        above = self.floor is None or middle >= self.floor
        return above and (self.ceiling is None or middle <= self.ceiling)


def _rate(one: Sample, other: Sample) -> float:
    return one.per_second / other.per_second


def _added_ms(one: Sample, other: Sample) -> float:
    return one.p50_ms - other.p50_ms


def _outside(server: Sample, bare: Sample) -> float:
    return 100 * (server.cpu_s - bare.cpu_s) / server.cpu_s if server.cpu_s else 0.0


def _against(
    model: str,
    protocol: str,
    load: str,
    other: str,
    figure: Callable[[Sample, Sample], float] = _rate,
    mode: str = "",
) -> Values:
    """Compare ours with another row of the same load; the bare callable has no protocol."""

    def values(findings: Findings) -> Sequence[float] | None:
        ours = findings.row(model, f"ours-{mode or findings.judged}", protocol, load)
        by = "-" if other.startswith("bare") else protocol
        return compared(ours, findings.row(model, other, by, load), figure)

    return values


def _memory(mode: str) -> Values:
    return lambda findings: _starts(
        findings, mode, lambda ours, bare: ours.loaded_rss_mb - bare.loaded_rss_mb
    )


def _start(mode: str) -> Values:
    return lambda findings: _starts(
        findings, mode, lambda ours, bare: ours.first_answer_s - bare.first_answer_s
    )


def _starts(
    findings: Findings, mode: str, figure: Callable[[Start, Start], float]
) -> Sequence[float] | None:
    ours = findings.starts.get(f"ours-{mode or findings.judged}")
    bare = findings.starts.get("bare")
    if not ours or not bare:
        return None
    return [figure(*pair) for pair in zip(ours, bare, strict=True)]


def _failed_in_swaps(findings: Findings) -> Sequence[float] | None:
    swaps = [swap for of_mode in findings.swaps.values() for swap in of_mode if swap.in_time]
    return [sum(swap.failed for swap in swaps)] if swaps else None


TARGETS = (
    Target(
        "gRPC, small dense, 64 in flight, against grpcio sync",
        _against("dense", "gRPC", "64", "grpcio"),
        floor=18,
    ),
    Target(
        "REST, small dense, 64 in flight, against Flask under gunicorn",
        _against("dense", "REST", "64", "flask"),
        floor=12,
    ),
    Target(
        "gRPC, small dense, 1 in flight: p50 over the bare callable",
        _against("dense", "gRPC", "1", "bare", _added_ms),
        ceiling=0.15,
        unit="ms",
    ),
    Target(
        "REST, small dense, 1 in flight: p50 over the bare callable",
        _against("dense", "REST", "1", "bare", _added_ms),
        ceiling=0.25,
        unit="ms",
    ),
    Target(
        "gRPC, small convolution, 64 in flight, against the bare callable at its best batch size",
        _against("convolution", "gRPC", "64", "bare-batch"),
        floor=0.55,
    ),
    Target(
        "gRPC, MobileNetV2, 16 in flight: share of CPU time outside TensorFlow",
        _against("mobilenet", "gRPC", "16", "bare-cores", _outside, "off"),
        ceiling=10,
        unit="%",
    ),
    Target(
        "REST, MobileNetV2, 16 in flight: share of CPU time outside TensorFlow",
        _against("mobilenet", "REST", "16", "bare-cores", _outside, "off"),
        ceiling=35,
        unit="%",
    ),
    Target(
        "REST, MobileNetV2, 16 in flight, against Flask under gunicorn",
        _against("mobilenet", "REST", "16", "flask"),
        floor=12,
    ),
    Target(
        "REST, MobileNetV2, 16 in flight, against Triton's JSON",
        _against("mobilenet", "REST", "16", "triton"),
        floor=2,
    ),
    *(
        Target(f"gRPC, {about}, batching {word} against off", values, floor=floor)
        for word, mode in (("on", "on"), ("as judged", ""))
        for about, values, floor in (
            (
                "small convolution, 64 in flight",
                _against("convolution", "gRPC", "64", "ours-off", mode=mode),
                2.5,
            ),
            (
                "MobileNetV2, 16 in flight",
                _against("mobilenet", "gRPC", "16", "ours-off", mode=mode),
                1.0,
            ),
        )
    ),
    *(
        Target(f"memory over bare TensorFlow, {word}", _memory(mode), ceiling=60, unit="MB")
        for word, mode in (("batching off", "off"), ("batching as judged", ""))
    ),
    Target("requests failed while versions are swapped", _failed_in_swaps, ceiling=0, unit=""),
    Target(
        "start to the first answer, over import tensorflow and the bare load",
        _start("off"),
        ceiling=1,
        unit="s",
    ),
)


def check_list(findings: Findings) -> str:
    """Return the table of all targets: what is wanted, what was measured, whether it holds."""
    body = []
    for target in TARGETS:
        values = target.values(findings)
        if values:
            holds = "yes" if target.holds(values) else "NO"
            measured = f"{spread(values, 2 if target.unit else 0)} {target.unit}".strip()
        else:
            holds, measured = "-", "not measured"
        body.append([target.what, target.wanted(), measured, holds])
    return markdown(["", "wanted", "measured", "holds"], body)
