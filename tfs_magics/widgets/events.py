"""What changes, as server-sent events, as a Jupyter server tells them under tfs/api/events.

    status (all)  ->  server | models | sample | log ...  ->  status again, for one that fell behind

Threads: a stream is read by one thread; `over` may be set by any.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from server_ext.errors import ServingError
from tfs_magics.widgets.asks import Answer

if TYPE_CHECKING:
    from server_ext.hosting.host import Host

BEAT_S = 15.0  # the page takes a longer silence for an end
TURN_S = 0.5  # how soon `over` is seen
LOOK_S = 2.0
MOST_EVENTS = 64
_LEFT_OPEN = {"since": 0, "reason": "", "batching": ""}  # what a server does not tell of itself


def stream(pieces: Iterator[bytes]) -> Answer:
    """Return the answer that is a stream of events."""
    return Answer(200, {"Content-Type": "text/event-stream"}, pieces=pieces)


def complete(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status of whatever server as pages read it: without gaps that they do not know."""
    server = {**_LEFT_OPEN, **{key: each for key, each in status["server"].items() if each != ""}}
    filled = {key: _LEFT_OPEN.get(key) if each is None else each for key, each in server.items()}
    return {**status, "server": filled}


def hosted(host: Host, over: threading.Event, *, logs: bool) -> Iterator[bytes]:
    """Yield the events of a host in this process."""
    heard: queue.Queue[dict[str, Any]] = queue.Queue(MOST_EVENTS)
    behind = threading.Event()

    def hear(event: dict[str, Any]) -> None:
        if event["type"] == "log" and not logs:
            return
        try:
            heard.put_nowait(event)
        except queue.Full:
            behind.set()

    silence = host.subscribe(hear)
    try:
        yield _event("status", host.status())
        said_at = time.monotonic()
        while not over.is_set():
            piece = _next(heard)
            if behind.is_set():
                piece = _caught_up(host, heard, behind)
            if not piece and time.monotonic() - said_at > BEAT_S:
                piece = b": still here\n\n"
            if piece:
                said_at = time.monotonic()
                yield piece
    finally:
        silence()


def looked(status: Callable[[], Mapping[str, Any]], over: threading.Event) -> Iterator[bytes]:
    """Yield the status of a server that tells no events, whenever another look shows a change."""
    before = b""
    said_at = 0.0
    while not over.is_set():
        try:
            piece = _event("status", complete(status()))
        except ServingError:
            return  # the page says that it is gone, and asks again
        if piece != before or time.monotonic() - said_at > BEAT_S:
            before, said_at = piece, time.monotonic()
            yield piece
        over.wait(LOOK_S)


def _caught_up(host: Host, heard: queue.Queue[dict[str, Any]], behind: threading.Event) -> bytes:
    """Return the status instead of all that waits: it is newer, and what came last was lost."""
    behind.clear()
    with contextlib.suppress(queue.Empty):
        while True:
            heard.get_nowait()
    return _event("status", host.status())


def _next(heard: queue.Queue[dict[str, Any]]) -> bytes:
    try:
        event = heard.get(timeout=TURN_S)
    except queue.Empty:
        return b""
    return _event(event["type"], event)


def _event(kind: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
