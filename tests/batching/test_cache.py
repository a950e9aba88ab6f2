"""Measured sizes in files: remembered, checked, and never in the way."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from server_ext.batching import cache
from server_ext.batching.cache import Cache, default_directory
from server_ext.batching.calibration import Best

KEY = {"stamp": "files", "machine": "fast", "largest": 1000, "allowed": [1, 2]}
SIZES = {"serving_default": Best(64, 9.5), "other": Best(1, 1.0)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are; there is one entry."""
    Cache(tmp_path).put(KEY, SIZES)
    return tmp_path / cache.FOLDER


def test_what_was_measured_is_remembered_by_its_key(folder: Path):
    again = Cache(folder.parent)

    assert again.get(KEY, 1000) == SIZES
    assert again.get({**KEY, "machine": "slow"}, 1000) == {}


def test_files_are_for_their_owner_alone_and_leave_nothing_beside_them(folder: Path):
    [file] = folder.iterdir()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert file.suffix == ".json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"sizes": {}}',
        json.dumps({"key": {}, "sizes": {}}),
        json.dumps({"key": KEY, "sizes": []}),
        json.dumps({"key": KEY, "sizes": {"s": 64}}),
        json.dumps({"key": KEY, "sizes": {"s": ["64", 9.5]}}),
        json.dumps({"key": KEY, "sizes": {"s": [0, 9.5]}}),
        json.dumps({"key": KEY, "sizes": {"s": [1001, 9.5]}}),
        json.dumps({"key": KEY, "sizes": {"s": [True, 9.5]}}),
        json.dumps({"key": KEY, "sizes": {"s": [64, None]}}),
        json.dumps({"key": KEY, "sizes": {"s": [64, 9.5, True, 1]}}),
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_an_entry_that_is_not_whole_is_left_aside(folder: Path, text: str, caplog: Any):
    [file] = folder.iterdir()
    file.write_bytes(text.encode("latin-1"))

    assert Cache(folder.parent).get(KEY, 1000) == {}
    assert "is left aside, sizes are measured again" in caplog.text


def test_a_damaged_entry_is_replaced(folder: Path):
    [file] = folder.iterdir()
    file.write_text("{")
    Cache(folder.parent).put(KEY, SIZES)

    assert Cache(folder.parent).get(KEY, 1000) == SIZES


def test_a_directory_that_cannot_be_written_to_is_said_and_ignored(tmp_path: Path, caplog: Any):
    (tmp_path / "file").touch()
    nowhere = Cache(tmp_path / "file" / "cache")

    nowhere.put(KEY, SIZES)

    assert nowhere.get(KEY, 1000) == {}
    assert "cannot be remembered" in caplog.text


def test_there_are_never_more_than_so_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "MOST_FILES", 10)
    for number in range(30):
        Cache(folder.parent).put({**KEY, "stamp": str(number)}, SIZES)

    assert len(list(folder.iterdir())) <= 10
    assert Cache(folder.parent).get({**KEY, "stamp": "29"}, 1000) == SIZES


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CACHE_HOME": "/var/cache/me"}, "/var/cache/me/tfs-magics"),
        ({"XDG_CACHE_HOME": "relative"}, "~/.cache/tfs-magics"),
        ({"XDG_CACHE_HOME": ""}, "~/.cache/tfs-magics"),
        ({}, "~/.cache/tfs-magics"),
    ],
)
def test_the_directory_is_where_caches_belong(environ: dict[str, str], expected: str):
    assert default_directory(environ) == os.path.expanduser(expected)


def test_machines_are_told_apart_by_processor_and_cores():
    assert f"of {os.cpu_count()} cores" in cache.machine()
