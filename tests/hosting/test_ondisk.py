"""Which versions lie on disk, from directories that the test makes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_ext.hosting.models import Model
from server_ext.hosting.ondisk import OnDisk, shown
from server_ext.hosting.wanted import Entry, Wanted

Eventually = Callable[..., Any]
MakeDisk = Callable[..., OnDisk]


def write(version: Path, size: int = 100) -> None:
    """Write a version with two files, so large together."""
    (version / "variables").mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"x" * (size - 10))
    (version / "variables" / "data").write_bytes(b"x" * 10)


@pytest.fixture
def changes() -> list[list[str]]:
    """The names of models that changes were told of."""
    return []


@pytest.fixture
def make_disk(tmp_path: Path, changes: list[list[str]]) -> Iterator[MakeDisk]:
    """Make what looks for versions of the model `m`, which ends with the test."""
    disks: list[OnDisk] = []

    def make(*roots: str) -> OnDisk:
        wanted = Wanted([Entry(Model("m", str(tmp_path / "m")))])
        disks.append(OnDisk(lambda: wanted, roots, lambda names: changes.append(list(names))))
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()


def versions(disk: OnDisk) -> list[tuple[int, int]]:
    return [(found.version, found.bytes) for found in disk.of("m")]


def test_all_versions_are_listed_with_their_sizes_the_newest_first(
    make_disk: MakeDisk, tmp_path: Path, eventually: Eventually, changes: list[list[str]]
):
    for number, size in ((1, 100), (10, 300), (2, 200)):
        write(tmp_path / "m" / str(number), size)
    (tmp_path / "m" / "notes").mkdir()
    (tmp_path / "m" / "3").write_text("a file")
    disk = make_disk()
    assert versions(disk) == []

    disk.look()

    eventually(lambda: versions(disk) == [(10, 300), (2, 200), (1, 100)])
    eventually(lambda: changes == [["m"]])
    assert disk.bytes_of("m", 10) == 300
    assert disk.bytes_of("m", 3) is None
    (first, *_) = shown(disk.of("m"))
    assert first["modified"] == pytest.approx(os.stat(tmp_path / "m" / "10").st_mtime, abs=0.01)


def test_what_comes_goes_and_grows_is_seen_by_the_next_look(
    make_disk: MakeDisk, tmp_path: Path, eventually: Eventually, changes: list[list[str]]
):
    write(tmp_path / "m" / "1")
    disk = make_disk()
    disk.look()
    eventually(lambda: versions(disk) == [(1, 100)])

    write(tmp_path / "m" / "2", 500)
    (tmp_path / "m" / "1" / "more").write_bytes(b"x" * 50)
    disk.look(now=True)

    eventually(lambda: versions(disk) == [(2, 500), (1, 150)])
    (tmp_path / "m" / "2").rename(tmp_path / "m" / "gone")
    disk.look(now=True)
    eventually(lambda: versions(disk) == [(1, 150)])
    eventually(lambda: changes == [["m"]] * 3)


def test_what_is_the_same_is_not_told(
    make_disk: MakeDisk, tmp_path: Path, eventually: Eventually, changes: list[list[str]]
):
    write(tmp_path / "m" / "1")
    disk = make_disk()
    disk.look()
    eventually(lambda: changes)

    disk.look(now=True)
    disk.close()

    assert changes == [["m"]]


def test_a_version_that_leads_out_of_the_roots_is_not_looked_at(
    make_disk: MakeDisk, tmp_path: Path, eventually: Eventually
):
    write(tmp_path / "elsewhere" / "big", 1000)
    write(tmp_path / "m" / "1")
    (tmp_path / "m" / "2").symlink_to(tmp_path / "elsewhere" / "big")
    disk = make_disk(str(tmp_path / "m"))

    disk.look()

    eventually(lambda: versions(disk) == [(1, 100)])


def test_after_the_end_nothing_is_looked_at(make_disk: MakeDisk, tmp_path: Path):
    disk = make_disk()
    disk.close()
    write(tmp_path / "m" / "1")

    disk.look(now=True)

    assert versions(disk) == []
