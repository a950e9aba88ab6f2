"""Another configuration is applied as a whole or not at all, and says why not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from server_ext.errors import (
    Code,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ServableNotFound,
    ServingError,
    Unavailable,
)
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader
from server_ext.lifecycle.source import Latest, ModelConfig, Source, Specific

pytestmark = pytest.mark.tensorflow  # the messages import TensorFlow

WAIT_S = 10


class Disk:
    """Models below one directory; a load fails with `errors[name]` and waits for `held[name]`."""

    def __init__(self, base):
        self.base = base
        self.errors = {}
        self.held = {}

    def model(self, name, *numbers, **more):
        for number in numbers:
            (self.base / name / str(number)).mkdir(parents=True, exist_ok=True)
        return ModelConfig(name, str(self.base / name), **more)

    def loader(self, name, version, path):
        def load():
            if name in self.held:
                assert self.held[name].wait(WAIT_S)
            if name in self.errors:
                raise self.errors[name]
            return SimpleNamespace(signatures={}, memory_bytes=1, close=lambda: None)

        return Loader(load, path)


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


@pytest.fixture
def manager():
    manager = Manager()
    yield manager
    manager.close(WAIT_S)


@pytest.fixture
def source(manager, disk):
    return Source(manager, disk.loader, poll_wait_s=0)


@pytest.fixture
def make_reloads(manager, source):
    from server_ext.api.reload import Reloads

    def make(timeout_s=WAIT_S, **more):
        return Reloads(manager, source, timeout_s=timeout_s, **more)

    return make


@pytest.fixture
def reloads(make_reloads):
    return make_reloads()


def answering(manager):
    found = {}
    for name in manager.models():
        try:
            handle = manager.handle(name)
        except ServableNotFound:
            continue
        found[name] = handle.version
        handle.release()
    return found


def comes_to(manager, expected):
    return manager.wait_until(lambda: answering(manager) == expected, WAIT_S)


def test_added_models_answer_when_it_returns_and_removed_ones_go(reloads, manager, disk):
    a, b = disk.model("a", 1), disk.model("b", 1, 2)
    reloads.apply([a])
    assert answering(manager) == {"a": 1}

    reloads.apply([b])

    assert answering(manager)["b"] == 2
    assert comes_to(manager, {"b": 2})


def test_models_that_go_answer_while_those_that_come_are_loading(reloads, manager, disk):
    reloads.apply([disk.model("a", 1)])
    disk.held["b"] = threading.Event()

    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(reloads.apply, [disk.model("b", 1)])
        assert manager.wait("b", 1, State.LOADING, WAIT_S)
        assert answering(manager) == {"a": 1}
        assert not reload.done()
        disk.held["b"].set()
        reload.result(WAIT_S)

    assert comes_to(manager, {"b": 1})


def test_one_added_model_that_fails_undoes_all_of_it(reloads, manager, source, disk):
    a = disk.model("a", 1, 2, policy=Latest(2))
    reloads.apply([a])
    assert comes_to(manager, {"a": 2})
    disk.errors["bad"] = NotFound("no such file: weights")
    changed = disk.model("a", 1, 2, policy=Specific((1,)))

    with pytest.raises(ServingError) as error:
        reloads.apply([changed, disk.model("good", 1), disk.model("bad", 7)])

    assert error.value.code is Code.UNKNOWN
    assert error.value.message.startswith(
        "1 model(s) did not become available: {{{name: bad version: 7} "
        "due to error: NOT_FOUND: no such file: weights}"
    )
    assert source.models == (a,)
    assert comes_to(manager, {"a": 2})


def test_a_model_without_a_base_path_is_refused_at_once_with_the_path(reloads, source, disk):
    with pytest.raises(ServingError, match=r"name: lost.*base path .*lost does not exist"):
        reloads.apply([disk.model("lost")])

    assert source.models == ()


def test_a_model_that_is_not_there_in_time_is_named(make_reloads, manager, source, disk):
    reloads = make_reloads(timeout_s=0.1)
    disk.held["slow"] = threading.Event()

    with pytest.raises(ServingError, match=r"within 0\.1 s.*name: slow.*LOADING") as error:
        reloads.apply([disk.model("slow", 1)])

    disk.held["slow"].set()
    assert error.value.code is Code.DEADLINE_EXCEEDED
    assert source.models == ()
    assert manager.wait("slow", 1, State.END, WAIT_S)


def test_one_version_of_an_added_model_is_enough(reloads, manager, disk):
    config = disk.model("m", 2, policy=Specific((1, 2)))

    reloads.apply([config])

    assert answering(manager) == {"m": 2}


def test_changes_of_a_model_that_stays_are_not_awaited(reloads, manager, disk):
    reloads.apply([disk.model("a", 1)])
    disk.errors["a"] = NotFound("gone")
    disk.model("a", 2)

    reloads.apply([disk.model("a", policy=Specific((2,)))])

    assert manager.wait("a", 2, State.END, WAIT_S)
    assert answering(manager) == {"a": 1}


def test_without_waiting_a_model_that_fails_stays_configured(reloads, manager, source, disk):
    disk.errors["bad"] = NotFound("broken")
    bad = disk.model("bad", 1)

    reloads.apply([bad, disk.model("a", 1)], wait=False)

    assert comes_to(manager, {"a": 1})
    assert bad in source.models


def test_an_empty_configuration_unloads_everything(reloads, manager, disk):
    reloads.apply([disk.model("a", 1)])

    reloads.apply([])

    assert manager.wait("a", 1, State.END, WAIT_S)


def test_a_model_keeps_its_platform(reloads, disk):
    reloads.apply([disk.model("a", 1)])

    with pytest.raises(InvalidArgument, match="Illegal to change a model's platform"):
        reloads.apply([disk.model("a", 1, platform="other")])


def test_a_refused_label_changes_nothing(reloads, source, disk):
    with pytest.raises(FailedPrecondition, match="not currently available for inference"):
        reloads.apply([disk.model("a", 1, labels={"stable": 9})])

    assert source.models == ()


def test_a_replay_may_have_labels_that_were_accepted_before(reloads, source, manager, disk):
    labelled = disk.model("a", 1, labels={"stable": 9})

    reloads.apply([labelled], wait=False, replay=True)

    assert source.models == (labelled,)
    assert comes_to(manager, {"a": 1})


def test_a_server_that_stops_ends_the_wait_and_applies_no_more(reloads, manager, disk):
    disk.held["slow"] = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(reloads.apply, [disk.model("slow", 1)])
        assert manager.wait("slow", 1, State.LOADING, WAIT_S)

        reloads.close()

        with pytest.raises(Unavailable, match="shutting down"):
            reload.result(WAIT_S)
    disk.held["slow"].set()
    with pytest.raises(Unavailable, match="shutting down"):
        reloads.apply([])


def request(text, *metric_names):
    from google.protobuf import text_format
    from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest

    message = ReloadConfigRequest(metric_names=metric_names)
    text_format.Parse(text, message.config)
    return message


def test_a_request_is_answered_with_how_much_the_metrics_it_names_grew(make_reloads, disk):
    disk.model("a", 1)
    values = iter([5, 0, 12, 0])
    reloads = make_reloads(counter=lambda name: next(values))

    response = reloads.handle(
        request(
            f'model_config_list {{ config {{ name: "a" base_path: "{disk.base}/a" '
            'model_platform: "tensorflow" } }',
            "/tensorflow/serving/request_count",
            "/no/such/metric",
        )
    )

    assert response.HasField("status")
    assert (response.status.error_code, response.status.error_message) == (0, "")
    grown = [(metric.name, metric.int64_value_increase) for metric in response.metric]
    assert grown == [("/tensorflow/serving/request_count", 7), ("/no/such/metric", 0)]


@pytest.mark.parametrize("text", ["", 'custom_model_config { type_url: "a/b" }'])
def test_a_request_without_a_list_of_models_is_refused(reloads, text):
    with pytest.raises(
        InvalidArgument, match="type not supported by HandleReloadConfigRequest"
    ) as error:
        reloads.handle(request(text))

    assert "model_config_list" in str(error.value)
