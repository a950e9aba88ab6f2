"""Limits of memory, from files as the system has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from server_ext.hosting import memory

TOTAL = 16 * 10**9


def write(root: Path, **files: str) -> None:
    """Write files by their paths, in which `__` stands for a slash."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a system with cgroup v2, this process in `jobs/kernel`."""
    write(tmp_path, proc__self__cgroup="0::/jobs/kernel\n", proc__vmstat="pgfree 3\noom_kill 40\n")
    return tmp_path


def group(root: Path, path: str) -> Path:
    directory = root / "sys" / "fs" / "cgroup" / path
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def test_without_a_limit_it_is_the_memory_of_the_machine(root: Path):
    (group(root, "jobs/kernel") / "memory.max").write_text("max\n")

    assert memory.limit_below(root, TOTAL) == TOTAL


def test_the_least_limit_of_all_groups_counts(root: Path):
    (group(root, "jobs/kernel") / "memory.max").write_text("max\n")
    (group(root, "jobs") / "memory.max").write_text("2000000000\n")

    assert memory.limit_below(root, TOTAL) == 2_000_000_000


def test_in_a_container_the_path_of_the_group_may_not_be_there(root: Path):
    (group(root, "") / "memory.max").write_text("1000000000\n")

    assert memory.limit_below(root, TOTAL) == 1_000_000_000


def test_the_first_version_of_control_groups_is_read_too(tmp_path: Path):
    write(tmp_path, proc__self__cgroup="5:cpu:/x\n4:memory:/x\n")
    (group(tmp_path, "memory/x") / "memory.limit_in_bytes").write_text("3000000000\n")
    (group(tmp_path, "memory/x") / "memory.oom_control").write_text("under_oom 0\noom_kill 2\n")

    assert memory.limit_below(tmp_path, TOTAL) == 3_000_000_000
    assert memory.killed(tmp_path) == 2


def test_processes_that_were_ended_are_counted_by_the_group_or_the_machine(root: Path):
    assert memory.killed(root) == 40
    (group(root, "jobs/kernel") / "memory.events").write_text("oom 9\noom_kill 7\n")

    assert memory.killed(root) == 7


def test_where_nobody_counts_nothing_is_known(tmp_path: Path):
    assert memory.killed(tmp_path) is None
    assert memory.limit_below(tmp_path, TOTAL) == TOTAL
