"""Shows that the rows of a batch do not see each other, or what tells that they do.

    each row alone, twice      other answers the second time: random, or a state that changes
    rows together, in several  an answer other than alone: a mean over the batch, a sort, a sum;
    sizes and orders           or no row for each of the inputs'

Floats may differ as much as another order of additions makes them: TensorFlow chooses its kernels
by size. Whole numbers and strings may not. An output shows something only where it differs between
rows by far more than that.

Threads: the one that loads.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from server_ext.batching import feeds
from server_ext.batching.feeds import Feed
from server_ext.errors import ServingError, outcome
from server_ext.lifecycle.servable import Servable, Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

TRIAL_S = 1.0
"""Time for the trials of one signature; what takes longer is tried with fewer rows."""

LONGEST_TRIAL_S = 5.0
_FEWER = 3
_RUNS_PER_ROW = 5  # about: alone, again, and three times together

_CLEARLY = 20.0
"""How many times more than by additions an output must differ between rows."""

_TOLERANCES = {"float64": 1e-9, "complex128": 1e-9, "float16": 1e-2, "bfloat16": 5e-2}
_TOLERANCE = 1e-4  # of float32 and complex64
_EXACT = "OiubSU"

INCONCLUSIVE = ("constant", "failed", "untried")
"""Kinds of trials that have shown nothing: others may."""

Answers = list["Array"]
"""The outputs of one run, in the order of the signature."""


class Finding(NamedTuple):
    """What the trials have shown: `kind` is "" for rows that are independent, with `feed` as proof.

    Otherwise it is a word for metrics, and `reason` says it to people. `alone` are the answers to
    the rows of `feed`.
    """

    kind: str
    reason: str
    feed: Feed | None = None
    alone: Sequence[Answers] = ()


class Refuted(Exception):
    """The trials have shown that the rows see each other, or cannot show that they do not."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def unfit(signature: Signature) -> str:
    """Say which input or output has no leading dimension of any size; "" where all have."""
    if not signature.inputs or not signature.outputs:
        return "it has no inputs or no outputs"
    for what, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for alias, spec in specs.items():
            if spec.shape is None:
                return f"{what} '{alias}' may have any rank"
            if not spec.shape or spec.shape[0] >= 0:
                return f"{what} '{alias}' has no leading dimension of any size"
    return ""


