"""Requests of a page as messages of a widget: answered in threads, streamed, ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from server_ext.errors import FailedPrecondition, InvalidArgument, NotFound, TooLarge
from tfs_magics.widgets import asks
from tfs_magics.widgets.asks import Answer, Ask
from tfs_magics.widgets.bridge import MOST_AT_ONCE, Bridge

Eventually = Callable[..., Any]


class Page:
    """The other end of a comm: what it was told, as (kind, number of the request, bytes)."""

    def __init__(self, answer: Callable[[Ask, threading.Event], Answer]) -> None:
        self.told: list[tuple[dict[str, Any], bytes]] = []
        self.bridge = Bridge(self._hear, answer)

    def _hear(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        self.told.append((content, b"".join(buffers)))

    def ask(self, number: str, path: str = "api/status", **more: Any) -> None:
        fields = {"method": "GET", "headers": {}, "body": None, **more}
        self.bridge.hear({"kind": "ask", "ask": number, "path": path, **fields})

    def of(self, number: str) -> list[tuple[str, bytes]]:
        return [(each["kind"], data) for each, data in self.told if each["ask"] == number]


def test_a_request_is_answered_with_its_number(eventually: Eventually):
    asked = []

    def answer(ask: Ask, _: threading.Event) -> Answer:
        asked.append(ask)
        return Answer(200, {"Server-Timing": "run;dur=1"}, b"[1]")

    page = Page(answer)
    page.ask(
        "p.1",
        "v1/models/m:predict?x=1",
        method="POST",
        body='{"a": 1}',
        headers={"content-type": "application/json", "cookie": "secret", "x-tfs-timing": "1"},
    )
    eventually(lambda: page.told)

    head, body = page.told[0]
    kept = {"content-type": "application/json", "x-tfs-timing": "1"}
    assert asked == [Ask("POST", "v1/models/m:predict", "x=1", kept, b'{"a": 1}')]
    assert (head["ask"], head["status"], head["more"], body) == ("p.1", 200, False, b"[1]")
    assert head["headers"] == {"Server-Timing": "run;dur=1"}
    assert "id" not in head, "a kernel remembers each id that it sends"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("No m"), 404),
        (FailedPrecondition("Not now"), 409),
        (TooLarge("Large"), 413),
        (ValueError("a bug"), 500),
    ],
)
def test_an_error_is_answered_as_both_apis_tell_of_it(
    error: Exception, status: int, eventually: Eventually, caplog: pytest.LogCaptureFixture
):
    def answer(_: Ask, __: threading.Event) -> Answer:
        raise error

    page = Page(answer)
    page.ask("p.1")
    eventually(lambda: page.told)

    head, body = page.told[0]
    assert head["status"] == status
    assert all(word in body for word in (b'"message"', b'"reason"', b'"error"'))


def test_a_stream_ends_when_its_page_leaves(eventually: Eventually):
    gone = threading.Event()

    def pieces(over: threading.Event) -> Iterator[bytes]:
        yield b"one"
        over.wait(30)
        gone.set()
        yield b"too late"

    page = Page(lambda _, over: Answer(200, pieces=pieces(over)))
    page.ask("p.1")
    eventually(lambda: page.of("p.1") == [("answer", b""), ("piece", b"one")])

    page.bridge.hear({"kind": "leave", "ask": "p.1"})

    assert gone.wait(30)
    assert page.of("p.1")[2:] == []


def test_a_stream_that_ends_by_itself_says_so(eventually: Eventually):
    page = Page(lambda *_: Answer(200, pieces=iter([b"one", b"two"])))

    page.ask("p.1")

    told = [("answer", b""), ("piece", b"one"), ("piece", b"two"), ("over", b"")]
    eventually(lambda: page.of("p.1") == told)


def test_closing_ends_all_streams_and_says_nothing_more(eventually: Eventually):
    ended = threading.Event()

    def pieces(over: threading.Event) -> Iterator[bytes]:
        yield b"one"
        over.wait(30)
        ended.set()

    page = Page(lambda _, over: Answer(200, pieces=pieces(over)))
    page.ask("p.1")
    eventually(lambda: len(page.told) == 2)

    page.bridge.close()
    page.ask("p.2")

    assert ended.wait(30)
    assert len(page.told) == 2


def test_more_requests_than_there_is_room_for_are_refused(eventually: Eventually):
    go = threading.Event()

    def answer(_: Ask, __: threading.Event) -> Answer:
        go.wait(30)
        return Answer(200)

    page = Page(answer)
    for number in range(MOST_AT_ONCE + 1):
        page.ask(f"p.{number}")

    assert [head["status"] for head, _ in page.told] == [429]
    go.set()
    eventually(lambda: len(page.told) == MOST_AT_ONCE + 1)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "api", "api/", "files/x", "api/../x", "api/%2e%2e/x", "http://x/api/y"],
)
def test_only_paths_of_ours_are_asked_for(path: str):
    with pytest.raises(NotFound):
        asks.read({"method": "GET", "path": path, "headers": {}, "body": None})


@pytest.mark.parametrize(
    "wrong",
    [{"method": "BREW"}, {"headers": None}, {"body": 5}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_message_that_is_no_request_is_refused(wrong: dict[str, Any]):
    message = {"method": "GET", "path": "api/status", "headers": {}, "body": None}

    with pytest.raises(InvalidArgument):
        asks.read(message | wrong)
