"""How many rows a batch should have: by a clock that the tests move."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from server_ext.batching import calibration
from server_ext.batching.calibration import Bench, Best, Clock, best_size, confirmed, doubling
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Servable, Signature, TensorSpec

MILLISECONDS = 1e-3
DISTURBED = np.random.default_rng(5)


class Machine:
    """A model that takes `seconds(size)` by its own clock; `ran` are the sizes."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self._seconds = seconds
        self._now = 0.0
        self.ran: list[int] = []
        self.clock = Clock(lambda: self._now)

    def run(self, size: int) -> None:
        self.ran.append(size)
        self._now += self._seconds(size)


def disturbed(size: int) -> float:
    """Take longer now and then, as on cores that others use."""
    return (1 + size / 100) * MILLISECONDS * (3 if DISTURBED.random() < 0.4 else 1)


@pytest.mark.parametrize(
    ("seconds", "size"),
    [
        (lambda n: 10 * MILLISECONDS * n, 1),  # nothing to gain
        (lambda n: 10 * MILLISECONDS * n * (1 + n / 50), 1),  # a large convolution
        (lambda n: 10 * MILLISECONDS * n / (1 + 0.03 * (n > 1)), 1),  # hardly anything
        (lambda n: (1 + 0.1 * n) * MILLISECONDS, 256),
        (lambda n: (1 + 0.001 * n) * MILLISECONDS, 1000),
        (lambda n: (1 + 0.1 * n) * MILLISECONDS * (1 if n <= 16 else 2), 16),
        (lambda n: (1 + 0.1 * n) * MILLISECONDS * (3 if n == 2 else 1), 256),  # one bad size
    ],
)
def test_the_smallest_size_near_the_best_is_chosen(seconds: Any, size: int):
    machine = Machine(seconds)

    assert best_size(machine.run, doubling(1000), machine.clock, 60).size == size


def test_the_gain_is_that_over_single_rows():
    machine = Machine(lambda n: (1 + n) * MILLISECONDS)

    best = best_size(machine.run, doubling(64), machine.clock, 60)

    assert best.size == 16
    assert best.gain == pytest.approx(32 / 17, rel=0.01)
    assert best.sure


def test_other_work_on_the_cores_does_not_change_the_size():
    machine = Machine(disturbed)

    best = best_size(machine.run, doubling(256), machine.clock, 60)

    assert best.size == 256
    assert best.gain == pytest.approx(256 / 3.56, rel=0.1)


def test_sizes_that_bring_nothing_end_the_growth():
    machine = Machine(lambda n: 10 * MILLISECONDS * n)

    best_size(machine.run, doubling(1000), machine.clock, 60)

    assert max(machine.ran) == 8


def test_when_time_is_up_the_best_so_far_counts_and_is_not_sure():
    pause = threading.Event()

    def run(size: int) -> None:
        pause.wait(0.05)

    best = best_size(run, doubling(1000), Clock(time.perf_counter), 0.4)

    assert 1 < best.size < 1000
    assert not best.sure


def test_memory_bounds_the_growth(monkeypatch: pytest.MonkeyPatch):
    kept: list[mmap.mmap] = []  # memory that no earlier test has left behind
    monkeypatch.setattr(calibration, "MAX_GROWTH_BYTES", 30_000_000)
    machine = Machine(lambda n: (1 + 0.1 * n) * MILLISECONDS)

    def run(size: int) -> None:
        machine.run(size)
        if len(kept) < 20:
            kept.append(mmap.mmap(-1, size * 1_000_000))
            kept[-1].write(b"x" * size * 1_000_000)

    best = best_size(run, doubling(1000), machine.clock, 60)

    assert 1 < best.size <= 32
    assert not best.sure


def test_a_size_that_the_model_does_not_take_ends_the_growth():
    machine = Machine(lambda n: (1 + 0.1 * n) * MILLISECONDS)

    def run(size: int) -> None:
        if size > 16:
            raise InvalidArgument("no more than 16")
        machine.run(size)

    assert best_size(run, doubling(1000), machine.clock, 60).size == 16


def test_runs_that_leave_their_thread_are_measured_by_the_wall():
    def compute(size: int) -> None:
        until = time.perf_counter() + size * 2 * MILLISECONDS
        while time.perf_counter() < until:
            sum(range(200))

    def run(size: int) -> None:
        thread = threading.Thread(target=compute, args=(size,))
        thread.start()
        thread.join()

    best = best_size(run, doubling(64), Clock.of(stays=True, threads=1), 2)

    assert best.size == 1  # by this thread's own time large batches would cost nothing


@pytest.mark.parametrize(
    ("largest", "allowed", "sizes"),
    [
        (1, (), [1]),
        (8, (), [1, 2, 4, 8]),
        (10, (), [1, 2, 4, 8, 10]),
        (8, (4, 8), [1, 4, 8]),
    ],
)
def test_the_sizes_double_up_to_the_largest_or_are_the_allowed_ones(largest, allowed, sizes):
    assert doubling(largest, allowed) == sizes


def test_what_was_measured_once_is_believed_while_it_holds():
    fast, slow = (Machine(lambda n, f=f: (1 + f * n) * MILLISECONDS) for f in (0.1, 10.0))

    assert confirmed(fast.run, Best(16, 6.0), fast.clock)
    assert not confirmed(slow.run, Best(16, 6.0), slow.clock)
    assert confirmed(slow.run, Best(1, 1.0), slow.clock)


class Doubling(Servable):
    """Doubles `x`; remembers the shapes."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    @property
    def signatures(self) -> Mapping[str, Signature]:
        return {}

    @property
    def memory_bytes(self) -> int:
        return 0

    def run(
        self, signature: Signature, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> list[Any]:
        self.shapes.append(inputs["x"].shape)
        return [inputs["x"] * 2]

    def close(self) -> None:
        pass


def test_a_batch_is_made_of_the_rows_of_the_feed_again_and_again():
    spec = {"x": TensorSpec("x:0", 1, (-1, 2))}
    servable, feed = Doubling(), {"x": np.array([[1, 2], [3, 4]], np.float32)}
    bench = Bench(servable, Signature("s", "", spec, spec, b""), feed, [[feed["x"][:1]]])

    [outputs] = bench.run(3)

    assert servable.shapes == [(3, 2)]
    assert outputs.tolist() == [[2, 4], [6, 8], [2, 4]]
    assert bench.most_rows == calibration.MAX_BYTES // 16
