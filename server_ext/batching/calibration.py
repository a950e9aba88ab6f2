"""Measures how many rows a batch of one version should have: more are not always faster.

    sizes 1, 2, 4, ...  grow until more bring nothing, time or memory is used up
    in turns            each size again and again; the least time of each counts
    the cap             the smallest size within 5 % of the best rows per second

On a CPU a small model gains up to hundreds of rows, a large convolution nothing or less. What runs
is what will run: rows merged into a batch, a run, outputs split, on several threads at a time.

Where a run stays on its thread, the thread's computing time counts, which other work on the same
cores does not change. Threads: the one that loads, and its own while it measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import psutil

from server_ext.batching import feeds, merging
from server_ext.batching.feeds import Feed
from server_ext.errors import ServingError
from server_ext.lifecycle.servable import Servable, Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

CLOSE_TO_BEST = 0.95
WORTH_IT = 1.15
"""Gain of batches over single rows below which none are made: measuring is no more exact, and each
member waits for all of its batch.
"""

BUDGET_S = 2.0
"""Time for one version; what runs when it is over is finished."""

ROUNDS = 5
SAMPLE_S = 0.002
MOST_REPEATS = 50
MAX_BYTES = 64 * 1024 * 1024
"""Largest arrays of a batch that is measured, inputs and outputs together."""

MAX_GROWTH_BYTES = 256 * 1024 * 1024
"""Memory that the runs of all sizes may take together, beside what the process has."""

_BESIDES_RUN_S = 50e-6
"""About what a batch costs beside its run: threads that wake up, answers that are given out."""

_WORSE = 0.7
_AGAIN = 3
_LOOKS = 5
_ALONE = 1.3
_TICK_S = 100e-6
_IN_VAIN = 3  # doublings: kernels differ by size, and the one after a bad one may be better


class Best(NamedTuple):
    """The smallest size within 5 % of the best, and how much faster its rows are than single ones.

    `sure` is whether time and memory were enough for all sizes that might have been better.
    """

    size: int
    gain: float
    sure: bool = True


class Clock(NamedTuple):
    """What to measure by: the time of the thread, or of the wall where runs leave their thread.

    `threads` run batches at the same time.
    """

    now: Callable[[], float]
    threads: int = 1

    @classmethod
    def of(cls, stays: bool, threads: int) -> Clock:
        """Return the clock for runs that stay on the thread that asks for them, or do not."""
        return cls(time.thread_time if stays else time.perf_counter, threads if stays else 1)


class Bench:
    """Batches of rows of one feed, to run one signature on; `alone` are answers to its rows.

    No batch should have more than `most_rows`.
    """

    def __init__(
        self, servable: Servable, signature: Signature, feed: Feed, alone: Sequence[list[Array]]
    ) -> None:
        self._servable = servable
        self._signature = signature
        self._outputs = tuple(signature.outputs)
        self._aliases = list(feed)
        self._rows = [
            [array[at : at + 1] for array in feed.values()] for at in range(feeds.rows_of(feed))
        ]
        row_bytes = sum([array.nbytes for array in [*self._rows[0], *alone[0]]])
        self.most_rows = MAX_BYTES // max(1, row_bytes)

    def run(self, size: int) -> list[Array]:
        """Run a batch of so many requests of a row; return its outputs."""
        members = [self._rows[at % len(self._rows)] for at in range(size)]
        merged = merging.merge(members, size, pad=False)
        inputs = dict(zip(self._aliases, merged, strict=True))
        fetched = self._servable.run(self._signature, inputs, self._outputs)
        merging.split(fetched, self._outputs, [1] * size, size)
        return fetched


def best_size(
    run: Callable[[int], object],
    sizes: Sequence[int],
    clock: Clock,
    budget_s: float = BUDGET_S,
) -> Best:
    """Return the best of rising sizes, the first of which is 1; `run` runs a batch of a size.

    Raises:
        ServingError: the run of one row fails.
    """
    least: dict[int, float] = {}
    deadline = time.monotonic() + budget_s
    with ThreadPoolExecutor(clock.threads, thread_name_prefix="measure") as threads:
        sample = _sampler(run, clock, threads)
        sure = _grow(run, sizes, sample, least, deadline)
        if clock.now is time.thread_time and _leaves_thread(partial(run, max(least))):
            return best_size(run, sizes, Clock.of(False, 1), budget_s)
        for _ in range(ROUNDS - 1):
            for size in least:
                if time.monotonic() < deadline:
                    least[size] = min(least[size], sample(size, least[size]))
        size, gain = _smallest(least)
        if size > 1 and not _gains(sample, size):
            size, gain = 1, 1.0
    return Best(size, gain, sure)


def confirmed(run: Callable[[int], object], best: Best, clock: Clock) -> bool:
    """Tell whether what was measured once holds: that batches of this size are faster.

    Raises:
        ServingError: the model does not take them any more.
    """
    if best.size == 1:
        return True
    with ThreadPoolExecutor(clock.threads, thread_name_prefix="measure") as threads:
        sample = _sampler(run, clock, threads)
        run(best.size)
        return _gains(sample, best.size)


def doubling(largest: int, allowed: Sequence[int] = ()) -> list[int]:
    """Return the sizes to measure: 1 and the allowed ones, or the powers of 2 and the largest."""
    if allowed:
        return sorted({1, *allowed})
    powers = [1 << power for power in range(largest.bit_length()) if 1 << power <= largest]
    return sorted({*powers, largest})


def _grow(
    run: Callable[[int], object],
    sizes: Sequence[int],
    sample: Callable[[int, float], float],
    least: dict[int, float],
    deadline: float,
) -> bool:
    """Measure each size once, until more bring nothing; return whether it came that far."""
    best, in_vain = 0.0, 0
    memory = _resident()
    for size in sizes:
        began = time.monotonic()
        if least and not _affordable(least, size, deadline - began):
            return False
        try:
            run(size)  # the first run of a size does more than the next ones
        except ServingError:  # the model takes no more, or has not enough memory
            if not least:
                raise
            break
        first_s = time.monotonic() - began
        if least and _resident() - memory > MAX_GROWTH_BYTES:
            return False
        least[size] = sample(size, first_s)
        for _ in range(_AGAIN):  # before it counts as worse, which it may have been by accident
            if size / least[size] <= best and time.monotonic() < deadline:
                least[size] = min(least[size], sample(size, least[size]))
        rate = size / least[size]
        in_vain = 0 if rate > best / CLOSE_TO_BEST else in_vain + 1
        best = max(best, rate)
        if in_vain == _IN_VAIN or (in_vain > 1 and rate < best * _WORSE):
            break
    return True


def _affordable(least: dict[int, float], size: int, left_s: float) -> bool:
    """Tell whether there is time for a first run and a sample of a size, by the last one's."""
    last = next(reversed(least))
    return 2 * least[last] * size / last <= left_s


