"""The list of what must come out: each target by what was measured."""

import pytest


@pytest.fixture
def checks(bench):
    return bench("checks")


@pytest.fixture
def findings(bench):
    table = bench("table")
    found = bench("findings").Findings("on")

    def add(model: str, key: str, protocol: str, load: str, *samples: tuple[float, float, float]):
        row = table.Row(model, key, key, protocol, load, lambda: None)
        for per_second, p50_ms, cpu_s in samples:
            row.samples.append(table.Sample(per_second, p50_ms, 1.0, cpu_s, 1.0, 0.0))
        found.rows.append(row)

    found.add = add
    return found


def line(checks, findings, what: str) -> list[str]:
    """Return the cells of the only target whose text contains these words."""
    [row] = [row for row in checks.check_list(findings).splitlines() if what in row]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


@pytest.mark.parametrize(("rates", "holds"), [((17, 19, 20), "yes"), ((17, 17, 30), "NO")])
def test_the_median_of_the_ratios_decides(checks, findings, rates, holds):
    findings.add("dense", "grpcio", "gRPC", "64", *[(100.0, 1.0, 1.0)] * 3)
    findings.add("dense", "ours-on", "gRPC", "64", *[(100.0 * rate, 1.0, 1.0) for rate in rates])

    wanted, _, answer = line(checks, findings, "against grpcio sync")

    assert (wanted, answer) == ("at least 18 times", holds)


def test_latency_is_compared_with_the_bare_callable(checks, findings):
    findings.add("dense", "bare", "-", "1", (1.0, 0.05, 1.0))
    findings.add("dense", "ours-on", "REST", "1", (1.0, 0.35, 1.0))

    assert line(checks, findings, "REST, small dense, 1 in flight") == [
        "at most 0.25 ms",
        "0.30 ms",
        "NO",
    ]


def test_the_share_outside_tensorflow_is_what_the_server_spends_on_top_of_it(checks, findings):
    findings.add("mobilenet", "bare-cores", "-", "16", (1.0, 1.0, 9.0))
    findings.add("mobilenet", "ours-off", "gRPC", "16", (1.0, 1.0, 10.0))

    measured = line(checks, findings, "gRPC, MobileNetV2, 16 in flight: share")

    assert measured == ["at most 10 %", "10.00 %", "yes"]


def test_what_was_not_measured_neither_holds_nor_fails(checks, findings):
    assert line(checks, findings, "against Triton")[1:] == ["not measured", "-"]


def test_a_request_that_failed_in_a_swap_breaks_the_target(checks, findings, bench):
    swap = bench("findings").Swap
    findings.swaps["ours-off"] = [swap(1000, 0, 0.5, True), swap(999, 1, 0.5, True)]

    assert line(checks, findings, "while versions are swapped")[2] == "NO"
