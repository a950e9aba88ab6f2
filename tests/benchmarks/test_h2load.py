"""How the benchmark calls the load generator, and what it reads from its output."""

from pathlib import Path

import pytest

OUTPUT = """
finished in 2.00s, 498.00 req/s, 45.71KB/s
requests: 4 total, 5 started, {done} done, {succeeded} succeeded, {failed} failed, {errored} errored, 0 timeout
status codes: 4 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 91.43KB (93624) total, 45.71KB (46812) headers (space savings 0.00%), 1.95KB (1992) data
"""
LOG = "1000000\t200\t500\n1000200\t200\t700\n1001000\t{status}\t900\n"


@pytest.fixture
def h2load(bench):
    return bench("h2load")


def test_latencies_of_good_answers_and_the_time_between_the_first_and_the_last_are_read(h2load):
    output = OUTPUT.format(done=3, succeeded=3, failed=0, errored=0)

    outcome = h2load.Outcome.read(output, LOG.format(status=200))

    assert outcome == h2load.Outcome([500, 700, 900], 0, 1992, 1_000_000, 1_001_900)
    assert h2load.per_second([outcome, outcome, h2load.Outcome([], 0, 0, 0, 0)]) == pytest.approx(
        6 / 0.0019
    )


@pytest.mark.parametrize(("done", "succeeded", "errored"), [(3, 2, 0), (2, 2, 1)])
def test_an_error_status_and_a_lost_connection_are_failures(h2load, done, succeeded, errored):
    output = OUTPUT.format(done=done, succeeded=succeeded, failed=1, errored=errored)

    outcome = h2load.Outcome.read(output, LOG.format(status=503))

    assert outcome.failed == 1
    assert outcome.latencies_us == [500, 700]


def test_a_server_that_cannot_be_reached_fails_the_load(h2load):
    with pytest.raises(h2load.LoadFailed, match="connect"):
        h2load.Outcome.read("could not connect to 127.0.0.1", "")


def test_a_rate_is_shared_by_the_connections(h2load):
    traffic = h2load.Traffic(["http://a/"], ["--h1"], Path("body"), 4, 1, per_second=10)

    command = traffic.command(h2load.for_seconds(0.5), Path("log"))

    assert "--rps=2.5000" in command
    assert command[command.index("-D") + 1] == "500ms"
