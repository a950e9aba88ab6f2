"""What a page of a notebook elsewhere asks of a host in the kernel: its history, and deletions."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.widgets import hostpaths
from tfs_magics.widgets.asks import Ask


class Host:
    """Answers with what it was asked."""

    def history(self, *asked: Any) -> dict[str, Any]:
        return {"asked": asked}

    def delete_files(self, *asked: Any) -> int:
        assert asked == ("m", 3)
        return 100


def answer(ask: Ask) -> Any:
    return json.loads(hostpaths.answer(Host(), ask, threading.Event()).body)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("range=1h&model=a%20b&version=3", ["a b", 3, "1h"]),
        ("range=1m&model=m", ["m", None, "1m"]),
        ("", [None, None, "15m"]),
    ],
)
def test_the_history_is_asked_as_a_jupyter_server_is(query: str, asked: list[Any]):
    assert answer(Ask("GET", "api/history", query)) == {"asked": asked}


def test_a_range_that_there_is_not_is_refused():
    with pytest.raises(InvalidArgument, match="must be one of 1m, 15m, 1h, 1d"):
        answer(Ask("GET", "api/history", "range=2m"))


def test_files_of_a_version_are_deleted():
    said = answer(Ask("DELETE", "api/models/m/versions/3/files"))

    assert said == {"note": "The files of version 3 of m are gone.", "bytes": 100}
