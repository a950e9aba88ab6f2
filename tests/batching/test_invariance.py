"""What tells that the rows of a batch see each other, and what shows that they do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from server_ext.batching import feeds, invariance
from server_ext.batching.invariance import Trials
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Servable, Signature, TensorSpec

FLOAT, INT32, STRING, HALF = 1, 3, 7, 19


def signature(dtype: int = FLOAT, shape: tuple[int, ...] | None = (-1, 4)) -> Signature:
    outputs = {"y": TensorSpec("y:0", dtype, (-1, 4))}
    return Signature("serving_default", "", {"x": TensorSpec("x:0", dtype, shape)}, outputs, b"")


class Computed(Servable):
    """A version that is a function of numpy."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self._compute = compute

    @property
    def signatures(self) -> Mapping[str, Signature]:
        return {"serving_default": signature()}

    @property
    def memory_bytes(self) -> int:
        return 0

    def run(
        self, signature: Signature, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> list[Any]:
        return [self._compute(inputs["x"])]

    def close(self) -> None:
        pass


def shown(compute: Callable[[Any], Any], dtype: int = FLOAT, shape: Any = (-1, 4)) -> Any:
    form = signature(dtype, shape)
    return Trials(Computed(compute), form).show(feeds.iterate(form, {}))


def fails(message: str) -> Any:
    raise InvalidArgument(message)


def noisy(size: float) -> Callable[[Any], Any]:
    """Return a model whose answers depend on the rows beside by so much."""
    return lambda x: x * (1 + size * (len(x) > 1))


RANDOM = np.random.default_rng(1)
COUNTER = itertools.count()

INDEPENDENT = {
    "doubled": lambda x: x * 2,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
    "summed up in another order": noisy(1e-6),
    "with NaN for some": lambda x: np.where(x < 0, np.nan, x),
    "infinite for some": lambda x: np.where(x < 0, np.inf, x),
}
DEPENDENT = {
    "the mean over the batch": lambda x: x - x.mean(0, keepdims=True),
    "normalised by the batch": lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3),
    "sorted": lambda x: np.sort(x, axis=0),
    "summed up": lambda x: np.cumsum(x, axis=0),
    "the largest first": lambda x: x[np.argsort(-x[:, 0])],
    "the row before": lambda x: np.roll(x, 1, axis=0),
    "its place": lambda x: x + np.arange(len(x))[:, None],
    "the number of rows": lambda x: x + len(x),
    "a little of the mean": lambda x: x + 1e-3 * x.mean(),
    "reversed": lambda x: x[::-1],
    "one that is NaN beside others": lambda x: x if len(x) == 1 else x * np.nan,
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_rows_that_do_not_see_each_other_are_shown(name: str):
    found = shown(INDEPENDENT[name])

    assert (found.kind, found.reason) == ("", "")
    assert len(found.alone) == feeds.rows_of(found.feed)


@pytest.mark.parametrize("name", DEPENDENT)
def test_rows_that_see_each_other_are_found_out(name: str):
    found = shown(DEPENDENT[name])

    assert found.kind == "mixes_rows"
    assert found.reason == "output 'y' changes with the rows beside its own"


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x + RANDOM.standard_normal(x.shape),
        lambda x: x + next(COUNTER),
    ],
    ids=["random", "counting"],
)
def test_another_answer_to_the_same_is_found_out(compute: Any):
    assert shown(compute).kind == "unsteady"


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: np.float64(x.sum()),
        lambda x: x[:1] if len(x) > 1 else x,
        lambda x: np.concatenate([x, x]),
        lambda x: x.sum(0),
        lambda x: np.unique(x, axis=0),
    ],
    ids=["scalar", "first row", "twice", "over the batch", "unique"],
)
def test_an_output_without_a_row_for_each_is_found_out(compute: Any):
    assert shown(compute).kind in ("no_rows", "mixes_rows")


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: np.full_like(x, 5.0),
        lambda x: np.full_like(x, np.nan),
        lambda x: 1.0 + 1e-6 * x + 1e-6 * x.mean(),
    ],
    ids=["constant", "never a number", "drowned"],
)
def test_what_is_the_same_for_all_rows_shows_nothing(compute: Any):
    found = shown(compute)

    assert found.kind == "constant"
    assert "output 'y' was the same for all rows" in found.reason


