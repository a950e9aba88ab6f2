"""How long loads will take, guessed from earlier ones."""

from __future__ import annotations

from typing import Any

import pytest

from server_ext.hosting.loadtimes import LoadTimes

MB = 10**6


def model(name: str, *loads: tuple[float, int | None]) -> dict[str, Any]:
    """Return a model whose versions were loaded in so many seconds, one after the other."""
    versions = [
        {"version": number, "load_seconds": seconds, "bytes": size, "loaded_at": number}
        for number, (seconds, size) in enumerate(loads, 1)
    ]
    return {"name": name, "versions": [*versions, {"version": 99, "load_seconds": None}]}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(100 * MB, 8.0), (200 * MB, 16.0), (None, 8.0), (1 * MB, None)],
    ids=["as large", "twice as large", "size unknown", "too short to tell"],
)
def test_the_last_load_of_the_model_counts_as_its_size_says(
    size: int | None, expected: float | None
):
    times = LoadTimes().after(model("m", (30.0, 100 * MB), (8.0, 100 * MB)))

    assert times.expected_s("m", size) == expected


def test_a_load_of_another_model_of_that_size_counts_where_there_is_none():
    times = LoadTimes().after(model("a", (9.0, 100 * MB))).after(model("b", (2.0, 500 * MB)))

    assert times.expected_s("m", 110 * MB) == 9.0
    assert times.expected_s("m", 1000 * MB) is None
    assert times.expected_s("m", None) is None


def test_without_earlier_loads_nothing_is_promised():
    assert LoadTimes().after(model("m")).expected_s("m", MB) is None
