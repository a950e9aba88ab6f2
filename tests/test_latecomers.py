"""A package that is put off is not imported, and can be afterwards."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

from server_ext import latecomers


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package with one module, neither of them imported so far."""
    (tmp_path / "tagalong").mkdir()
    (tmp_path / "tagalong" / "__init__.py").write_text("")
    (tmp_path / "tagalong" / "part.py").write_text("answer = 42")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("tagalong", "tagalong.part"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "tagalong"


def test_importing_it_or_a_part_of_it_fails_meanwhile_and_leaves_nothing(package: str):
    with latecomers.put_off(package):
        for name in (package, f"{package}.part"):
            with pytest.raises(ImportError, match="tagalong is put off"):
                importlib.import_module(name)

    assert not {package, f"{package}.part"} & sys.modules.keys()


def test_it_can_be_found_meanwhile(package: str, tmp_path: Path):
    with latecomers.put_off(package):
        spec = importlib.util.find_spec(package)

    assert spec
    assert spec.origin == str(tmp_path / package / "__init__.py")


def test_it_is_imported_as_ever_afterwards(package: str):
    with latecomers.put_off(package):
        pass

    assert importlib.import_module(f"{package}.part").answer == 42


def test_one_that_is_there_stays(package: str):
    there = importlib.import_module(package)

    with latecomers.put_off(package):
        assert importlib.import_module(package) is there


def test_one_that_is_not_installed_is_missing_as_ever():
    with (
        latecomers.put_off("no_such_package"),
        pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"),
    ):
        importlib.import_module("no_such_package")
