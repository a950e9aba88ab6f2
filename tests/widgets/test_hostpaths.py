"""The paths of tfs/api, answered by a host in the same process."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_ext.errors import InvalidArgument, NotFound, Unimplemented
from server_ext.hosting.host import Host
from server_ext.hosting.models import Model, parse_versions
from server_ext.hosting.settings import Settings
from tfs_magics.widgets import events, hostpaths
from tfs_magics.widgets.asks import Ask


class RecordingHost:
    """A host that does nothing, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., str]:
        def note(*args: Any, **kwargs: Any) -> str:
            self.told.append((name, *args, *kwargs.items()))
            return "noted"

        return note

    def status(self) -> dict[str, Any]:
        return {"server": {"state": "running"}, "models": [], "sample": None}


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that has started no server."""
    host = Host(Settings())
    yield host
    host.close()


def asked(host: Any, method: str, path: str, body: Any = None, query: str = "") -> Any:
    sent = b"" if body is None else json.dumps(body).encode()
    answer = hostpaths.answer(host, Ask(method, path, query, body=sent), threading.Event())
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "api/server/start", {"rest_port": 0}, ("start", ("rest_port", 0))),
        ("POST", "api/server/stop", {"forget": True}, ("stop", ("forget", True))),
        ("POST", "api/server/restart", {}, ("restart",)),
        ("POST", "api/poll", {}, ("poll",)),
        ("PATCH", "api/models/m", {"labels": {"a": 1}}, ("change", "m", None, {"a": 1})),
        ("DELETE", "api/models/a%20b", None, ("remove", "a b")),
        ("POST", "api/models/m/versions/7/load", {}, ("load", "m", 7)),
        ("POST", "api/models/m/versions/7/unload", {}, ("unload", "m", 7)),
    ],
)
def test_a_change_is_asked_of_the_host(method: str, path: str, body: Any, told: tuple[Any, ...]):
    host = RecordingHost()

    asked(host, method, path, body)

    assert host.told == [told]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "api/server/start", {"rest_port": "a"}, '`rest_port` is "a", and must be a whole'),
        ("POST", "api/server/stop", {"forgot": True}, "did you mean `forget`?"),
        ("PUT", "api/models/m", {}, "`base_path` is missing"),
        ("PUT", "api/models/m", {"base_path": 1}, "`base_path` is 1, and must be a text"),
        ("PUT", "api/models/a%20b", {"base_path": "/m"}, "no name for a model"),
        ("PATCH", "api/models/m", {"versions": 7}, "`versions` is 7, and must be a text"),
        ("PATCH", "api/models/m", {"labels": []}, "`labels` is [], and must be labels"),
        ("PATCH", "api/models/m", 7, "The body is 7, and must be a JSON object"),
    ],
)
def test_a_body_of_another_form_is_refused_as_a_jupyter_server_does(
    method: str, path: str, body: Any, message: str
):
    host = RecordingHost()

    with pytest.raises(InvalidArgument, match=re.escape(message)):
        asked(host, method, path, body)

    assert host.told == []


def test_a_model_is_served_with_its_versions_and_labels(tmp_path: Path):
    body = {"base_path": str(tmp_path), "versions": "1,3", "labels": {"stable": 3, "old": None}}
    host = RecordingHost()

    asked(host, "PUT", "api/models/m", body)

    model = Model("m", str(tmp_path), parse_versions("1,3"), {"stable": 3})
    assert host.told[0][:2] == ("serve", [model])


def test_a_status_has_all_that_a_page_reads(host: Host):
    status = asked(host, "GET", "api/status")

    assert status["server"]["state"] == "stopped"
    assert isinstance(status["server"]["since"], (int, float))
    assert status["server"]["reason"] == ""
    assert status["host"]


def test_lines_of_the_log_are_asked_for_by_their_number():
    host = RecordingHost()

    asked(host, "GET", "api/logs", query="lines=5&after=7")

    assert host.told == [("logs", 5, 7)]


def test_what_was_measured_is_asked_for_by_range_model_and_version():
    host = RecordingHost()

    asked(host, "GET", "api/history", query="range=1h&model=m&version=7")

    assert host.told == [("history", "m", 7, "1h")]
    with pytest.raises(InvalidArgument, match="range is '2h'"):
        asked(host, "GET", "api/history", query="range=2h")


def test_what_is_not_there_is_not_found_and_what_is_not_offered_is_said(host: Host):
    with pytest.raises(NotFound):
        asked(host, "GET", "api/nothing")
    with pytest.raises(Unimplemented):
        asked(host, "DELETE", "api/status")
    with pytest.raises(NotFound):
        asked(host, "DELETE", "api/models/m")


def test_who_fell_behind_is_told_the_status_and_nothing_older(host: Host, tmp_path: Path):
    over = threading.Event()
    stream = events.hosted(host, over, logs=False)
    next(stream)
    for number in range(events.MOST_EVENTS + 10):
        host.serve([Model(f"m{number}", str(tmp_path))])

    now = next(stream)
    host.serve([Model("last", str(tmp_path))])
    after = [next(stream)]
    while b'"name": "last"' not in after[-1]:
        after.append(next(stream))

    assert now.startswith(b"event: status\n")
    assert f'"name": "m{number}"'.encode() in now
    assert not any(b'"name": "m1"' in each for each in after)
    over.set()


def test_events_begin_with_the_status_and_go_on_with_what_changes(host: Host, tmp_path: Path):
    over = threading.Event()
    stream = events.hosted(host, over, logs=False)

    first = next(stream)
    host.serve([Model("m", str(tmp_path))])
    second = next(stream)
    over.set()

    assert first.startswith(b"event: status\ndata: {")
    assert second.startswith(b"event: models\n")
    assert b'"name": "m"' in second
    assert list(stream) == []
