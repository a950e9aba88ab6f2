"""The private directories of hosted servers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from server_ext.hosting.launch import PREFIX, remove_left_behind


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_what_a_killed_host_has_left_behind_goes_and_what_a_living_one_uses_stays(
    temporary: Path, dead_pid: int
):
    left, used = temporary / f"{PREFIX}{dead_pid}-a", temporary / f"{PREFIX}{os.getpid()}-b"
    for directory in (left, used):
        directory.mkdir()
        (directory / "token").write_text("x")

    remove_left_behind()

    assert list(temporary.iterdir()) == [used]


def test_a_link_that_only_looks_like_such_a_directory_is_not_followed(
    temporary: Path, dead_pid: int
):
    kept = temporary / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    link = temporary / f"{PREFIX}{dead_pid}-c"
    link.symlink_to(kept)

    remove_left_behind()

    assert (kept / "file").exists()
    assert link.is_symlink()
