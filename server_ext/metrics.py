"""What a server counts about itself: counters, histograms and gauges, by name and labels.

    registry.counter("/tensorflow/serving/request_count", "model_name", "status").add(("m", "OK"))

Names are TensorFlow's own (`/tensorflow/...`); how a page spells them is the page's affair. A cell
of a metric is found by its label values, in the order in which the labels were declared, and
exists once it was counted in. Numbers are whole; times are in microseconds.

Threads: any thread may call any method. One lock guards all cells of a registry, held for as long
as one change takes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

Labels = tuple[str, ...]


class Counter:
    """Numbers that only grow."""

    kind = "counter"

    def __init__(self, name: str, labels: Labels, lock: Lock) -> None:
        self.name = name
        self.labels = labels
        self._lock = lock
        self._cells: dict[Labels, list[int]] = {}

    def add(self, labels: Labels = (), amount: int = 1) -> None:
        """Count in the cell with these label values."""
        with self._lock:
            self.cell(labels)[0] += amount

    def value(self, labels: Labels = ()) -> int:
        """Return the number in the cell with these label values, 0 if nothing was counted there."""
        with self._lock:
            return self._cells.get(labels, (0,))[0]

    def points(self) -> dict[Labels, int]:
        """Return all cells, in the order of their label values."""
        with self._lock:
            return {labels: cell[0] for labels, cell in sorted(self._cells.items())}

    def cell(self, labels: Labels) -> list[int]:
        """Return the cell with these label values, made if need be. Lock held."""
        return self._cells.get(labels) or self._cells.setdefault(labels, [0])


class Gauge:
    """Numbers that are read when someone looks: `read` returns them by label values."""

    kind = "gauge"

    def __init__(self, name: str, labels: Labels, read: Callable[[], Mapping[Labels, int]]) -> None:
        self.name = name
        self.labels = labels
        self._read = read

    def points(self) -> dict[Labels, int]:
        """Return all cells, in the order of their label values."""
        return dict(sorted(self._read().items()))


class Reading(Gauge):
    """Numbers that only grow, and are read like a gauge's."""

    kind = "counter"


class Distribution(NamedTuple):
    """How often values fell below each limit and not below the one before it, and their sum.

    The last count is that of the values above all limits.
    """

    counts: list[int]
    total: int


class Histogram:
    """Distributions over fixed limits. A value equal to a limit counts above it."""

    kind = "histogram"

    def __init__(self, name: str, labels: Labels, limits: tuple[float, ...], lock: Lock) -> None:
        self.name = name
        self.labels = labels
        self.limits = limits
        self._lock = lock
        self._cells: dict[Labels, list[int]] = {}  # the counts, and the sum at the end

    def observe(self, labels: Labels, value: int) -> None:
        """Count a value in the cell with these label values."""
        bucket = bisect_right(self.limits, value)
        with self._lock:
            cell = self.cell(labels)
            cell[bucket] += 1
            cell[-1] += value

    def observe_all(self, labels: Labels, values: Sequence[int]) -> None:
        """Count values in the cell with these label values, for less than one by one."""
        buckets = [bisect_right(self.limits, value) for value in values]
        with self._lock:
            cell = self.cell(labels)
            for bucket in buckets:
                cell[bucket] += 1
            cell[-1] += sum(values)

    def points(self) -> dict[Labels, Distribution]:
        """Return all cells, in the order of their label values."""
        with self._lock:
            return {
                labels: Distribution(cell[:-1], cell[-1])
                for labels, cell in sorted(self._cells.items())
            }

    def cell(self, labels: Labels) -> list[int]:
        """Return the cell with these label values, made if need be. Lock held."""
        return self._cells.get(labels) or self._cells.setdefault(
            labels, [0] * (len(self.limits) + 2)
        )


class Joint:
    """A cell of a counter and one of a histogram that change together, found once and for all."""

    __slots__ = ("_count", "_distribution", "_limits", "_lock")

    def __init__(
        self,
        lock: Lock,
        counter: Counter,
        counted: Labels,
        histogram: Histogram,
        observed: Labels,
    ) -> None:
        self._lock = lock
        self._limits = histogram.limits
        with lock:
            self._count = counter.cell(counted)
            self._distribution = histogram.cell(observed)

    def add(self, value: int) -> None:
        """Count one, and the value."""
        bucket = bisect_right(self._limits, value)
        with self._lock:
            self._count[0] += 1
            self._distribution[bucket] += 1
            self._distribution[-1] += value


Metric = Counter | Gauge | Histogram


class Registry:
    """The metrics of one server, each name once.

    Raises (from all that make a metric):
        ValueError: the name is taken, which is a bug of the caller.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._cells_lock = Lock()
        self._metrics: dict[str, Metric] = {}

    def counter(self, name: str, *labels: str) -> Counter:
        """Make a counter with these labels."""
        counter = Counter(name, labels, self._cells_lock)
        self._add(counter)
        return counter

    def histogram(self, name: str, *labels: str, limits: tuple[float, ...]) -> Histogram:
        """Make a histogram with these labels and rising limits."""
        histogram = Histogram(name, labels, limits, self._cells_lock)
        self._add(histogram)
        return histogram

    def joint(
        self, counter: Counter, counted: Labels, histogram: Histogram, observed: Labels
    ) -> Joint:
        """Return these two cells as one, for what is counted with each request."""
        return Joint(self._cells_lock, counter, counted, histogram, observed)

    def gauge(self, name: str, *labels: str, read: Callable[[], Mapping[Labels, int]]) -> Gauge:
        """Make a gauge with these labels; `read` may be called by any thread."""
        gauge = Gauge(name, labels, read)
        self._add(gauge)
        return gauge

    def reading(self, name: str, *labels: str, read: Callable[[], Mapping[Labels, int]]) -> Reading:
        """Make a counter that is read as a gauge is: for what is counted elsewhere already."""
        reading = Reading(name, labels, read)
        self._add(reading)
        return reading

    def metrics(self) -> list[Metric]:
        """Return all metrics, in the order of their names."""
        with self._lock:
            return [self._metrics[name] for name in sorted(self._metrics)]

    def first(self, name: str) -> int:
        """Return the first cell of a counter, 0 for a name that is none or was never counted in.

        HandleReloadConfigRequest reports this for the names in its request.
        """
        with self._lock:
            metric = self._metrics.get(name)
        if not isinstance(metric, Counter | Reading):
            return 0
        return next(iter(metric.points().values()), 0)

    def _add(self, metric: Metric) -> None:
        with self._lock:
            if metric.name in self._metrics:
                raise ValueError(f"There is a metric {metric.name} already")
            self._metrics[metric.name] = metric


def exponential(first: float, growth: float, count: int) -> tuple[float, ...]:
    """Return `count` limits, each `growth` times the one before."""
    return tuple(first * growth**power for power in range(count))
