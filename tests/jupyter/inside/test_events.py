"""The stream of events, where time and slow readers matter."""

from __future__ import annotations

import asyncio

import pytest

from server_ext.jupyter import feed
from server_ext.jupyter.handlers import events

SAMPLE = {"type": "sample", "at": 1.0, "in_flight": 0, "queued": 0, "versions": []}


@pytest.fixture
def read(jp_fetch, extension):
    """Follow the events in the background; return the pieces as they come."""

    def begin():
        pieces: list[str] = []
        reading = asyncio.ensure_future(
            jp_fetch(
                *("tfs", "api", "events"),
                streaming_callback=lambda piece: pieces.append(piece.decode()),
                request_timeout=60,
            )
        )
        return pieces, reading

    return begin


async def until(condition, timeout_s=30):
    deadline = asyncio.get_running_loop().time() + timeout_s
    pause = asyncio.Event()
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        try:
            await asyncio.wait_for(pause.wait(), 0.02)
        except asyncio.TimeoutError:
            continue


async def test_a_silent_stream_shows_that_it_lives(read, extension, monkeypatch):
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    pieces, reading = read()

    await until(lambda: "".join(pieces).count(": still here") >= 3)

    assert "".join(pieces).startswith("event: status\ndata: {")
    await extension.stop_extension()
    await reading


async def test_more_events_than_a_reader_takes_become_the_full_state(read, extension):
    pieces, reading = read()
    service = extension.service
    await until(lambda: service.feeds and pieces)

    [reader] = service.feeds
    for _ in range(feed.MOST_EVENTS + 1):
        reader.put(SAMPLE)
    await until(lambda: "".join(pieces).count("event: status") == 2)

    assert "event: sample" not in "".join(pieces)
    await extension.stop_extension()
    await reading


async def test_no_more_readers_than_there_is_room_for(jp_fetch, read, extension, monkeypatch):
    monkeypatch.setattr(events, "MOST_READERS", 1)
    pieces, reading = read()
    await until(lambda: pieces)

    answer = await jp_fetch("tfs", "api", "events", raise_error=False)

    assert answer.code == 429
    await extension.stop_extension()
    await reading
    await until(lambda: reading.done())
