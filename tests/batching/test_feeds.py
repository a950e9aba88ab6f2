"""Rows to try a signature out: made up by type, or taken from records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server_ext.batching import feeds
from server_ext.batching.feeds import ROWS, Form
from server_ext.codecs.dtypes import DTYPES
from server_ext.lifecycle.servable import Signature, TensorSpec

FLOAT, INT64, STRING, RESOURCE = 1, 9, 7, 20


def signature(**inputs: tuple[int, Any]) -> Signature:
    specs = {alias: TensorSpec(f"{alias}:0", *spec) for alias, spec in inputs.items()}
    return Signature("s", "", specs, {}, b"")


@pytest.mark.parametrize("row", DTYPES, ids=lambda row: row.name)
@pytest.mark.parametrize("top", feeds.TOPS)
def test_rows_are_made_up_for_each_type(row: Any, top: int):
    feed = feeds.made_up(signature(x=(row.number, (-1, 3))), Form(8, top), 1)

    assert feed is not None
    assert feed["x"].shape == (ROWS, 3)
    assert feed["x"].dtype == row.numpy
    assert len({tuple(one.tolist()) for one in feed["x"]}) > 1


def test_what_is_made_up_is_the_same_each_time_and_differs_by_seed():
    form = signature(x=(FLOAT, (-1, 3)))

    one, again, other = (feeds.made_up(form, Form(8, 6), seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one["x"], again["x"])
    assert not np.array_equal(one["x"], other["x"])


def test_open_sizes_agree_and_fixed_ones_stay():
    form = signature(a=(INT64, (-1, -1)), b=(FLOAT, (-1, -1, 7)))

    made = [feed["b"].shape for first, *_ in feeds.iterate(form, {}) for feed in [first]]

    assert made == [(ROWS, size, 7) for size in (8, 8, 32, 32, 128, 128)]


@pytest.mark.parametrize(
    "spec", [(RESOURCE, (-1,)), (FLOAT, None), (FLOAT, (-1, 0)), (FLOAT, (-1, 10**9))]
)
def test_nothing_is_made_up_where_that_cannot_be(spec: Any):
    assert list(feeds.iterate(signature(x=spec), {})) == []


def test_records_are_taken_row_by_row_without_those_that_are_the_same():
    form = signature(x=(FLOAT, (-1, 2)))
    records = [{"x": np.array([[1, 2], [3, 4]])}, {"x": np.array([[1, 2]])}, {"x": np.eye(2)}]

    feed, sizes = feeds.of_records(form, records)

    assert feed["x"].tolist() == [[1, 2], [3, 4], [1, 0], [0, 1]]
    assert sizes == {"x": (2,)}


def test_of_records_of_several_sizes_the_most_frequent_one_counts():
    form = signature(s=(STRING, (-1, -1)))
    words = [np.array([[b"a", b"b"]], object), np.array([[b"c"]], object)]
    more = np.array([[b"c"], [b"d"]], object)

    feed, _ = feeds.of_records(form, [{"s": array} for array in (*words, more)])

    assert feed["s"].tolist() == [[b"c"], [b"d"]]


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{"x": np.ones((1, 5))}],
        [{"x": np.ones((3, 5))}],
        [{}],
        [{"x": np.ones(())}],
        [{"x": np.ones((0, 5))}],
    ],
)
def test_records_without_two_rows_that_differ_are_no_feed(records: Any):
    form = signature(x=(FLOAT, (-1, -1)))

    feed, sizes = feeds.of_records(form, records)

    assert feed is None
    assert sizes in ({}, {"x": (5,)})


def test_a_record_with_other_first_sizes_is_left_out():
    form = signature(a=(FLOAT, (-1,)), b=(FLOAT, (-1,)))

    assert feeds.of_records(form, [{"a": np.ones(2), "b": np.ones(1)}]) == (None, {})


def test_the_sizes_of_a_record_are_those_of_what_is_made_up():
    form = signature(x=(FLOAT, (-1, -1)))
    _, sizes = feeds.of_records(form, [{"x": np.ones((1, 5))}])

    assert [feed["x"].shape for both in feeds.iterate(form, sizes) for feed in both] == [
        (ROWS, 5),
        (ROWS, 5),
    ]
