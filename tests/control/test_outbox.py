"""What is written, in which order, to a reader that reads, does not, or is gone."""

from __future__ import annotations

import json
import os
import select
import threading

import pytest

from server_ext.control import outbox as module
from server_ext.control.outbox import Outbox

WAIT_S = 10
FULL = {"fills": "x" * 1_000_000}


class Reader:
    """The end of the pipe that is read from, when asked to."""

    def __init__(self) -> None:
        self._end, self.file = os.pipe()
        self._stream = os.fdopen(self._end, "r")

    def line(self):
        return json.loads(self._stream.readline())

    def text(self) -> str:
        return self._stream.readline()

    def something_is_there(self) -> bool:
        """Wait until the writer has begun."""
        return bool(select.select([self._end], [], [], WAIT_S)[0])

    def leave(self) -> None:
        self._stream.close()


@pytest.fixture
def reader():
    reader = Reader()
    yield reader
    reader.leave()
    os.close(reader.file)


@pytest.fixture
def outbox(reader):
    outbox = Outbox(reader.file)
    yield outbox
    reader.leave()
    outbox.close(WAIT_S)


def test_lines_come_in_their_order(outbox, reader):
    outbox.say("first\nsecond")
    for number in range(100):
        outbox.send({"id": number})

    assert [reader.text(), reader.text()] == ["first\n", "second\n"]
    assert [reader.line()["id"] for _ in range(100)] == list(range(100))


def test_who_sends_now_knows_that_the_pipe_has_it(outbox, reader):
    assert outbox.send_now({"event": "loading"}, WAIT_S)

    assert reader.line() == {"event": "loading"}


def test_who_sends_now_does_not_wait_for_ever(outbox):
    outbox.send(FULL)  # more than a pipe has room for

    assert not outbox.send_now({"event": "loading"}, 0.05)


def test_a_state_is_made_when_there_is_room_and_replies_are_all_kept(outbox, reader):
    state = {"number": 0}
    outbox.send(FULL)
    assert reader.something_is_there()
    for number in range(1, 1001):
        state["number"] = number
        outbox.due("state", lambda: dict(state))
        outbox.send({"id": number})

    assert reader.line() == FULL
    assert [reader.line()["id"] for _ in range(1000)] == list(range(1, 1001))
    assert reader.line() == {"number": 1000}


def test_the_states_of_a_kind_are_apart(outbox, reader):
    made = []

    def make():
        made.append(module.time.monotonic())
        return {"number": len(made)}

    for number in range(1, 4):
        outbox.due("state", make, apart_s=0.05)
        assert reader.line() == {"number": number}

    assert made[1] - made[0] >= 0.05
    assert made[2] - made[1] >= 0.05


def test_nothing_to_tell_writes_nothing_and_a_failure_ends_nothing(outbox, reader, caplog):
    outbox.due("nothing", lambda: None)
    outbox.due("failing", lambda: 1 / 0)
    outbox.due("state", lambda: {"here": True})

    assert reader.line() == {"here": True}
    assert "The event failing failed" in caplog.text


def test_a_reader_that_is_gone_holds_up_nobody(outbox, reader):
    reader.leave()

    assert outbox.send_now({"id": 1}, WAIT_S)
    assert outbox.send_now({"id": 2}, WAIT_S)


def test_what_nobody_reads_does_not_fill_the_memory(outbox, reader, monkeypatch):
    monkeypatch.setattr(module, "MAX_LINES", 10)
    outbox.send(FULL)
    assert reader.something_is_there()
    started = threading.Event()
    outbox.due("never", lambda: started.set())  # not made while the pipe is full
    for number in range(100):
        outbox.send({"id": number})

    assert not started.is_set()
    assert reader.line() == FULL
    assert [reader.line()["id"] for _ in range(10)] == list(range(90, 100))


def test_closing_writes_what_is_there_and_what_is_due(reader):
    outbox = Outbox(reader.file)
    outbox.due("state", lambda: {"number": 1}, apart_s=60)
    assert reader.line() == {"number": 1}
    outbox.due("state", lambda: {"number": 2}, apart_s=60)
    outbox.send({"id": 1})

    outbox.close(WAIT_S)

    assert [reader.line(), reader.line()] == [{"id": 1}, {"number": 2}]