class Trials:
    """Runs of one signature of a servable, and what they show."""

    def __init__(self, servable: Servable, signature: Signature) -> None:
        self._servable = servable
        self._signature = signature
        self._outputs = tuple(signature.outputs)

    def show(self, choices: Iterable[list[Feed]]) -> Finding:
        """Try feeds until rows have made a difference to each output; raises nothing.

        Of each choice the first feed is run once: what the model does not take is left out.
        """
        constant, refused, ran = set(self._outputs), "", False
        for choice in choices:
            answer = self.run(feeds.take(choice[0], [0]))
            if isinstance(answer, ServingError):
                refused = refused or answer.message
                continue
            ran = True
            for feed in choice:
                try:
                    tried, alone, varied = self._try(feed)
                except Refuted as refuted:
                    return Finding(refuted.kind, str(refuted))
                constant -= varied
                if not constant:
                    return Finding("", "", tried, alone)
        if ran:
            return Finding("constant", _constant(constant))
        if not refused:
            return Finding("untried", "no inputs can be made up for it, and there are no records")
        return Finding("failed", f"it fails on the trials: {_short(refused)}")

    def run(self, feed: Feed) -> Answers | ServingError:
        """Return the outputs for a feed, or the error."""
        return outcome(
            lambda: self._servable.run(self._signature, feed, self._outputs), "A trial run"
        )

    def compare(self, feed: Feed, order: list[int], alone: Sequence[Answers]) -> list[float]:
        """Run these rows of a feed together; return how far each output is from that alone.

        Raises:
            Refuted: the run fails, or an answer is another one.
        """
        answers = self.run(feeds.take(feed, order))
        if isinstance(answers, ServingError):
            raise Refuted("failed", f"it fails for rows together: {_short(answers.message)}")
        return [
            self._farthest(at, array, [alone[number][at] for number in order])
            for at, array in enumerate(answers)
        ]

    def _farthest(self, at: int, array: Array, rows: Sequence[Array]) -> float:
        alias = self._outputs[at]
        if not array.ndim or len(array) != len(rows):
            raise Refuted("no_rows", f"output '{alias}' has no row for each of the inputs'")
        farthest = max(difference(row, array[n : n + 1]) for n, row in enumerate(rows))
        if farthest > tolerance(array):
            raise Refuted("mixes_rows", f"output '{alias}' changes with the rows beside its own")
        return farthest

    def _try(self, feed: Feed) -> tuple[Feed, list[Answers], set[str]]:
        """Return the rows that were run, their answers, and the outputs that show something."""
        feed = self._affordable(feed)
        count = feeds.rows_of(feed)
        alone = [self._alone(feed, row) for row in range(count)]
        noise = [0.0] * len(self._outputs)
        for row in reversed(range(min(count, _FEWER))):
            again = self._alone(feed, row)
            for at, alias in enumerate(self._outputs):
                found = difference(alone[row][at], again[at])
                if found > tolerance(again[at]):
                    raise Refuted(
                        "unsteady", f"output '{alias}' changes when the same is asked again"
                    )
                noise[at] = max(noise[at], found)
        for order in _orders(count):
            noise = list(map(max, noise, self.compare(feed, order, alone)))
        first, *others = alone
        varied = {
            alias
            for at, alias in enumerate(self._outputs)
            if max(difference(first[at], other[at]) for other in others) > _CLEARLY * noise[at]
        }
        return feed, alone, varied

    def _alone(self, feed: Feed, row: int) -> Answers:
        answers = self.run(feeds.take(feed, [row]))
        if isinstance(answers, ServingError):
            raise Refuted("failed", f"it fails on some of the trials: {_short(answers.message)}")
        for alias, array in zip(self._outputs, answers, strict=True):
            if not array.ndim or len(array) != 1:
                raise Refuted("no_rows", f"output '{alias}' has no row for each of the inputs'")
        return answers

    def _affordable(self, feed: Feed) -> Feed:
        """Return as many rows as there is time for."""
        began = time.monotonic()
        self._alone(feed, 0)
        run_s = time.monotonic() - began
        if run_s * _RUNS_PER_ROW * feeds.rows_of(feed) <= TRIAL_S:
            return feed
        if run_s * _RUNS_PER_ROW * _FEWER > LONGEST_TRIAL_S:
            raise Refuted("slow", f"a row takes {run_s:.1f} s, too long for trials")
        return feeds.take(feed, list(range(min(_FEWER, feeds.rows_of(feed)))))


def difference(one: Array, other: Array) -> float:
    """Return how far two answers are apart: 0 for equal ones, infinity where nothing is alike.

    Of floats it is the largest difference, relative to the number and to the largest one.
    """
    if one.shape != other.shape or one.dtype != other.dtype:
        return math.inf
    if one.dtype.kind in _EXACT:
        return 0.0 if np.array_equal(one, other) else math.inf
    wide = np.complex128 if one.dtype.kind == "c" else np.float64
    a, b = one.astype(wide), other.astype(wide)
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return math.inf
    a, b = a[finite], b[finite]
    apart = np.abs(a - b)
    if not apart.any():
        return 0.0
    sizes = np.maximum(np.abs(a), np.abs(b))
    return float((apart / (sizes + sizes.max())).max())


def tolerance(array: Array) -> float:
    """Return how far answers of this type may be apart and still be the same."""
    return _TOLERANCES.get(array.dtype.name, _TOLERANCE)


def _orders(count: int) -> list[list[int]]:
    """Return rows to run together: all, turned around, a pair, and one of them twice."""
    everything = list(range(count))
    return [everything, everything[::-1], [1, 0], [0, count - 1, 0]]


def _constant(aliases: Iterable[str]) -> str:
    names = ", ".join(f"'{alias}'" for alias in sorted(aliases))
    return f"output {names} was the same for all rows that were tried, which shows nothing"


def _short(message: str) -> str:
    line = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return line if len(line) <= 200 else f"{line[:200]}..."