def _sampler(
    run: Callable[[int], object], clock: Clock, threads: ThreadPoolExecutor
) -> Callable[[int, float], float]:
    """Return what measures the seconds of a run of a size; it is told about how long one takes."""

    def measure(size: int, repeats: int) -> float:
        began = clock.now()
        for _ in range(repeats):
            run(size)
        return (clock.now() - began) / repeats

    def sample(size: int, about_s: float) -> float:
        repeats = max(1, min(MOST_REPEATS, int(SAMPLE_S / max(about_s, 1e-9))))
        running = [threads.submit(measure, size, repeats) for _ in range(clock.threads)]
        return max(1e-9, min([one.result() for one in running]))

    return sample


def _leaves_thread(run: Callable[[], object]) -> bool:
    """Tell whether TensorFlow has other threads compute, whatever it was told.

    Its threads are made once in a process, by whoever is first. Other work in the process looks the
    same, but not for long; and then measuring by the wall is less exact, not wrong.
    """
    for _ in range(_LOOKS):
        process, thread = time.process_time(), time.thread_time()
        run()
        thread = time.thread_time() - thread
        if time.process_time() - process < _ALONE * thread + _TICK_S:
            return False
    return True


def _gains(sample: Callable[[int, float], float], size: int) -> bool:
    """Tell whether batches of a size are faster than single rows, by the usual pair of samples.

    The two of a pair follow each other, so that cores which change their speed change both.
    """
    about = {1: SAMPLE_S, size: SAMPLE_S}
    gains = []
    for _ in range(ROUNDS):
        about = {each: sample(each, seconds) for each, seconds in about.items()}
        gains.append(size * about[1] / (about[size] + _BESIDES_RUN_S))
    return median(gains) >= WORTH_IT


def _smallest(least: dict[int, float]) -> tuple[int, float]:
    rates = {
        size: size / (seconds + (_BESIDES_RUN_S if size > 1 else 0.0))
        for size, seconds in least.items()
    }
    best = max(rates.values())
    size = next(size for size, rate in rates.items() if rate >= CLOSE_TO_BEST * best)
    gain = rates[size] / rates[next(iter(rates))]
    return (size, gain) if gain >= WORTH_IT else (1, 1.0)


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)
