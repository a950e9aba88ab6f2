"""Figures of the last second, from requests and batches that are known."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from server_ext.api.traffic import Counts, Refusal
from server_ext.control import figures
from server_ext.control.samples import Samples
from server_ext.errors import Code

WRONG = Refusal(Code.INVALID_ARGUMENT, "Input 'x' has 3 columns")


class Kept:
    """What was counted and kept until it is fetched."""

    def __init__(self) -> None:
        self.kept = []
        self.counts = Counts(1000, 7)
        self.now: dict[tuple[str, int], int] = {}

    def fetch(self):
        kept, self.kept = self.kept, []
        return kept

    def of(self, name, version):
        return self.counts

    def in_use(self):
        return self.now

    def queued(self):
        return self.now

    def memory_bytes(self):
        return {("m", 1): 5000}


@pytest.fixture
def traffic():
    return Kept()


@pytest.fixture
def batching():
    return Kept()


@pytest.fixture
def manager():
    return Kept()


@pytest.fixture
def samples(traffic, batching, manager):
    parts = SimpleNamespace(traffic=traffic, batching=batching, manager=manager)
    samples = Samples(parts, SimpleNamespace(due=lambda kind, make: None))
    samples.document()
    return samples


def test_percentiles_are_exact_and_failed_requests_have_none(samples, traffic):
    traffic.kept = [("m", 1, number / 1000) for number in range(100, 0, -1)]
    traffic.kept += [("m", 1, WRONG)] * 25

    (version,) = samples.document()["versions"]

    assert (version["name"], version["version"]) == ("m", 1)
    assert (version["requests"], version["errors"]) == (1000, 7)
    assert (version["p50_ms"], version["p90_ms"], version["p99_ms"]) == (50, 90, 99)
    assert version["per_second"] / version["errors_per_second"] == pytest.approx(5, rel=0.01)


def test_one_request_is_each_percentile_and_none_is_no_number(samples, traffic):
    traffic.kept = [("one", 1, 0.002), ("failed", 1, WRONG)]

    failed, one = samples.document()["versions"]

    assert [one[name] for name in ("p50_ms", "p90_ms", "p99_ms")] == [2, 2, 2]
    assert [failed[name] for name in ("p50_ms", "p90_ms", "p99_ms")] == [None, None, None]


def test_rows_are_the_mean_of_the_batches_of_a_version(samples, traffic, batching):
    traffic.kept = [("m", 1, 0.1), ("m", 2, 0.1)]
    batching.kept = [(("m", 1), 3), (("m", 1), 8), (("other", 1), 100)]

    first, second = samples.document()["versions"]

    assert (first["batch_rows"], second["batch_rows"]) == (5.5, None)
    assert (first["batches"], second["batches"]) == ({"2-3": 1, "8-15": 1}, None)


def test_all_versions_together_have_figures_of_their_own(samples, traffic, batching):
    traffic.kept = [("m", 1, 0.001)] * 98 + [("m", 2, 0.5), ("n", 1, 0.9), ("n", 1, WRONG)]
    batching.kept = [(("m", 1), 1), (("n", 1), 7)]

    total = samples.document()["all"]

    assert (total["p50_ms"], total["p99_ms"]) == (1, 500)
    assert total["per_second"] / total["errors_per_second"] == pytest.approx(101, rel=0.01)
    assert (total["batch_rows"], total["batches"]) == (4, {"1": 1, "4-7": 1})


def test_a_second_without_requests_has_no_latency_and_no_batches(samples):
    total = samples.document()["all"]

    assert total["per_second"] == total["errors_per_second"] == 0
    assert {total[name] for name in ("p50_ms", "p90_ms", "p99_ms", "batch_rows", "batches")} == {
        None
    }


def test_failures_are_counted_by_status_and_told_with_their_most_frequent_reasons(samples, traffic):
    others = [Refusal(Code.UNAVAILABLE, f"full {number}") for number in range(20)]
    traffic.kept = [("m", 1, why) for why in [*others, WRONG, WRONG, WRONG]] + [("m", 1, 0.1)]

    (version,) = samples.document()["versions"]

    assert version["codes"] == {"503": 20, "400": 3}
    assert version["reasons"][0] == {"code": 400, "reason": "Input 'x' has 3 columns", "count": 3}
    assert len(version["reasons"]) == 5


@pytest.mark.parametrize(
    ("rows", "expected"), [(0, "1"), (1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (64, "64-127")]
)
def test_buckets_of_batches_double(rows, expected):
    assert figures.bucket(rows) == expected


def test_versions_are_there_while_they_have_requests(samples, manager, batching, traffic):
    manager.now = {("m", 1): 4}
    batching.now = {("m", 2): 3, ("idle", 1): 0}

    sample = samples.document()

    versions = [(one["version"], one["in_flight"], one["queued"]) for one in sample["versions"]]
    assert versions == [(1, 4, 0), (2, 0, 3)]
    assert (sample["in_flight"], sample["queued"]) == (4, 3)
    assert [one["memory_bytes"] for one in sample["versions"]] == [5000, 0]
    assert sample["versions"][0]["per_second"] == 0
    manager.now = batching.now = {}
    assert samples.document()["versions"] == []


def test_the_process_is_told_of_too(samples):
    sample = samples.document()

    assert sample["event"] == "sample"
    assert sample["rss_bytes"] > 10_000_000
    assert 0 < sample["cpu_seconds"] <= sum(os.times()[:2]) + 1
