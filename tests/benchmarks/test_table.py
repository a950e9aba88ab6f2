"""The benchmark's own arithmetic."""

import pytest


@pytest.fixture
def table(bench):
    return bench("table")


def row(table, name: str, reference=None):
    return table.Row("dense", name, name, "gRPC", "64", lambda: None, reference)


def sample(table, per_second: float):
    return table.Sample.of(
        [1000, 2000, 3000, 90_000],
        per_second=per_second,
        cpu_s=0.004,
        rss_bytes=500_000_000,
        client_cpu_s=0.001,
    )


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5], 50, 5), ([4, 1, 3, 2], 50, 2), (list(range(1, 101)), 99, 99), ([1, 2], 99, 2)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    table, values, percent, expected
):
    assert table.percentile(values, percent) == expected


def test_cpu_time_is_given_per_thousand_requests(table):
    assert sample(table, 100.0).cpu_s == pytest.approx(1.0)
    assert sample(table, 100.0).client_cpu_s == pytest.approx(0.25)


def test_figures_show_the_median_and_the_lowest_and_highest_round(table):
    ours = row(table, "ours")
    ours.samples += [sample(table, value) for value in (1500.0, 900.0, 1200.0)]

    lines = table.figures([ours]).splitlines()

    assert len({len(line) for line in lines}) == 1
    assert "1,200 (900-1,500)" in lines[2]
    assert "2.00 (2.00-2.00)" in lines[2]


def test_ratios_are_taken_within_each_round(table):
    reference = row(table, "reference")
    ours = row(table, "ours", reference)
    reference.samples += [sample(table, value) for value in (10.0, 100.0, 10.0)]
    ours.samples += [sample(table, value) for value in (20.0, 300.0, 40.0)]

    lines = table.ratios([reference, ours]).splitlines()

    assert len(lines) == 3
    assert "3.00 (2.00-4.00)" in lines[2]


def test_a_row_that_failed_stands_in_no_table(table):
    reference, ours = row(table, "reference"), row(table, "ours")
    ours.reference = reference
    for one in (reference, ours):
        one.samples.append(sample(table, 10.0))

    reference.fail("no answer")

    assert "reference" not in table.figures([reference, ours])
    assert len(table.ratios([reference, ours]).splitlines()) == 2


def test_a_spread_of_negative_values_can_be_read(table):
    assert table.spread([-3.0, -1.0, 2.0], 0) == "-1 (-3 to 2)"
