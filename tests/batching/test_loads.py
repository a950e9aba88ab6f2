"""Which versions are batched, as the flags say."""

from __future__ import annotations

import gc
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from server_ext.batching.batched import Batched
from server_ext.batching.loads import Batching
from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Hazards, Loader
from server_ext.metrics import Registry
from server_ext.options import Options

WAIT_S = 10
AVAILABLE, END = State.AVAILABLE, State.END


@pytest.fixture
def make_batching():
    made = []

    def make(**flags):
        made.append(Batching(Options(**flags), Registry()))
        return made[-1]

    yield make
    for batching in made:
        batching.close(WAIT_S)


def load(batching, fake_model, version, path=""):
    make_loader = batching.loads(lambda name, version, path: Loader(fake_model, path))
    return make_loader("m", version, str(path)).load()


def test_nothing_is_batched_without_the_flag(make_batching, fake_model):
    batching = make_batching()

    assert type(load(batching, fake_model, 1)) is fake_model
    assert batching.of("m", 1) == {
        "mode": "off",
        "max_batch_size": None,
        "reason": "--enable_batching is not set",
    }


def test_the_flag_alone_means_the_defaults(make_batching, fake_model):
    batching = make_batching(enable_batching=True)

    loaded = load(batching, fake_model, 1)

    assert isinstance(loaded, Batched)
    assert batching.of("m", 1) == {
        "mode": "on",
        "max_batch_size": 1000,
        "reason": "--enable_batching, with defaults",
    }


def test_the_file_counts_for_all_versions(make_batching, fake_model, tmp_path: Path):
    file = tmp_path / "batching.txt"
    file.write_text("max_batch_size { value: 7 }")
    batching = make_batching(enable_batching=True, batching_parameters_file=str(file))

    loaded = load(batching, fake_model, 1)

    assert loaded.parameters.max_batch_size == 7
    assert batching.of("m", 1) == {
        "mode": "on",
        "max_batch_size": 7,
        "reason": "--batching_parameters_file",
    }
    assert batching.of("m", None) == {
        "mode": "off",
        "max_batch_size": None,
        "reason": "no version is loaded",
    }


def test_each_version_may_say_for_itself(make_batching, fake_model, ask, tmp_path: Path):
    file = tmp_path / "batching.txt"
    file.write_text('max_batch_size { value: 7 } thread_pool_name { value: "shared" }')
    for version in (1, 2):
        (tmp_path / str(version)).mkdir()
    (tmp_path / "1" / "batching_params.pbtxt").write_text("max_batch_size { value: 5 }")
    batching = make_batching(
        enable_batching=True,
        batching_parameters_file=str(file),
        enable_per_model_batching_parameters=True,
    )

    one, two = (load(batching, fake_model, v, tmp_path / str(v)) for v in (1, 2))

    assert one.parameters.max_batch_size == 5
    assert type(two) is fake_model
    assert batching.of("m", 1)["max_batch_size"] == 5
    assert batching.of("m", 2) == {
        "mode": "off",
        "max_batch_size": None,
        "reason": "version 2 has no batching_params.pbtxt",
    }
    request = ask(one, {"x": np.ones((1, 1))})
    assert request.rows() == [[2.0]]
    assert request.thread.startswith("shared-")


def test_parameters_that_do_not_fit_fail_the_load_of_a_version(
    make_batching, fake_model, tmp_path: Path
):
    file = tmp_path / "batching.txt"
    file.write_text("max_batch_size { value: 8 } allowed_batch_sizes: 4")
    batching = make_batching(enable_batching=True, batching_parameters_file=str(file))

    with pytest.raises(InvalidArgument, match="Last entry in allowed_batch_sizes must match"):
        load(batching, fake_model, 1)


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("max_batch {}", "Invalid protobuf file", Code.INVALID_ARGUMENT),
        ("num_batch_threads { value: 0 }", "must be positive", Code.INVALID_ARGUMENT),
        (None, "does not exist", Code.NOT_FOUND),
    ],
)
def test_a_file_that_is_wrong_fails_the_start(make_batching, tmp_path: Path, text, words, code):
    file = tmp_path / "batching.txt"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ServingError, match=words) as failure:
        make_batching(enable_batching=True, batching_parameters_file=str(file))

    assert failure.value.code is code


def test_a_file_without_the_flag_is_refused():
    with pytest.raises(InvalidArgument, match="batching_parameters_file is set without"):
        Options(batching_parameters_file="batching.txt")


def test_parameters_per_version_without_the_flag_are_said_to_do_nothing(make_batching, caplog):
    make_batching(enable_per_model_batching_parameters=True)

    assert "Nothing is batched: it needs --enable_batching" in caplog.text


def test_requests_that_wait_are_shown_for_each_model_that_is_loaded(fake_model, ask):
    registry = Registry()
    batching = Batching(Options(enable_batching=True), registry)
    model = fake_model()
    make_loader = batching.loads(lambda name, version, path: Loader(lambda: model, path))
    servable = make_loader("m", 1, "").load()
    queued = next(
        metric for metric in registry.metrics() if metric.name.endswith("/queued_requests")
    )

    assert queued.points() == {("m",): 0}
    model.hold()
    threads = os.cpu_count() or 1
    requests = []
    for _ in range(threads):
        requests.append(ask(servable, {"x": np.ones((1, 1))}))
        model.entered.get(timeout=WAIT_S)
    requests += [ask(servable, {"x": np.ones((1, 1))}) for _ in range(3)]
    assert queued.points() == {("m",): 3}
    model.let_go()
    for request in requests:
        request.answer()
    batching.close(WAIT_S)
    del servable
    gc.collect()
    assert queued.points() == {}


