"""The quick way and the walk take the same values and make the same arrays of them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from server_ext.codecs.dtypes import DTYPES
from server_ext.codecs.json_arrays import Collector, Irregular, regular
from server_ext.errors import ServingError

LEAVES = [0, 1, -1, 255, 300, 2**31, 2**63, 2**64 - 1, -(2**63), 0.5, float("inf"), True, False]
LEAVES += [None, "", "a", "é", {"b64": "QQ=="}, {"b64": "-"}, {}, {"x": 1}, {"a": 1, "b": 2}]
SAME_KIND = {"bool": [True, False], "string": ["", "ab", "é", {"b64": "QUI="}]}


def quick(value, dtype):
    try:
        return regular(value, dtype)
    except Irregular:
        return None


def walked(value, dtype):
    collector = Collector(dtype.number)
    try:
        collector.add(value)
    except ServingError:
        return None
    return collector.whole()


def same(one, two):
    if one is None or two is None:
        return one is two
    return one.dtype == two.dtype and one.shape == two.shape and np.array_equal(one, two)


def even(chance, shape, leaves):
    if not shape:
        return chance.choice(leaves)
    return [even(chance, shape[1:], leaves) for _ in range(shape[0])]


def uneven(chance, depth):
    if not depth or chance.random() < 0.2:
        return chance.choice(LEAVES)
    return [uneven(chance, depth - 1) for _ in range(chance.randrange(3))]


@pytest.mark.parametrize("dtype", DTYPES, ids=[row.name for row in DTYPES])
def test_both_ways_make_the_same_array_of_regular_values(dtype):
    chance = random.Random(1)
    leaves = SAME_KIND.get(dtype.name, [0, 1, 2, 100])
    for _ in range(200):
        shape = [chance.randrange(4) for _ in range(chance.randrange(4))]
        value = even(chance, shape, leaves)

        array = quick(value, dtype)

        assert same(array, walked(value, dtype))
        assert array is not None or dtype.numpy.kind == "c"


@pytest.mark.parametrize("dtype", DTYPES, ids=[row.name for row in DTYPES])
def test_both_ways_refuse_the_same_values(dtype):
    chance = random.Random(2)
    for _ in range(3_000):
        value = uneven(chance, 3)

        assert same(quick(value, dtype), walked(value, dtype)), value


def test_walked_rows_are_stacked():
    collector = Collector(next(row.number for row in DTYPES if row.name == "string"))
    for value in (["a", "b"], ["c", {"b64": "ZA=="}]):
        collector.add(value)

    assert collector.rows().tolist() == [[b"a", b"b"], [b"c", b"d"]]
