"""Counts of latencies, and how right their percentiles are."""

from __future__ import annotations

import pytest

from server_ext import latencies


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.0])
def test_a_percentile_is_right_within_five_percent(share: float):
    seconds = [number / 10_000 for number in range(1, 1001)]

    found = latencies.percentile_ms(latencies.counted(seconds), share)

    assert found == pytest.approx(100 * share, rel=0.05)


def test_without_latencies_there_is_no_percentile():
    assert latencies.percentile_ms({}, 0.5) is None


def test_no_latency_is_too_small():
    assert latencies.counted([0.0, 1e-9]) == {0: 2}
