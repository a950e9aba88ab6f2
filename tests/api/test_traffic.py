import pytest

from server_ext.api.recorded import MAX_KEPT, MOST_CHARACTERS, RecordedTraffic
from server_ext.api.traffic import MAX_NAMES, Counts, Refusal, Traffic
from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.metrics import Metric, Registry


@pytest.fixture
def registry() -> Registry:
    return Registry()


def metric(registry: Registry, name: str) -> Metric:
    return next(
        metric for metric in registry.metrics() if metric.name == f"/tensorflow/serving/{name}"
    )


def test_every_request_is_counted_and_only_a_success_has_a_latency(registry: Registry):
    traffic = Traffic(registry)

    traffic.answered("m", Code.OK, "predict", "REST", 0.000_5)
    traffic.answered("m", Code.NOT_FOUND, "predict", "REST", 0.7)

    assert metric(registry, "request_count").points() == {("m", "NOT_FOUND"): 1, ("m", "OK"): 1}
    latencies = metric(registry, "request_latency").points()
    assert list(latencies) == [("m", "predict", "REST")]
    assert latencies["m", "predict", "REST"].total == 500


def test_runs_are_counted_by_model_and_api(registry: Registry):
    traffic = Traffic(registry)

    traffic.served("m", 1, "Classify", 0.002)
    traffic.ran("m", "Classify", 0.003)

    assert metric(registry, "runtime_latency").points()["m", "Classify", "TF1"].total == 5000


def test_a_version_knows_its_requests_and_how_many_failed(registry: Registry):
    traffic = Traffic(registry)

    for _ in range(2):
        traffic.served("m", 3, "Predict", 0.001)
    for code in (Code.INVALID_ARGUMENT, Code.INTERNAL):
        traffic.failed("m", 3, ServingError("no", code))

    assert traffic.of("m", 3) == Counts(4, 2)
    assert traffic.of("m", 4) == Counts()


def test_random_names_do_not_fill_the_memory_and_real_ones_keep_their_cells(registry: Registry):
    traffic = Traffic(registry)

    for number in range(MAX_NAMES + 50):
        traffic.answered(f"random {number}", Code.NOT_FOUND, "predict", "REST", 0)
    traffic.answered("x" * 10_000, Code.NOT_FOUND, "predict", "REST", 0)
    traffic.answered("real", Code.OK, "predict", "REST", 0)
    traffic.answered("real", Code.INVALID_ARGUMENT, "predict", "REST", 0)

    points = metric(registry, "request_count").points()
    assert len(points) == MAX_NAMES + 3
    assert points["", "NOT_FOUND"] == 51
    assert points["real", "INVALID_ARGUMENT"] == 1


def test_requests_are_kept_until_they_are_fetched_where_somebody_is_told_of_them(
    registry: Registry,
):
    traffic = RecordedTraffic(registry)

    traffic.served("m", 3, "Predict", 0.001)
    traffic.failed("m", 3, InvalidArgument("w" * 1000))

    assert traffic.of("m", 3) == Counts(2, 1)
    why = Refusal(Code.INVALID_ARGUMENT, "w" * MOST_CHARACTERS)
    assert traffic.fetch() == [("m", 3, 0.001), ("m", 3, why)]
    assert traffic.fetch() == []


def test_no_more_requests_are_kept_than_fit(registry: Registry):
    traffic = RecordedTraffic(registry)

    for number in range(MAX_KEPT + 1):
        traffic.served("m", 1, "Predict", number)

    assert len(kept := traffic.fetch()) == MAX_KEPT
    assert kept[-1] == ("m", 1, MAX_KEPT)


def test_a_server_that_reports_to_nobody_keeps_no_request(registry: Registry):
    traffic = Traffic(registry)

    traffic.served("m", 3, "Predict", 0.001)

    assert traffic.fetch() == []
