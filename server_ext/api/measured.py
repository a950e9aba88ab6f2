"""Servables and loaders that tell how long they took; what they do stays the same.

    make_loader --MeasuredLoads--> Loader: load_attempt_count, load_latency
                                     |
                                  Timed servable --Runs: graph_runs, graph_run_time_usecs, ...

Names, meaning and limits are TensorFlow's (cc/saved_model/loader.cc, core/framework/metrics.cc,
core/common_runtime/direct_session.cc). Its own numbers cannot be read from Python, so these are
measured around it. Any thread may call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from server_ext.lifecycle.servable import Loader, Servable, Signature, Wrapped
from server_ext.metrics import Labels, Registry, exponential

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

_SIZES = exponential(1, 4, 14)

MakeLoader = Callable[[str, int, str], Loader]


class Runs:
    """Counts the runs of all models. A run costs three histograms; what they imply is not counted.

    `direct_session_runs` are the attempts; the others count when they have succeeded.
    """

    def __init__(self, registry: Registry) -> None:
        core = "/tensorflow/core/"
        run = core + "graph_run_"
        self._times = registry.histogram(
            run + "time_usecs_histogram", limits=exponential(1000, 2, 20)
        )
        self._fed = registry.histogram(run + "input_tensor_bytes", limits=_SIZES)
        self._fetched = registry.histogram(run + "output_tensor_bytes", limits=_SIZES)
        self._failed = 0
        self._lock = Lock()
        registry.reading(core + "graph_runs", read=self._succeeded)
        registry.reading(core + "graph_run_time_usecs", read=self._microseconds)
        registry.reading(core + "direct_session_runs", read=self._attempts)

    def succeeded(self, seconds: float, inputs: Iterable[Array], outputs: Iterable[Array]) -> None:
        """Count a run that took so long."""
        self._times.observe((), int(seconds * 1e6))
        self._fed.observe((), _size(inputs))
        self._fetched.observe((), _size(outputs))

    def failed(self) -> None:
        """Count a run that has failed."""
        with self._lock:
            self._failed += 1

    def _succeeded(self) -> dict[Labels, int]:
        return {labels: sum(times.counts) for labels, times in self._times.points().items()}

    def _microseconds(self) -> dict[Labels, int]:
        return {labels: times.total for labels, times in self._times.points().items()}

    def _attempts(self) -> dict[Labels, int]:
        runs = sum(self._succeeded().values()) + self._failed
        return {(): runs} if runs else {}


def _size(arrays: Iterable[Array]) -> int:
    """Return the bytes of arrays; of strings those of their text."""
    size = 0
    for array in arrays:
        if array.dtype.kind == "O":
            size += sum([len(text) for text in array.flat])
        else:
            size += array.nbytes
    return size


class Timed(Wrapped):
    """A servable whose runs are counted."""

    def __init__(self, servable: Servable, runs: Runs) -> None:
        super().__init__(servable)
        self._runs = runs

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Run the servable; raises what it raises."""
        began = time.monotonic()
        try:
            arrays = self._servable.run(signature, inputs, outputs)
        except BaseException:
            self._runs.failed()
            raise
        self._runs.succeeded(time.monotonic() - began, inputs.values(), arrays)
        return arrays


class MeasuredLoads:
    """Makes loaders, whose loads and whose servables' runs are counted."""

    def __init__(self, make_loader: MakeLoader, registry: Registry) -> None:
        self._make_loader = make_loader
        loading = "/tensorflow/cc/saved_model/"
        self._attempts = registry.counter(loading + "load_attempt_count", "model_path", "status")
        self._latency = registry.counter(loading + "load_latency", "model_path")
        self._runs = Runs(registry)

    def __call__(self, name: str, version: int, path: str) -> Loader:
        """Make the loader of one version."""
        loader = self._make_loader(name, version, path)
        return replace(loader, load=partial(self._load, loader))

    def _load(self, loader: Loader) -> Servable:
        began = time.monotonic()
        status = "fail"
        try:
            servable = loader.load()
            status = "success"
        finally:
            self._attempts.add((loader.path, status))
        self._latency.add((loader.path,), int((time.monotonic() - began) * 1e6))
        return Timed(servable, self._runs)
