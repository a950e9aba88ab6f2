"""What happened, in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from server_ext.hosting import journal
from server_ext.hosting.journal import MOST_KEPT, Happening, Journal
from server_ext.hosting.models import Model
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.wanted import Entry, Wanted

ERROR = {"code": "DATA_LOSS", "message": "The file is damaged."}


def model(*versions: dict[str, Any]) -> dict[str, Any]:
    return {"name": "m", "versions": [{"path": "/m", "since": 7.0, **each} for each in versions]}


def version(state: str, **more: Any) -> dict[str, Any]:
    return {"version": 8, "state": state, **more}


@pytest.mark.parametrize(
    ("before", "after", "kind", "text"),
    [
        (version("START"), version("LOADING"), "loading", "Version 8 of m is being loaded."),
        (version("LOADING"), version("AVAILABLE", load_seconds=4.21), "available",
         "Version 8 of m was loaded in 4.2 s."),
        (version("LOADING"), version("END", error=ERROR), "failed",
         "Version 8 of m could not be loaded: The file is damaged."),
        (version("LOADING"), version("LOADING", error=ERROR), "failed",
         "Version 8 of m could not be loaded: The file is damaged. It is tried again."),
        (version("UNLOADING"), version("END"), "unloaded", "Version 8 of m was unloaded."),
    ],
)  # fmt: skip
def test_a_new_state_of_a_version_is_a_sentence(before: Any, after: Any, kind: str, text: str):
    (found,) = journal.of_models({"m": model(before)}, [model(after)])

    assert found == Happening(7.0, "m", 8, kind, text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (version("AVAILABLE"), version("AVAILABLE", requests=3)),
        (version("AVAILABLE"), version("UNLOADING")),
        (version("END", error=ERROR), version("END", error=ERROR)),
    ],
)
def test_what_is_no_news_is_not_told(before: Any, after: Any):
    assert journal.of_models({"m": model(before)}, [model(after)]) == []


def test_a_version_that_comes_to_a_known_model_was_found():
    old = {"version": 7, "state": "AVAILABLE"}

    first = journal.of_models({}, [model(old)])
    second = journal.of_models({"m": model(old)}, [model(version("START"), old)])
    gone = journal.of_models({"m": model(version("UNLOADING"), old)}, [model(old)])

    assert [each.kind for each in first] == ["available"]
    assert [each.text for each in second] == ["Version 8 of m was found in /m."]
    assert [each.text for each in gone] == ["Version 8 of m was unloaded."]


def test_labels_and_models_that_come_and_go_are_told():
    def wanted(**labels: int) -> Wanted:
        return Wanted([Entry(Model("m", "/models/m", labels=labels))])

    def texts(before: Wanted, after: Wanted) -> list[str]:
        return [each.text for each in journal.of_wanted(before, after)]

    assert texts(Wanted(), wanted(stable=7)) == [
        "m is served from /models/m.",
        "Label stable of m stands for version 7.",
    ]
    assert texts(wanted(stable=7, old=6), wanted(stable=8)) == [
        "Label old of m was removed from version 6.",
        "Label stable of m was moved from version 7 to 8.",
    ]
    assert texts(wanted(stable=8), Wanted()) == ["m is served no longer."]


@pytest.mark.parametrize(
    ("state", "reason", "text"),
    [
        (State.RESTARTING, "It ended.", "It ended. It is started again."),
        (State.FAILED, "It ended.", "The model server failed: It ended."),
        (State.STOPPED, "", "The model server was stopped."),
        (State.STOPPED, "It ended.", "It ended."),
    ],
)
def test_a_new_state_of_the_server_is_a_sentence(state: State, reason: str, text: str):
    after = Situation(state, reason)

    assert [each.text for each in journal.of_server(Situation(State.RUNNING), after)] == [text]
    assert journal.of_server(after, Situation(state, reason)) == []


def test_a_start_is_told_when_it_is_over():
    running = Situation(State.RUNNING, start_seconds=3.14)

    assert journal.of_server(Situation(), Situation(State.STARTING)) == []
    (found,) = journal.of_server(Situation(State.STARTING), running)
    assert found.text == "The model server is running, after 3.1 s."


def test_the_oldest_are_forgotten_and_others_are_found_by_what_they_concern():
    kept = Journal()
    kept.add(Happening(at, "m", at % 2, "found", "") for at in range(MOST_KEPT + 10))
    kept.add([Happening(2000.0, None, None, "server", ""), Happening(3000.0, "n", 1, "found", "")])

    assert len(kept.last(2 * MOST_KEPT)) == MOST_KEPT
    assert {each["version"] for each in kept.of("m", 1, 1000.0)} == {1, None}
    assert [each["at"] for each in kept.of("m", None, 2000.0)] == [2000.0]
    assert len(kept.of(None, None, 2000.0)) == 2
