"""Which models are told of, from a real manager and source with loads that the test decides on."""

from __future__ import annotations

import json
import os
import threading
from types import SimpleNamespace

import pytest

from server_ext.api.overview import Overview
from server_ext.api.traffic import Traffic
from server_ext.control.news import News
from server_ext.control.outbox import Outbox
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader
from server_ext.lifecycle.source import ModelConfig, Source, Specific
from server_ext.metrics import Registry

pytestmark = pytest.mark.tensorflow  # the configuration's messages import TensorFlow

WAIT_S = 10


class Disk:
    """Models below one directory, whose loads wait until they may go on."""

    def __init__(self, base) -> None:
        self.base = base
        self.go_on = threading.Event()
        self.go_on.set()

    def model(self, name, *numbers, **more):
        for number in numbers:
            (self.base / name / str(number)).mkdir(parents=True, exist_ok=True)
        return ModelConfig(name, str(self.base / name), **more)

    def loader(self, name, version, path):
        def load():
            assert self.go_on.wait(WAIT_S)
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
def pipe():
    """What is written, and where."""
    read, write = os.pipe()
    outbox = Outbox(write)
    with os.fdopen(read) as stream:
        yield SimpleNamespace(outbox=outbox, line=lambda: json.loads(stream.readline()))
    outbox.close(WAIT_S)
    os.close(write)


@pytest.fixture
def overview(manager, source):
    return Overview(
        manager, source, Traffic(Registry()), dict, lambda name, version: {"mode": "off"}
    )


@pytest.fixture
def news(manager, source, overview, pipe):
    news = News(manager, source, overview, pipe.outbox)
    yield news
    news.close()


def states(event):
    return {
        model["name"]: [(one["version"], one["state"]) for one in model["versions"]]
        for model in event["changed"]
    }


def test_the_first_event_has_all_models_as_the_overview_has_them(news, source, disk, pipe, manager):
    source.serve([disk.model("a", 1), disk.model("b", 1)])
    for name in "ab":
        assert manager.wait(name, 1, State.AVAILABLE, WAIT_S)

    news.start()

    first = pipe.line()
    assert (first["event"], first["removed"]) == ("models", [])
    assert states(first) == {"a": [(1, "AVAILABLE")], "b": [(1, "AVAILABLE")]}


def test_a_server_without_models_says_so_once(news, pipe):
    news.start()

    assert pipe.line() == {"event": "models", "changed": [], "removed": []}
    assert news.document() is None


def test_loads_are_told_while_and_when_they_are_over(news, source, disk, pipe):
    disk.go_on.clear()
    news.start()
    pipe.line()

    source.serve([disk.model("a", 1)])
    while states(event := pipe.line()) != {"a": [(1, "LOADING")]}:
        assert states(event).keys() == {"a"}
    disk.go_on.set()

    assert states(pipe.line()) == {"a": [(1, "AVAILABLE")]}


def test_only_what_has_changed_is_told(news, source, disk, manager, overview):
    a, b = disk.model("a", 1), disk.model("b", 1)
    source.serve([a, b])
    for name in "ab":
        assert manager.wait(name, 1, State.AVAILABLE, WAIT_S)
    assert news.document() is not None

    source.serve([a, disk.model("b", labels={"stable": 1})])

    event = news.document()
    assert event["changed"] == [overview.model(source.models[1])]
    assert event["changed"][0]["labels"] == {"stable": 1}
    assert news.document() is None


def test_counters_alone_are_not_told(news, source, disk, manager):
    source.serve([disk.model("a", 1)])
    assert manager.wait("a", 1, State.AVAILABLE, WAIT_S)
    news.document()

    with manager.handle("a"):
        assert news.document() is None


def test_a_problem_and_what_is_removed_are_told(news, source, disk):
    source.serve([disk.model("a", 1), ModelConfig("absent", str(disk.base / "absent"))])

    first = news.document()
    source.serve([disk.model("a", policy=Specific((7,)))])
    second = news.document()

    problems = {model["name"]: model["problem"] for model in first["changed"]}
    assert "does not exist" in problems["absent"]
    assert second["removed"] == ["absent"]
    assert "Version 7" in second["changed"][0]["problem"]
