"""What is shown of a server as a whole: its states, its whereabouts, changes, all there are."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tfs_magics.client.predicting import Place
from tfs_magics.connections.found import FoundServer
from tfs_magics.connections.where import Where
from tfs_magics.views import change, servers, status
from tfs_magics.views.view import View

EVIL = '<img src=x onerror="alert(1)">'
ADDRESS = Place("http://127.0.0.1:8501", "127.0.0.1:8500", "Bearer s3cret")


def model(name: str = "digits") -> dict[str, Any]:
    version = {
        "version": 3,
        "state": "AVAILABLE",
        "error": None,
        "requests": 0,
        "errors": 0,
        "memory_bytes": 1000,
    }
    return {"name": name, "problem": None, "labels": {"stable": 3}, "versions": [version]}


def told(state: str, **more: Any) -> dict[str, Any]:
    server = {
        "state": state,
        "since": time.time() - 5.5,
        "reason": "",
        "lines": [],
        "restarts": 0,
        "started_at": None,
        "retry_at": None,
        "rest_url": None,
        "grpc_target": None,
        **more,
    }
    return {"server": server, "models": [model()], "held": []}


def found(page: dict[str, Any] | None, starter: str = "kernel 7") -> FoundServer:
    return FoundServer(4711, starter, time.time() - 61, 600_000_000, 8501, 8500, page)


@pytest.mark.parametrize(
    ("state", "more", "lines"),
    [
        ("starting", {}, ["starting for 5 s", "It will serve digits."]),
        (
            "restarting",
            {"reason": "It ended (signal SIGKILL).", "lines": ["last words"]},
            [
                "restarting for 5 s",
                "It ended (signal SIGKILL).",
                "It will serve digits.",
                "  last words",
            ],
        ),
        (
            "restarting",
            {"reason": "It ended", "retry_in_s": 20.5},
            [
                "restarting for 5 s",
                "It ended.",
                "It is started again in 20 s.",
                "It will serve digits.",
            ],
        ),
        (
            "failed",
            {"reason": "It ended 6 times within 300 s.", "lines": ["why", "and where"]},
            [
                "failed for 5 s",
                "It ended 6 times within 300 s.",
                "  why",
                "  and where",
                "Next: %tfs_restart",
            ],
        ),
        ("stopping", {}, ["stopping for 5 s"]),
        (
            "stopped",
            {"since": None, "reason": "It ended with exit code 0."},
            ["stopped", "It ended with exit code 0.", "Next: %tfs_serve NAME"],
        ),
    ],
)
def test_a_server_that_does_not_answer_says_why_and_what_comes_next(
    state: str, more: dict[str, Any], lines: list[str]
):
    left_s = more.get("retry_in_s")
    view = status.down(told(state, **more, retry_at=left_s and time.time() + left_s))

    assert view.text.splitlines() == lines
    words = re.sub(r"<[^>]+>", " ", view.html).replace("\u00a0", " ")
    for line in lines[1:]:
        assert line.strip().removeprefix("Next: ") in words


def test_a_stop_by_force_is_told():
    assert "ended by force" in status.stopped(time.time(), gently=False).text
    assert "force" not in status.stopped(time.time()).text


def test_models_of_other_notebooks_are_named_with_them():
    page = {"started_at": time.time(), "rss_bytes": 1, "models": [model()]}
    server = {**told("running")["server"], "restarts": 2}

    view = status.running(page, server, {"digits": "work/b.ipynb"})

    assert "digits is served by work/b.ipynb." in view.text
    assert "started again 2 times" in view.text


def test_where_says_which_server_why_and_what_was_passed_over_and_never_the_token():
    where = Where("jupyter", "It started this kernel.", "http://h/a%40b", ("X is not set",))

    view = servers.where(where, told("running"), ADDRESS, "work/a.ipynb")

    assert view.text.splitlines() == [
        "Hosted by the Jupyter server http://h/a%40b, running",
        "  It started this kernel.",
        "  Models are served from here as work/a.ipynb.",
        "  A token goes with each request.",
        "  REST  http://127.0.0.1:8501",
        "  gRPC  127.0.0.1:8500",
        "Looked at before:",
        "  X is not set.",
    ]
    assert "s3cret" not in view.text + view.html + str(view.data) + repr(ADDRESS)


def test_servers_are_listed_with_who_started_them_and_which_is_used():
    page = {"models": [{"name": "digits"}, {"name": "churn"}]}
    view = servers.processes([found(page), found(None, "bash 9")], 4711)

    assert view.text.splitlines() == [
        "process  started by  models         REST  gRPC    for  memory  here".lower(),
        "   4711  kernel 7    digits, churn  8501  8500  1 min  600 MB  yes",
        "   4711  bash 9      wants a token  8501  8500  1 min  600 MB  yes",
    ]
    assert servers.processes([], None).text == "No model server of yours runs on this machine."


def test_a_model_that_is_taken_away_leaves_those_of_others():
    view = change.withdrawn(["digits"], [("churn", "work/b.ipynb"), ("fraud", "")])

    assert view.text.splitlines() == [
        "digits is served no longer.",
        "The model server goes on for 2 models: churn (work/b.ipynb), fraud.",
        "To end it for all: %tfs_stop --all",
    ]
    assert "This notebook serves no model." in change.withdrawn([], [("churn", "b")]).text


def everything(name: str) -> list[View]:
    where = Where("own", name, name, (name,))
    return [
        status.down(told("failed", reason=name, lines=[name])),
        status.running(
            {"started_at": 0.0, "rss_bytes": 1, "models": [model(name)]},
            told("running")["server"],
            {name: name},
        ),
        servers.where(where, told("running"), ADDRESS, name),
        servers.processes([found({"models": [{"name": name}]}, name)], None),
        change.changed(model(name), [name]),
        change.removed(name),
        change.withdrawn([name], [(name, name)]),
        change.restarted({name: model(name)}, 1.0),
    ]


@pytest.mark.parametrize("number", range(8))
def test_text_from_elsewhere_is_escaped(number: int):
    view = everything(EVIL)[number]

    assert "<img" not in view.html
    assert "&lt;img" in view.html


@pytest.mark.parametrize("number", [3, 4, 7])
def test_text_stays_within_80_columns(number: int):
    view = everything("a_name_that_is_a_little_long_")[number]

    assert max(len(line) for line in view.text.splitlines()) <= 80
