"""The stream of events, read by a real client."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

from server_ext.jupyter import schemas

pytestmark = pytest.mark.tensorflow


def events(jupyter, path="events"):
    """Yield (kind, data) as they come, until the stream ends."""
    with jupyter.api("GET", path, stream=True) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        kind = ""
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))


def test_the_full_state_comes_first_and_then_what_changes(running, digits):
    stream = events(running)
    kind, status = next(stream)
    running.serve("second", digits)

    assert kind == "status"
    jsonschema.validate(status, {**schemas.STATUS, "components": {"schemas": schemas.PARTS}})
    for kind, event in stream:
        if kind == "models" and any(
            entry["name"] == "second"
            and entry["versions"]
            and entry["versions"][0]["state"] == "AVAILABLE"
            for entry in event["changed"]
        ):
            break
    running.api("DELETE", "models/second")
    for kind, event in stream:
        if kind == "models" and "second" in event["removed"]:
            break
    stream.close()


def test_a_sample_tells_of_requests(running):
    stream = events(running)
    next(stream)
    for _ in range(5):
        assert running.answers("digits")

    for kind, event in stream:
        if kind == "sample" and event["versions"]:
            break
    stream.close()

    jsonschema.validate(event, schemas.SAMPLE)
    assert event["versions"][0]["name"] == "digits"
    assert event["versions"][0]["requests"] >= 5


def test_lines_of_the_log_come_for_those_who_ask(running):
    stream = events(running, "events?logs=1")
    next(stream)
    running.post("server/restart")

    kinds = set()
    for kind, _ in stream:
        kinds.add(kind)
        if {"log", "server"} <= kinds:
            break
    stream.close()


def test_readers_that_leave_are_forgotten_and_many_may_follow(running, eventually):
    with ThreadPoolExecutor(30) as pool:
        streams = [events(running) for _ in range(30)]
        first = list(pool.map(next, streams))
    for stream in streams:
        stream.close()

    assert {kind for kind, _ in first} == {"status"}
    assert running.get("status").status_code == 200


def test_a_stream_ends_when_jupyter_stops(start_jupyter):
    jupyter = start_jupyter()
    stream = events(jupyter)
    next(stream)

    jupyter.process.terminate()

    assert [kind for kind, _ in stream if kind == "status"] == []
    assert jupyter.process.wait(30) == 0
