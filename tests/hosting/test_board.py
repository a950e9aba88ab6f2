"""What is shown of a server's models, and told as it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server_ext.errors import NotFound
from server_ext.hosting.board import Board
from server_ext.hosting.models import Model
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.wanted import Entry, Wanted

M = Wanted([Entry(Model("m", "/m"))])


def said(state: str, *, name: str = "m") -> dict[str, Any]:
    """Return what the server tells of a model with a version in this state."""
    version = {"version": 1, "state": state, "in_flight": 0, "requests": 3, "errors": 0}
    entry = {"name": name, "base_path": "/m", "problem": None, "versions": [version]}
    return {"event": "models", "changed": [entry], "removed": []}


REMOVED = {"event": "models", "changed": [], "removed": ["m"]}


@pytest.fixture
def board() -> Iterator[Board]:
    """A board with the model `m`, which is wanted and answers."""
    board = Board(Situation(), M)
    board.hear(said("AVAILABLE"))
    yield board
    board.disk.close()


@pytest.fixture
def heard(board: Board) -> list[tuple[list[str], list[str]]]:
    """The names of the models that subscribers hear of: changed ones and removed ones."""
    events: list[tuple[list[str], list[str]]] = []

    def hear(event: dict[str, Any]) -> None:
        if event["type"] == "models":
            events.append(([model["name"] for model in event["changed"]], event["removed"]))

    board.subscribe(hear)
    return events


def names(board: Board) -> list[str]:
    return [model["name"] for model in board.status()["models"]]


def test_a_model_that_we_removed_is_gone_at_once_and_told_once(board: Board, heard: list[Any]):
    board.set_wanted(Wanted(), {})
    assert names(board) == []
    board.hear(said("UNLOADING"))
    assert names(board) == []
    board.hear(REMOVED)

    assert names(board) == []
    assert heard == [([], ["m"])]


def test_a_model_that_is_wanted_again_before_it_is_unloaded_is_shown(
    board: Board, heard: list[Any]
):
    board.set_wanted(Wanted(), {})
    board.set_wanted(M, {})
    board.hear(REMOVED)

    assert names(board) == ["m"]
    assert heard == [([], ["m"]), (["m"], []), (["m"], [])]


def test_a_model_that_only_the_server_knows_is_shown_until_it_says_that_it_is_gone(
    board: Board, heard: list[Any]
):
    board.hear(said("AVAILABLE", name="theirs"))
    assert names(board) == ["m", "theirs"]

    board.hear({**REMOVED, "removed": ["theirs"]})

    assert names(board) == ["m"]
    assert heard == [(["theirs"], []), ([], ["theirs"])]


def test_the_end_of_a_run_is_the_end_of_what_it_still_unloaded(board: Board, heard: list[Any]):
    board.set_wanted(Wanted(), {})

    board.run_is_over()
    board.hear(said("AVAILABLE"))

    assert heard == [([], ["m"]), (["m"], [])]


RUNNING = Situation(State.RUNNING)


def sample(**counters: int) -> dict[str, Any]:
    """Return a sample, with a version of `m` if it has counters."""
    versions = [{"name": "m", "version": 1, **counters}] if counters else []
    return {"event": "sample", "at": 1000.0, "in_flight": 0, "versions": versions}


def version(board: Board) -> dict[str, Any]:
    """Return the only version of the only model."""
    (model,) = board.status()["models"]
    (found,) = model["versions"]
    return dict(found)


def test_the_counters_of_a_version_are_those_of_the_last_sample(board: Board):
    board.hear(sample(requests=90, errors=4, in_flight=2))
    found = version(board)
    assert (found["requests"], found["errors"], found["in_flight"]) == (90, 4, 2)

    board.hear(sample())

    found = version(board)
    assert (found["requests"], found["errors"], found["in_flight"]) == (90, 4, 0)


def test_what_is_told_of_a_model_is_not_older_than_its_sample(board: Board):
    board.hear(sample(requests=2, errors=0, in_flight=0))

    assert version(board)["requests"] == 3


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State.STOPPED, "END"),
        (State.FAILED, "END"),
        (State.STARTING, "START"),
        (State.RESTARTING, "START"),
    ],
)
def test_the_versions_of_a_server_that_is_gone_stay_listed(board: Board, state: State, shown: str):
    board.set_situation(RUNNING)
    board.hear(sample(requests=90, errors=4, in_flight=2))

    board.run_is_over()
    board.set_situation(Situation(state))

    found = version(board)
    assert (found["state"], found["requests"], found["in_flight"]) == (shown, 90, 0)
    assert found["since"] > 0


def test_versions_that_come_back_wait_until_the_server_has_looked_for_them(board: Board):
    board.set_situation(RUNNING)
    board.run_is_over()
    board.hear({"event": "models", "changed": [], "removed": []})
    assert version(board)["state"] == "START"

    unseen = {"name": "m", "base_path": "/m", "problem": None, "versions": []}
    board.hear({"event": "models", "changed": [unseen], "removed": []})
    assert version(board)["state"] == "START"

    board.hear({"event": "models", "changed": [{**unseen, "problem": "none"}], "removed": []})
    assert board.status()["models"][0]["versions"] == []


def test_subscribers_hear_when_versions_are_not_to_come_back(board: Board):
    board.set_situation(RUNNING)
    events: list[Any] = []
    board.subscribe(events.append)

    board.run_is_over()
    board.set_situation(Situation(State.FAILED))

    states = [
        model["versions"][0]["state"] for event in events for model in event.get("changed", ())
    ]
    assert states == ["START", "END"]


def test_a_model_that_was_removed_has_no_versions_when_it_is_wanted_again(board: Board):
    board.run_is_over()
    board.set_wanted(Wanted(), {})
    board.set_wanted(M, {})

    assert board.status()["models"][0]["versions"] == []


def test_a_server_that_stops_tells_how_many_requests_are_left(board: Board):
    board.set_situation(Situation(State.STOPPING))
    events: list[Any] = []
    board.subscribe(events.append)

    board.hear({**sample(), "in_flight": 12})

    assert [event["server"]["in_flight"] for event in events if event["type"] == "server"] == [12]
    assert board.status()["server"]["in_flight"] == 12


def test_what_happens_is_told_and_kept_in_sentences(board: Board):
    events: list[Any] = []
    board.subscribe(events.append)

    board.hear(said("UNLOADING"))
    board.hear(said("END"))
    board.set_wanted(Wanted(), {})

    told = [one for event in events if event["type"] == "happened" for one in event["events"]]
    assert [one["text"] for one in told] == [
        "Version 1 of m was unloaded.",
        "m is served no longer.",
    ]
    assert board.status()["events"][-2:] == told


def test_the_history_of_a_model_that_nobody_serves_is_not_found(board: Board):
    with pytest.raises(NotFound, match="Model 'other' is not served"):
        board.history("other", None, "1m")

    assert board.history("m", 1, "1m")["points"] == [None] * 60


def test_the_history_has_what_happened_within_it(board: Board):
    (event,) = board.history("m", None, "1m")["events"]

    assert (event["model"], event["version"], event["kind"]) == ("m", 1, "available")


def test_the_server_has_the_memory_that_it_may_take(board: Board):
    assert board.status()["server"]["memory_limit_bytes"] > 100_000_000
