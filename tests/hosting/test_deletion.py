"""Which files may be deleted, and that all of them are, or none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from server_ext.errors import FailedPrecondition, NotFound, PermissionDenied
from server_ext.hosting import deletion
from server_ext.hosting.models import Model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """The model `m` with version 3."""
    write(tmp_path / "m" / "3")
    return Model("m", str(tmp_path / "m"))


def write(version: Path) -> None:
    (version / "variables").mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"x" * 90)
    (version / "variables" / "data").write_bytes(b"x" * 10)


def test_a_version_is_gone_whole_and_the_others_stay(model: Model, tmp_path: Path):
    write(tmp_path / "m" / "2")

    aside = deletion.set_aside(deletion.find(model, 3, ()), 3)

    assert sorted(os.listdir(tmp_path / "m")) == [Path(aside.path).name, "2"]
    assert Path(aside.path).name.startswith(".deleted-3-")
    assert deletion.remove(aside) == 100
    assert os.listdir(tmp_path / "m") == ["2"]


def test_a_version_that_is_not_there_is_not_found(model: Model):
    with pytest.raises(NotFound, match=r"Version 4 of m has no files in .*Versions there: 3"):
        deletion.find(model, 4, ())


def test_a_link_is_left_to_who_made_it(model: Model, tmp_path: Path):
    write(tmp_path / "elsewhere")
    (tmp_path / "m" / "4").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionDenied, match=r"is a link to .*elsewhere: delete the link"):
        deletion.find(model, 4, ())


def test_what_lies_outside_of_the_roots_stays(model: Model, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(PermissionDenied, match=f"files may be deleted in {other} only"):
        deletion.find(model, 3, [str(other)])

    (other / "m").symlink_to(tmp_path / "m")
    with pytest.raises(PermissionDenied, match="files may be deleted in"):
        deletion.find(Model("m", str(other / "m")), 3, [str(other)])


def test_a_directory_that_holds_something_else_stays(model: Model, tmp_path: Path):
    (tmp_path / "m" / "2024").mkdir()
    (tmp_path / "m" / "2024" / "beach.jpg").touch()
    (tmp_path / "m" / "5").write_text("a file")

    with pytest.raises(FailedPrecondition, match=r"no saved_model.pb, but beach.jpg"):
        deletion.find(model, 2024, ())
    with pytest.raises(FailedPrecondition, match="is no directory"):
        deletion.find(model, 5, ())


@pytest.mark.parametrize("names", [[], ["variables", "assets"], ["model.tflite", "labels.txt"]])
def test_damaged_and_other_kinds_of_versions_may_go(names: list[str], model: Model, tmp_path: Path):
    for name in names:
        (tmp_path / "m" / "6" / name).mkdir(parents=True)
    (tmp_path / "m" / "6").mkdir(exist_ok=True)

    assert deletion.find(model, 6, ()) == str(tmp_path / "m" / "6")


def test_a_version_that_another_model_lies_in_stays(model: Model, tmp_path: Path):
    write(tmp_path / "m" / "3" / "assets" / "inner" / "1")
    path = deletion.find(model, 3, ())

    deletion.check_unused(model, path, None)
    with pytest.raises(FailedPrecondition, match="also holds the versions of inner"):
        deletion.check_unused(Model("inner", f"{path}/assets/inner"), path, None)


def test_what_the_system_does_not_let_us_rename_stays(model: Model, monkeypatch: Any):
    def refuse(*_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)

    with pytest.raises(PermissionDenied, match="cannot be deleted: Permission denied"):
        deletion.set_aside(deletion.find(model, 3, ()), 3)
    assert (Path(model.base_path) / "3" / "saved_model.pb").exists()


def test_files_that_cannot_be_removed_are_named(model: Model, monkeypatch: Any):
    aside = deletion.set_aside(deletion.find(model, 3, ()), 3)
    monkeypatch.setattr("shutil.rmtree", lambda path, ignore_errors: None)

    with pytest.raises(PermissionDenied, match=f"they are in {aside.path}"):
        deletion.remove(aside)