def test_a_version_is_closed_only_when_all_that_waited_has_run(make_batching, fake_model, ask):
    batching = make_batching(enable_batching=True)
    model = fake_model()
    make_loader = batching.loads(lambda name, version, path: Loader(lambda: model, path))
    manager = Manager()
    manager.aspire("m", {1: make_loader("m", 1, "")})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    model.hold()
    handles, requests = [], []
    for _ in range(20):
        handle = manager.handle("m")
        handles.append(handle)
        requests.append(ask(handle.servable, {"x": np.ones((1, 1))}, given_back=handle.release))
    manager.aspire("m", {})
    assert manager.wait("m", 1, State.UNLOADING, WAIT_S)
    assert not model.closed

    model.let_go()

    assert [request.rows() for request in requests] == [[[2.0]]] * 20
    assert manager.wait("m", 1, END, WAIT_S)
    assert model.closed
    manager.close(WAIT_S)


@pytest.fixture
def shown_model(fake_model):
    """A model that doubles numbers, gains by batches, and may be tried out."""

    class Shown(fake_model):
        def hazards(self, signature):
            return Hazards()

        def run(self, signature, inputs, outputs):
            sum(range(20_000))
            return super().run(signature, inputs, outputs)

    return Shown


@pytest.fixture
def make_auto(make_batching, tmp_path: Path):
    return partial(make_batching, batching="auto", cache_directory=str(tmp_path / "cache"))


def test_auto_batches_what_was_shown_and_tells_so(make_auto, shown_model):
    batching = make_auto()

    loaded = load(batching, shown_model, 1)

    page = batching.of("m", 1)
    assert isinstance(loaded, Batched)
    assert page["mode"] == "on"
    assert page["max_batch_size"] == loaded.parameters.max_batch_size > 1
    assert "its rows do not depend on each other, as was shown" in page["reason"]
    assert page["signatures"]["serving_default"]["mode"] == "on"


def test_auto_leaves_what_was_not_shown_as_it_is(make_auto, fake_model):
    batching = make_auto()

    loaded = load(batching, fake_model, 1)

    assert type(loaded) is fake_model
    assert batching.of("m", 1)["mode"] == "off"
    assert "of which nothing is known" in batching.of("m", 1)["reason"]


def test_auto_refuses_nothing_that_is_answered_without_batches(make_auto, shown_model, ask):
    batching = make_auto()
    loaded = load(batching, shown_model, 1)
    rows = loaded.parameters.max_batch_size + 1

    large = ask(loaded, {"x": np.ones((rows, 1))})
    scalar = ask(loaded, {"x": np.ones(())})

    assert large.rows() == [[2.0]] * rows
    assert scalar.rows() == 2.0


def test_auto_keeps_within_the_file(make_auto, shown_model, tmp_path: Path):
    file = tmp_path / "batching.txt"
    file.write_text("max_batch_size { value: 4 } pad_variable_length_inputs: true")
    batching = make_auto(batching_parameters_file=str(file))

    loaded = load(batching, shown_model, 1)

    assert loaded.parameters.max_batch_size in (2, 4)
    assert not loaded.parameters.pad_variable_length_inputs


def test_auto_takes_versions_with_a_file_alone_where_that_was_asked_for(
    make_auto, shown_model, tmp_path: Path
):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "batching_params.pbtxt").write_text("max_batch_size { value: 4 }")
    batching = make_auto(enable_per_model_batching_parameters=True)

    one, two = (load(batching, shown_model, v, tmp_path / str(v)) for v in (1, 2))

    assert one.parameters.max_batch_size in (2, 4)
    assert type(two) is shown_model
    assert batching.of("m", 2)["reason"] == "version 2 has no batching_params.pbtxt"


def test_decisions_are_metrics_as_long_as_the_version_is_loaded(shown_model, tmp_path: Path):
    registry = Registry()
    options = Options(batching="auto", cache_directory=str(tmp_path))
    batching = Batching(options, registry)
    loaded = load(batching, shown_model, 3)

    def points(name):
        full = f"/tensorflow/serving/batching_session/{name}"
        return next(metric for metric in registry.metrics() if metric.name == full).points()

    assert points("max_batch_size") == {("m", "3"): loaded.parameters.max_batch_size}
    assert points("decision") == {("m", "3", "serving_default", "batched"): 1}
    del loaded
    gc.collect()
    assert points("max_batch_size") == points("decision") == {}
    batching.close(WAIT_S)


def test_padding_in_auto_mode_is_said_to_be_ignored(make_auto, tmp_path: Path, caplog):
    file = tmp_path / "batching.txt"
    file.write_text("pad_variable_length_inputs: true")
    make_auto(batching_parameters_file=str(file))

    assert "pad_variable_length_inputs is ignored" in caplog.text


@pytest.mark.parametrize("mode", ["", "on"])
def test_both_flags_may_say_on(mode: str):
    assert Options(enable_batching=True, batching=mode).batching_mode == "on"


@pytest.mark.parametrize("mode", ["off", "auto"])
def test_two_flags_that_disagree_are_refused(mode: str):
    with pytest.raises(InvalidArgument, match=f"--batching is {mode}: give one of the two"):
        Options(enable_batching=True, batching=mode)


@pytest.mark.parametrize(
    ("flags", "mode"), [({}, "off"), ({"batching": "auto"}, "auto"), ({"batching": "on"}, "on")]
)
def test_batching_is_off_unless_a_flag_says_otherwise(flags, mode: str):
    assert Options(**flags).batching_mode == mode


def test_an_unknown_mode_is_refused():
    with pytest.raises(InvalidArgument, match="--batching is 'yes': use off, on or auto"):
        Options(batching="yes")
