"""What is shown of a server's models, and told as it changes."""

from __future__ import annotations

from typing import Any

import pytest

from server_ext.hosting.board import Board
from server_ext.hosting.models import Model
from server_ext.hosting.situation import Situation
from server_ext.hosting.wanted import Entry, Wanted

M = Wanted([Entry(Model("m", "/m"))])


def said(state: str, *, name: str = "m") -> dict[str, Any]:
    """Return what the server tells of a model with a version in this state."""
    entry = {"name": name, "base_path": "/m", "problem": None, "versions": [{"state": state}]}
    return {"event": "models", "changed": [entry], "removed": []}


REMOVED = {"event": "models", "changed": [], "removed": ["m"]}


@pytest.fixture
def board() -> Board:
    """A board with the model `m`, which is wanted and answers."""
    board = Board(Situation(), M)
    board.hear(said("AVAILABLE"))
    return board


@pytest.fixture
def heard(board: Board) -> list[tuple[list[str], list[str]]]:
    """The names of the models that subscribers hear of: changed ones and removed ones."""
    events: list[tuple[list[str], list[str]]] = []
    board.subscribe(
        lambda event: events.append(([m["name"] for m in event["changed"]], event["removed"]))
    )
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
