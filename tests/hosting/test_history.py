"""What was measured within the last day, from samples that the test makes up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from server_ext import latencies
from server_ext.hosting.history import MOST_SERIES, RANGES, History

NOON = 1_800_000_000 - 1_800_000_000 % 300


def version(
    name: str = "m", number: int = 1, *, took: Sequence[float] = (), **more: Any
) -> dict[str, Any]:
    """Return what a sample says of a version whose requests took so many seconds."""
    counts = {str(bucket): count for bucket, count in latencies.counted(took).items()}
    return {"name": name, "version": number, "latencies": counts, **more}


def sample(at: float, *versions: dict[str, Any], queued: int = 0) -> dict[str, Any]:
    return {"at": at, "rss_bytes": 10**9, "queued": queued, "versions": versions}


@pytest.fixture
def history() -> History:
    return History()


def points(
    history: History, span: str, now: float, model: str | None = "m", number: int | None = None
) -> list[dict[str, Any]]:
    """Return the points of a range that are known."""
    found = history.of(model, number, span, now)["points"]
    assert len(found) == RANGES[span][1]
    return [point for point in found if point is not None]


def test_a_second_of_requests_is_a_point(history: History):
    slow, codes = [0.001] * 9 + [0.5], {"400": 2}
    history.take(sample(NOON + 0.7, version(took=slow, codes=codes, queued=3), queued=3))

    (point,) = points(history, "1m", NOON + 1)

    assert (point["at"], point["per_second"], point["errors_per_second"]) == (NOON, 12, 2)
    assert point["p50_ms"] == pytest.approx(1, rel=0.05)
    assert point["p99_ms"] == pytest.approx(500, rel=0.05)
    assert (point["queued"], point["batch_rows"]) == (3, None)
    assert point["rss_bytes"] == pytest.approx(10**9, rel=0.01)


def test_longer_ranges_have_the_rate_of_the_seconds_that_were_measured(history: History):
    for second in range(60):
        history.take(sample(NOON + second + 0.5, version(took=[0.01] * 6)))

    for span in RANGES:
        last = points(history, span, NOON + 59)[-1]
        assert last["per_second"] == 6, span
        assert last["p90_ms"] == pytest.approx(10, rel=0.05), span
    assert len(points(history, "15m", NOON + 59)) == 6


def test_percentiles_of_a_range_are_those_of_all_its_requests(history: History):
    for second in range(9):
        history.take(sample(NOON + second, version(took=[0.001] * 100)))

    (point,) = points(history, "15m", NOON + 9)
    assert point["p99_ms"] == pytest.approx(1, rel=0.05)

    history.take(sample(NOON + 9, version(took=[1.0] * 100)))

    (point,) = points(history, "15m", NOON + 9)
    assert point["p50_ms"] == pytest.approx(1, rel=0.05)
    assert point["p99_ms"] == pytest.approx(1000, rel=0.05)


def test_versions_make_up_their_model_and_models_the_server(history: History):
    all_of_them = version(took=[0.1]), version(number=2, took=[0.1] * 2), version("n", took=[1] * 4)
    history.take(sample(NOON, *all_of_them))

    def rate(model: str | None, number: int | None = None) -> float:
        (point,) = points(history, "1m", NOON, model, number)
        return float(point["per_second"])

    assert (rate("m", 1), rate("m", 2), rate("m"), rate("n"), rate(None)) == (1, 2, 3, 4, 7)


def test_a_time_without_a_server_is_a_gap_and_one_without_requests_is_zero(history: History):
    history.take(sample(NOON, version(took=[0.1])))
    history.take(sample(NOON + 1))
    history.take(sample(NOON + 10))

    found = history.of("m", None, "1m", NOON + 10)["points"][-11:]

    assert [point and point["per_second"] for point in found] == [1, 0, *[None] * 8, 0]
    assert found[1]["p50_ms"] is None


def test_a_sample_that_comes_a_little_late_leaves_no_gap(history: History):
    for at in (NOON + 0.99, NOON + 2.01):
        history.take(sample(at, version(took=[0.1] * 5)))

    rates = [point["per_second"] for point in points(history, "1m", NOON + 2)]

    assert rates == [5, 5, 5]
    assert points(history, "15m", NOON + 2)[0]["per_second"] == 5


def test_a_model_that_is_asked_now_and_then_has_no_requests_in_between(history: History):
    for second in range(10):
        asked = [version(took=[0.1] * 5, batches={"4-7": 1})] if second % 2 == 0 else []
        history.take(sample(NOON + second, *asked))

    found = history.of("m", 1, "1m", NOON + 9)

    assert [each["per_second"] for each in found["points"][-10:]] == [5, 0] * 5
    assert found["batches"] == {"4-7": 5}
    (whole,) = points(history, "15m", NOON + 9)
    assert whole["per_second"] == 2.5, "of ten seconds, not of those in which it was asked"


def test_what_is_older_than_the_range_is_gone(history: History):
    history.take(sample(NOON, version(took=[0.1])))

    for span, (step_s, count) in RANGES.items():
        assert points(history, span, NOON + step_s * (count - 1)), span
        assert not points(history, span, NOON + step_s * count), span
    history.take(sample(NOON + 120, version(took=[0.1])))
    assert len(points(history, "1m", NOON + 120)) == 1, "the ring has come round"


def test_batches_are_counted_by_size_over_the_range(history: History):
    for second in range(3):
        runs = {"1": 2, "4-7": 1, "32768-65535": 1, "131072-262143": 1}
        history.take(sample(NOON + second, version(took=[0.1], batches=runs, batch_rows=3.0)))

    found = history.of("m", 1, "1m", NOON + 2)

    assert found["batches"] == {"1": 6, "4-7": 3, "32768-65535": 6}
    assert found["points"][-1]["batch_rows"] == 3


def test_errors_are_counted_by_reason_the_most_frequent_first(history: History):
    wrong = {"code": 400, "reason": "3 columns", "count": 2}
    full = {"code": 503, "reason": "full", "count": 3}
    history.take(sample(NOON, version(codes={"400": 2, "503": 3}, reasons=[wrong, full])))
    history.take(sample(NOON + 5, version(number=2, codes={"400": 2}, reasons=[wrong])))

    errors = history.of("m", None, "1m", NOON + 5)["errors"]

    assert errors == [
        {"code": 400, "reason": "3 columns", "count": 4, "last": NOON + 5},
        {"code": 503, "reason": "full", "count": 3, "last": NOON},
    ]
    assert history.of("m", 1, "1m", NOON + 5)["errors"][0]["reason"] == "full"
    assert history.of("m", None, "1m", NOON + 70)["errors"] == []


def measured(history: History, now: float, model: str, number: int) -> bool:
    """Tell whether requests of a version are known within the last day."""
    return any(point["per_second"] for point in points(history, "1d", now, model, number))


def test_no_more_versions_are_kept_than_fit_and_those_that_are_asked_stay(history: History):
    now = NOON
    for number in range(MOST_SERIES):
        now = NOON + 61 * number
        history.take(sample(now, version("rare", number, took=[0.1]), version("often", took=[0.1])))

    assert measured(history, now, "often", 1)
    assert measured(history, now, "rare", MOST_SERIES - 1)
    assert not measured(history, now, "rare", 0)


def test_where_all_are_asked_at_once_the_first_ones_are_kept(history: History):
    everything = [version("m", number, took=[0.1]) for number in range(MOST_SERIES + 10)]
    for second in range(3):
        history.take(sample(NOON + second, *everything))

    assert measured(history, NOON + 2, "m", 0)
    assert not measured(history, NOON + 2, "m", MOST_SERIES + 9)
