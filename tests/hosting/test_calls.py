"""Commands over the pipe to a server, and what comes back: replies, events, silence, the end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_ext.errors import Code, ServingError, Unavailable
from server_ext.hosting.process import ServerFailed, ServerProcess

# Answers commands as each asks for: at once, last of all, with an error, with noise, or never.
CHILD = """
import json, os, sys
print(json.dumps({"pid": os.getpid(), "host": "h", "port": 1, "rest_api_port": 2}), flush=True)
late = []
for line in sys.stdin:
    command = json.loads(line)
    reply = {"id": command["id"], "ok": True}
    if command["do"] == "refuse":
        reply = {"id": command["id"], "error": {"code": "NOT_FOUND", "message": "no " + command["what"]}}
    if command["do"] == "large":
        print(json.dumps({"event": "models", "changed": command["text"]}), flush=True)
    if command["do"] == "noise":
        print("a line of text\\n{no JSON\\n[1]\\n{}\\n" + json.dumps({"id": 99, "ok": True}), flush=True)
    if command["do"] == "never":
        continue
    if command["do"] == "late":
        late.append(reply)
        continue
    for each in [reply, *late]:
        print(json.dumps(each), flush=True)
    late = []
"""


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def process(tmp_path: Path, heard: list[Any]) -> Iterator[ServerProcess]:
    process = ServerProcess(
        [sys.executable, "-c", CHILD],
        cwd=str(tmp_path),
        env=dict(os.environ),
        heard=heard.append,
    )
    yield process
    process.stop(0.1)


def test_a_command_waits_for_its_own_reply(process: ServerProcess):
    late = process.ask("late")
    process.ask("at once").wait(30)

    late.wait(30)


def test_a_command_may_be_sent_before_the_server_is_ready(process: ServerProcess):
    process.ask("at once").wait(30)

    assert process.ready is not None


def test_a_refusal_has_the_code_and_the_words_of_the_server(process: ServerProcess):
    with pytest.raises(ServingError) as error:
        process.ask("refuse", what="model").wait(30)

    assert (error.value.code, str(error.value)) == (Code.NOT_FOUND, "no model")


def test_an_event_of_any_size_is_heard_whole(
    process: ServerProcess, heard: list[Any], eventually: Callable[..., Any]
):
    text = "ä" * 3_000_000

    process.ask("large", text=text).wait(30)

    assert heard == [{"event": "models", "changed": text}]


def test_what_is_no_reply_is_log(process: ServerProcess):
    process.ask("noise").wait(30)

    assert process.log.last(9) == [
        "a line of text",
        "{no JSON",
        "[1]",
        "{}",
        '{"id": 99, "ok": true}',
    ]


def test_who_waits_for_a_server_that_dies_is_told_at_once(process: ServerProcess):
    call = process.ask("never")
    assert process.wait_ready(30)

    process.kill()

    with pytest.raises(ServerFailed, match="ended before it answered"):
        call.wait(30)
    with pytest.raises(ServerFailed, match="ended before it answered"):
        process.ask("at once").wait(30)


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(process: ServerProcess):
    with pytest.raises(Unavailable, match="did not answer within 0 s to: never"):
        process.ask("never").wait(0.1)


def test_asking_a_server_that_does_not_read_blocks_nobody(process: ServerProcess):
    pid = process.wait_ready(30).pid
    os.kill(pid, signal.SIGSTOP)

    calls = [process.ask("at once", text="x" * 100_000) for _ in range(20)]
    os.kill(pid, signal.SIGCONT)

    for call in calls:
        call.wait(30)


def test_an_event_that_cannot_be_taken_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    def fail(said: Any) -> None:
        raise KeyError("a bug")

    process = ServerProcess(
        [sys.executable, "-c", CHILD], cwd=str(tmp_path), env=dict(os.environ), heard=fail
    )

    process.ask("large", text="x").wait(30)

    process.stop(1)
    assert "could not be taken" in caplog.text
