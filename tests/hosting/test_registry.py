"""What a host remembers, in a file that may be in use, unreadable or impossible to write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_ext.hosting.held import Held
from server_ext.hosting.models import Model, Versions
from server_ext.hosting.registry import Registry, Saved
from server_ext.hosting.settings import Owner
from server_ext.hosting.wanted import Entry

SAVED = Saved(
    (
        Entry(Model("a", "/m/ä", Versions(2), {"stable": 3}), Owner("work/ann.ipynb", "k1")),
        Entry(Model("b", "/m/b", Versions(numbers=(1, 3)))),
        Entry(Model("c", "/m/c", Versions(0))),
    ),
    (Held("c", 7, "(1, 2)", "It ended the model server.", 1234.5),),
    running=True,
)
# A process that may write 4 kB a file, as on a full disk, and tells what it sees.
SHORT_OF_ROOM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
from server_ext.hosting.host import Host
from server_ext.hosting.models import Model
from server_ext.hosting.registry import Registry
from server_ext.hosting.settings import Settings
host = Host(Settings(), Registry(sys.argv[1]))
host.serve([Model("small", "/m/small")])
before = host.status()
host.serve([Model("large", "/m/" + 5000 * "x")])
during = host.status()
host.remove("large")
after = host.status()
host.close()
print(json.dumps([before, during, after]))
"""
Open = Callable[[Path], Registry]


@pytest.fixture
def registry() -> Iterator[Open]:
    """Open registries that are closed with the test."""
    opened: list[Registry] = []

    def make(path: Path) -> Registry:
        opened.append(Registry(path))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_what_is_saved_is_loaded_by_the_next_host(registry: Open, tmp_path: Path):
    first = registry(tmp_path / "new" / "models.json")
    assert first.load() == Saved()

    first.save(SAVED)
    first.close()

    second = registry(tmp_path / "new" / "models.json")
    assert second.load() == SAVED
    assert second.problem is None


def test_others_can_read_neither_the_file_nor_its_directory(registry: Open, tmp_path: Path):
    path = tmp_path / "new" / "models.json"

    registry(path).save(SAVED)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(each.name for each in path.parent.iterdir()) == ["models.json", "models.lock"]


def test_two_living_hosts_never_share_a_file(registry: Open, tmp_path: Path):
    path = tmp_path / "models.json"
    first, second = registry(path), registry(path)
    assert (first.path.name, second.path.name) == ("models.json", "models-2.json")

    first.save(SAVED)
    assert second.load() == Saved()
    first.close()

    assert registry(path).load() == SAVED


def test_the_next_host_of_a_file_is_known_as_the_one_before(registry: Open, tmp_path: Path):
    first = registry(tmp_path / "models.json")
    first.load()
    first.save(SAVED)
    other = registry(tmp_path / "models.json")
    first.close()

    second = registry(tmp_path / "models.json")
    second.load()

    assert second.identity == first.identity
    assert other.identity != first.identity


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"format": 99, "models": []}',
        b'{"format": 1, "models": 3, "held": [], "wanted": "running"}',
    ],
)
def test_content_that_cannot_be_read_is_set_aside(content: bytes, registry: Open, tmp_path: Path):
    path = tmp_path / "models.json"
    path.write_bytes(content)
    opened = registry(path)

    assert opened.load() == Saved()

    assert (tmp_path / "models.json.broken").read_bytes() == content
    assert "was set aside as models.json.broken" in (opened.problem or "")
    opened.save(SAVED)
    assert json.loads(path.read_text())["wanted"] == "running"


def test_entries_that_can_be_read_are_kept_when_others_cannot(registry: Open, tmp_path: Path):
    path = tmp_path / "models.json"
    first = registry(path)
    first.save(SAVED)
    first.close()
    said = json.loads(path.read_text())
    said["models"][1]["versions"] = "newest"
    path.write_text(json.dumps(said))

    opened = registry(path)
    saved = opened.load()

    assert [entry.model.name for entry in saved.entries] == ["a", "c"]
    assert "what it says of 'b' cannot be understood" in (opened.problem or "")


def test_a_full_disk_costs_the_memory_and_nothing_else(tmp_path: Path):
    path = tmp_path / "models.json"

    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_ROOM, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    before, during, after = json.loads(done.stdout)
    assert before["registry"] == {"path": str(path), "problem": None}
    assert [model["name"] for model in during["models"]] == ["small", "large"]
    assert "cannot be written: File too large" in during["registry"]["problem"]
    assert after["registry"]["problem"] is None, "the next change is written again"
    assert [model["name"] for model in json.loads(path.read_text())["models"]] == ["small"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["models.json", "models.lock"]


def test_a_directory_that_cannot_be_made_is_a_problem_and_no_failure(
    registry: Open, tmp_path: Path
):
    (tmp_path / "file").write_text("in the way")
    opened = registry(tmp_path / "file" / "models.json")
    assert opened.load() == Saved()
    assert "cannot be used: " in (opened.problem or "")
    opened.save(SAVED)
    assert "cannot be used: " in (opened.problem or "")

    (tmp_path / "file").unlink()
    opened.save(SAVED)

    assert opened.problem is None
    assert opened.path.exists()


def test_a_file_that_may_not_be_read_is_a_problem_and_no_failure(registry: Open, tmp_path: Path):
    path = tmp_path / "models.json"
    path.mkdir()
    opened = registry(path)

    assert opened.load() == Saved()

    assert "cannot be read: Is a directory" in (opened.problem or "")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_copy_neither_keeps_the_file_nor_gives_it_away(registry: Open, tmp_path: Path):
    path = tmp_path / "models.json"
    first = registry(path)
    read, write = os.pipe()

    copy = os.fork()
    if copy == 0:  # lives until its parent lets it go
        try:
            os.close(write)
            os.read(read, 1)
        finally:
            os._exit(0)
    try:
        assert registry(path).path.name == "models-2.json"
        first.close()
        assert taken_by_another_process(path) == "models.json"
    finally:
        os.close(write)
        os.close(read)
        os.waitpid(copy, 0)


def taken_by_another_process(path: Path) -> Any:
    program = "import sys; from server_ext.hosting.registry import Registry as R; print(R(sys.argv[1]).path.name)"
    return subprocess.check_output([sys.executable, "-c", program, str(path)], text=True).strip()
