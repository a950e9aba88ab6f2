import pytest

from server_ext.api.gauges import Gauges
from server_ext.api.measured import MeasuredLoads
from server_ext.errors import InvalidArgument, NotFound
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader
from server_ext.metrics import Registry


class Model:
    """A servable that fails when its signature is None."""

    def __init__(self):
        self.signatures = {}
        self.memory_bytes = 0

    def run(self, signature, inputs, outputs):
        if signature is None:
            raise InvalidArgument("no")
        return [1]

    def close(self):
        pass


@pytest.fixture
def registry():
    return Registry()


def points(registry, name):
    return next(metric for metric in registry.metrics() if metric.name == name).points()


def missing():
    raise NotFound("no model here")


def test_loads_are_counted_by_path_and_outcome(registry):
    load = {"good": Model, "bad": missing}
    make_loader = MeasuredLoads(lambda name, version, path: Loader(load[name], path), registry)

    make_loader("good", 1, "/good/1").load()
    with pytest.raises(NotFound, match="no model here"):
        make_loader("bad", 1, "/bad/1").load()

    assert points(registry, "/tensorflow/cc/saved_model/load_attempt_count") == {
        ("/bad/1", "fail"): 1,
        ("/good/1", "success"): 1,
    }
    assert list(points(registry, "/tensorflow/cc/saved_model/load_latency")) == [("/good/1",)]


def test_runs_that_succeed_are_counted(registry):
    make_loader = MeasuredLoads(lambda name, version, path: Loader(Model, path), registry)
    servable = make_loader("m", 1, "/m/1").load()

    assert servable.run("signature", {}, ["y"]) == [1]
    with pytest.raises(InvalidArgument, match="no"):
        servable.run(None, {}, ["y"])

    assert registry.first("/tensorflow/core/graph_runs") == 1


def test_gauges_tell_versions_and_requests_in_flight(registry):
    manager = Manager()
    Gauges(registry, manager)
    manager.aspire("m", {1: Loader(Model), 2: Loader(Model)})
    manager.aspire("bad", {1: Loader(missing)})
    assert manager.wait("m", 1, State.AVAILABLE, 5)
    assert manager.wait("m", 2, State.AVAILABLE, 5)
    assert manager.wait("bad", 1, State.END, 5)

    with manager.handle("m", 1):
        in_flight = points(registry, "/tensorflow/serving/requests_in_flight")

    assert in_flight == {("m", "1"): 1, ("m", "2"): 0}
    assert points(registry, "/tensorflow/serving/loaded_versions") == {("bad",): 0, ("m",): 2}
    assert points(registry, "/tensorflow/serving/resident_memory_bytes")[()] > 1_000_000
    assert points(registry, "/tensorflow/serving/uptime_seconds")[()] in range(5)
    manager.close(5)
