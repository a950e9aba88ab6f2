from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from server_ext.errors import Code, FailedPrecondition, InvalidArgument, ServingError
from tfs_magics.exporting.versions import (
    LARGEST,
    check_name,
    check_version,
    existing,
    free_number,
    local_directory,
    numbers,
    publish,
    publish_free,
    staging,
)


def _write(parent: Path, text: str, version: int, *, overwrite: bool = False) -> Path:
    with staging(parent) as staged:
        (staged / "saved_model.pb").write_text(text)
        return publish(staged, version, overwrite=overwrite)


@pytest.mark.parametrize("name", ["digits", "Digits-2.1_b", "1", "a" * 200])
def test_a_name_of_letters_digits_and_marks_is_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a b", "größe", "a\n", 3, None])
def test_a_name_that_cannot_be_a_directory_or_url_part_is_refused(name: object) -> None:
    with pytest.raises(InvalidArgument, match=r"model name .* letters, digits"):
        check_name(name)


@pytest.mark.parametrize("version", [1, 7, LARGEST, np.int64(3)])
def test_a_positive_64_bit_integer_is_a_version(version: int) -> None:
    assert check_version(version) == int(version)


@pytest.mark.parametrize("version", [0, -1, LARGEST + 1, 1.0, "1", True, None])
def test_other_versions_are_refused(version: object) -> None:
    with pytest.raises(InvalidArgument, match="integer from 1 to"):
        check_version(version)


@pytest.mark.parametrize(
    ("names", "found", "following"),
    [
        ([], [], 1),
        (["1", "2", "10"], [1, 2, 10], 11),
        (["007"], [7], 8),
        (["+5", " 6 ", "-3"], [-3, 5, 6], 7),
        (["-3"], [-3], 1),
        (["1.tmp", "v3", "2.denied", ".export-4", "1e3", "0x10", "١٢"], [], 1),
        ([str(LARGEST + 1), str(-LARGEST - 2)], [], 1),
        (["1", "001"], [1], 2),
    ],
)
def test_numbers_follow_the_servers_rules(
    tmp_path: Path, names: list[str], found: list[int], following: int
) -> None:
    for name in names:
        (tmp_path / name).mkdir()

    assert sorted(numbers(tmp_path)) == found
    assert free_number(tmp_path) == following


def test_a_directory_that_does_not_exist_has_no_versions(tmp_path: Path) -> None:
    assert numbers(tmp_path / "none") == {}
    assert free_number(tmp_path / "none") == 1


def test_after_the_largest_number_there_is_no_next(tmp_path: Path) -> None:
    (tmp_path / str(LARGEST)).mkdir()

    with pytest.raises(FailedPrecondition, match="no next number"):
        free_number(tmp_path)


def test_a_number_asked_for_is_counted_up_until_it_is_free(tmp_path: Path) -> None:
    for number in (100, 101, 500):
        (tmp_path / str(number)).mkdir()

    assert free_number(tmp_path, at_least=100) == 102
    assert free_number(tmp_path, at_least=200) == 200


def test_base_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert local_directory("./models") == tmp_path / "models"
    assert local_directory("~/models") == tmp_path / "home" / "models"
    assert local_directory(f"file://{tmp_path}/models") == tmp_path / "models"
    with pytest.raises(InvalidArgument, match=r"gs://bucket/models"):
        local_directory("gs://bucket/models")


def test_a_version_appears_with_its_files_and_nothing_else(tmp_path: Path) -> None:
    path = _write(tmp_path / "models" / "m", "one", 3)

    assert path == tmp_path / "models" / "m" / "3"
    assert (path / "saved_model.pb").read_text() == "one"
    assert os.listdir(path.parent) == ["3"]


def test_an_existing_version_is_refused_with_the_next_number(tmp_path: Path) -> None:
    _write(tmp_path, "one", 3)

    with pytest.raises(ServingError, match=r"version 3 exists .*\(4\).*overwrite") as refused:
        _write(tmp_path, "two", 3)

    assert refused.value.code is Code.ALREADY_EXISTS
    assert (tmp_path / "3" / "saved_model.pb").read_text() == "one"
    assert os.listdir(tmp_path) == ["3"]


@pytest.mark.parametrize("platform", [sys.platform, "a system that cannot exchange directories"])
@pytest.mark.parametrize("name", ["3", "003"])
def test_overwriting_replaces_the_directory_that_stands_for_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, platform: str
) -> None:
    _write(tmp_path, "one", 3).rename(tmp_path / name)
    monkeypatch.setattr(sys, "platform", platform)

    path = _write(tmp_path, "two", 3, overwrite=True)

    assert path == tmp_path / name
    assert (path / "saved_model.pb").read_text() == "two"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_an_overwritten_version_never_goes_away(tmp_path: Path) -> None:
    path = _write(tmp_path, "0", 1)
    missed, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            if not path.is_dir():
                missed.append(os.listdir(tmp_path))

    looking = threading.Thread(target=look)
    looking.start()
    for text in range(100):
        _write(tmp_path, str(text), 1, overwrite=True)
    stop.set()
    looking.join()

    assert missed == []
    assert (path / "saved_model.pb").read_text() == "99"


def test_a_number_with_two_directories_is_not_overwritten(tmp_path: Path) -> None:
    for name in ("7", "007"):
        (tmp_path / name).mkdir()

    with pytest.raises(FailedPrecondition, match="more than once: 007, 7"):
        existing(tmp_path, 7, overwrite=True)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_no_file_and_no_new_directory(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def fail() -> None:
        with staging(tmp_path / "models" / "m") as staged:
            (staged / "variables").mkdir()
            (staged / "variables" / "half").write_bytes(b"x" * 1000)
            raise error

    with pytest.raises(error):
        fail()

    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_versions_that_were_there(tmp_path: Path) -> None:
    _write(tmp_path, "one", 1)

    with pytest.raises(RuntimeError), staging(tmp_path):
        raise RuntimeError

    assert os.listdir(tmp_path) == ["1"]


def test_threads_that_race_for_the_next_number_get_different_ones(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    paths: list[Path] = []

    def race(text: str) -> None:
        with staging(tmp_path / "m") as staged:
            (staged / "saved_model.pb").write_text(text)
            together.wait(30)
            paths.append(publish_free(staged))

    threads = [threading.Thread(target=race, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(int(path.name) for path in paths) == list(range(1, 9))
    texts = {(path / "saved_model.pb").read_text() for path in paths}
    assert texts == {str(i) for i in range(8)}


def test_processes_that_race_for_the_next_number_get_different_ones(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tfs_magics.exporting.versions import *\n"
        "for _ in range(20):\n"
        "    with staging(pathlib.Path(sys.argv[1])) as staged:\n"
        "        (staged / 'saved_model.pb').write_text('x')\n"
        "        publish_free(staged)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m")]

    racers = [subprocess.Popen(command) for _ in range(3)]

    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    assert sorted(map(int, os.listdir(tmp_path / "m"))) == list(range(1, 61))
