"""One thing after the other: results, errors, and who waits for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from server_ext.errors import NotFound, Unavailable
from server_ext.hosting.turns import Turns


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns("test-turns")
    yield turns
    turns.close()


def test_results_and_errors_come_back_to_the_one_who_asked(turns: Turns):
    def refuse() -> None:
        raise NotFound("no such thing")

    assert turns.do(lambda: 7) == 7
    with pytest.raises(NotFound, match="no such thing"):
        turns.do(refuse)


def test_things_are_done_in_the_order_they_came(turns: Turns):
    done: list[int] = []
    first = threading.Event()
    turns.later(lambda: first.wait(30) and None)

    for number in range(20):
        turns.later(lambda number=number: done.append(number))
    first.set()
    turns.do(lambda: None)

    assert done == list(range(20))


def test_an_error_that_nobody_waits_for_is_logged(turns: Turns, caplog: pytest.LogCaptureFixture):
    def fail() -> None:
        raise OSError("broken")

    with caplog.at_level(logging.ERROR):
        turns.later(fail)
        assert turns.do(lambda: "goes on") == "goes on"

    assert "What was to be done later failed" in caplog.text


def test_closing_does_what_was_asked_for_and_no_more(turns: Turns):
    done: list[str] = []
    turns.later(lambda: done.append("before"))

    turns.close()
    turns.later(lambda: done.append("after"))

    assert done == ["before"]
    with pytest.raises(Unavailable, match="closed"):
        turns.do(lambda: None)