def test_what_fails_is_said_with_its_first_reason():
    found = shown(lambda x: fails("no luck\nmore"))

    assert (found.kind, found.reason) == ("failed", "it fails on the trials: no luck")


def test_what_fails_for_rows_together_is_not_batched():
    found = shown(lambda x: x if len(x) == 1 else fails("one by one"))

    assert (found.kind, found.reason) == ("failed", "it fails for rows together: one by one")


def test_an_error_that_is_a_bug_is_a_failure():
    assert shown(lambda x: 1 / 0).kind == "failed"


def test_numbers_that_are_refused_are_tried_smaller():
    found = shown(lambda x: x * 3 if x.max() < 2 else fails("index 5 is not in [0, 2)"), INT32)

    assert found.kind == ""
    assert found.feed["x"].max() == 1


def test_open_sizes_are_tried_until_one_is_taken():
    found = shown(lambda x: x * 3 if x.shape[1] == 32 else fails("32 it is"), FLOAT, (-1, -1))

    assert found.kind == ""
    assert found.feed["x"].shape == (6, 32)


@pytest.mark.parametrize(
    "compute",
    [
        lambda s: np.array([len(word) for word in s.flat]).reshape(s.shape),
        lambda s: np.array([word.upper() for word in s.flat], object).reshape(s.shape),
        lambda s: (
            np.array([float(word) for word in s.flat]).reshape(s.shape)
            if all(word.isdigit() for word in s.flat)
            else fails("not a number")
        ),
    ],
    ids=["lengths", "upper", "numbers"],
)
def test_strings_are_words_or_numbers(compute: Any):
    assert shown(compute, STRING, (-1,)).kind == ""


def test_words_that_are_filled_up_to_the_longest_are_found_out():
    def padded(s: Any) -> Any:
        words = [word.split() for word in s]
        width = max(map(len, words))
        return np.array([[*row, *[b""] * (width - len(row))] for row in words], object)

    assert shown(padded, STRING, (-1,)).kind == "mixes_rows"


@pytest.mark.parametrize("dtype", [INT32, STRING])
def test_whole_numbers_and_strings_must_be_the_same(dtype: int):
    def first_of_all(x: Any) -> Any:
        copy = x.copy()
        copy.flat[-1] = x.flat[0]
        return copy

    assert shown(first_of_all, dtype, (-1,)).kind == "mixes_rows"


@pytest.mark.parametrize(
    ("dtype", "size", "kind"),
    [(FLOAT, 1e-5, ""), (FLOAT, 1e-3, "mixes_rows"), (HALF, 2e-3, ""), (HALF, 0.1, "mixes_rows")],
)
def test_floats_may_differ_as_their_type_is_exact(dtype: int, size: float, kind: str):
    def compute(x: Any) -> Any:
        return noisy(size)(x.astype(np.float64)).astype(x.dtype)

    assert shown(compute, dtype).kind == kind


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ({"x": (-1, 2)}, {"y": (-1,)}, ""),
        ({"x": (2, 2)}, {"y": (-1,)}, "input 'x' has no leading dimension of any size"),
        ({"x": (-1,), "k": ()}, {"y": (-1,)}, "input 'k' has no leading dimension of any size"),
        ({"x": (-1,)}, {"y": ()}, "output 'y' has no leading dimension of any size"),
        ({"x": None}, {"y": (-1,)}, "input 'x' may have any rank"),
        ({"x": (-1,)}, {"y": None}, "output 'y' may have any rank"),
        ({}, {"y": (-1,)}, "it has no inputs or no outputs"),
        ({"x": (-1,)}, {}, "it has no inputs or no outputs"),
    ],
)
def test_all_inputs_and_outputs_need_a_leading_dimension_of_any_size(inputs, outputs, words):
    def specs(shapes: Any) -> dict[str, TensorSpec]:
        return {alias: TensorSpec(f"{alias}:0", FLOAT, shape) for alias, shape in shapes.items()}

    assert invariance.unfit(Signature("s", "", specs(inputs), specs(outputs), b"")) == words
