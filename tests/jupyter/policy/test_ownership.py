"""Another distribution that brings a package `server_ext` is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from server_ext.jupyter.policy import ownership


def install(folder: Path, name: str, *files: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_a_package_of_ours_alone_is_fine():
    ownership.check()


def test_files_of_another_distribution_in_our_package_are_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install(tmp_path, "other-dist", "server_ext/__init__.py")
    install(tmp_path, "innocent", "my_server_ext/__init__.py", "innocent/server_ext/x.py")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(RuntimeError, match="other-dist installed a package `server_ext`"):
        ownership.check()
