"""Versions that whoever started the server does not want to be loaded."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from server_ext.errors import Code, NotFound
from server_ext.lifecycle import storage
from server_ext.lifecycle.admission import Admission, Held, Rules
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader
from server_ext.lifecycle.source import ModelConfig, Source

WAIT_S = 10
HELD = Held("m", 1, "", "It ended the server.")


class Models:
    """Version 1 of model `m` in `root`, and what its loads did."""

    def __init__(self, root: Path) -> None:
        self.base = root / "m"
        self.version = self.base / "1"
        self.version.mkdir(parents=True)
        (self.version / "saved_model.pb").write_text("a model")
        self.error: Exception | None = None
        self.heard: list[tuple[object, ...]] = []

    @property
    def stamp(self) -> str:
        return repr(storage.stamp(str(self.version)))

    def loader(self, name: str, version: int, path: str) -> Loader:
        return Loader(self._load, path, lambda: storage.stamp(path))

    def _load(self):
        self.heard.append(("load",))
        if self.error:
            raise self.error
        return SimpleNamespace(signatures={}, memory_bytes=1, close=lambda: None)


@pytest.fixture
def models(tmp_path) -> Models:
    return Models(tmp_path / "models")


@pytest.fixture
def admission(models) -> Admission:
    admission = Admission(models.loader)
    admission.begins = lambda *heard: models.heard.append(("begins", *heard))
    admission.ended = lambda *heard: models.heard.append(("ended", *heard))
    return admission


@pytest.fixture
def manager():
    manager = Manager()
    yield manager
    manager.close(WAIT_S)


@pytest.fixture
def source(manager, admission, models):
    source = Source(manager, admission, poll_wait_s=-1)
    source.serve([ModelConfig("m", str(models.base))])
    return source


def ended(manager):
    """Wait until version 1 has ended, and return its error."""
    assert manager.wait("m", 1, State.END, WAIT_S)
    return manager.versions("m")[0].error


def test_who_asks_hears_of_a_load_before_it_begins_and_how_it_ends(source, manager, models):
    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)
    assert models.heard == [
        ("begins", "m", 1, models.stamp),
        ("load",),
        ("ended", "m", 1, True),
    ]


def test_a_load_that_fails_has_ended_as_well(source, manager, models):
    models.error = NotFound("no model")

    source.poll()

    assert ended(manager).message == "no model"
    assert models.heard[-1] == ("ended", "m", 1, False)


def test_a_held_version_ends_with_the_reason_and_is_not_loaded(source, manager, admission, models):
    admission.rules = Rules(held=(HELD._replace(stamp=models.stamp),))

    source.poll()

    error = ended(manager)
    assert (error.code, error.message) == (Code.FAILED_PRECONDITION, "It ended the server.")
    assert models.heard == []


@pytest.mark.parametrize("other", [{"name": "n"}, {"version": 2}, {"stamp": "()"}])
def test_only_that_version_with_those_files_is_held(source, manager, admission, models, other):
    admission.rules = Rules(held=(HELD._replace(**{"stamp": models.stamp, **other}),))

    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)


def test_a_held_version_is_loaded_when_its_files_have_changed(source, manager, admission, models):
    admission.rules = Rules(held=(HELD._replace(stamp=models.stamp),))
    source.poll()
    assert ended(manager)

    (models.version / "saved_model.pb").write_text("another model")
    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)


def test_a_held_version_is_loaded_when_it_is_held_no_more(source, manager, admission, models):
    admission.rules = Rules(held=(HELD._replace(stamp=models.stamp),))
    source.poll()
    assert ended(manager)

    admission.rules = Rules()
    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)


@pytest.mark.parametrize("root", ["", "m", "m/1"])
def test_a_version_below_a_root_is_loaded(source, manager, admission, models, tmp_path, root):
    admission.rules = Rules(roots=(str(tmp_path / "elsewhere"), str(models.base.parent / root)))

    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)


@pytest.mark.parametrize("root", ["elsewhere", "model", "models/m/1/variables"])
def test_a_version_outside_of_the_roots_is_refused(source, manager, admission, tmp_path, root):
    admission.rules = Rules(roots=(str(tmp_path / root),))

    source.poll()

    error = ended(manager)
    assert error.code is Code.PERMISSION_DENIED
    assert f"{tmp_path}/models/m/1 is outside of the directories" in error.message
    assert str(tmp_path / root) in error.message


def test_a_root_may_be_a_link_itself(source, manager, admission, models, tmp_path):
    (tmp_path / "link").symlink_to(models.base.parent)
    admission.rules = Rules(roots=(str(tmp_path / "link"),))

    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)


def test_a_version_that_is_a_link_to_elsewhere_is_refused(
    source, manager, admission, models, tmp_path
):
    models.version.rename(tmp_path / "secret")
    models.version.symlink_to(tmp_path / "secret")
    admission.rules = Rules(roots=(str(models.base.parent),))

    source.poll()

    error = ended(manager)
    assert error.code is Code.PERMISSION_DENIED
    assert f"{models.version} is a link to {tmp_path / 'secret'}, which is outside" in error.message


@pytest.mark.parametrize("name", ["saved_model.pb", "variables"])
def test_a_link_to_elsewhere_inside_of_a_version_is_refused(
    source, manager, admission, models, tmp_path, name
):
    (models.version / "saved_model.pb").unlink()
    os.symlink(tmp_path / "secret", models.version / name)
    admission.rules = Rules(roots=(str(models.base.parent),))

    source.poll()

    error = ended(manager)
    assert error.code is Code.PERMISSION_DENIED
    assert f"{models.version / name} is a link to {tmp_path / 'secret'}" in error.message


def test_a_link_within_the_roots_is_followed(source, manager, admission, models, tmp_path):
    models.version.rename(models.base.parent / "store")
    models.version.symlink_to(models.base.parent / "store")
    admission.rules = Rules(roots=(str(models.base.parent),))

    source.poll()

    assert manager.wait("m", 1, State.AVAILABLE, WAIT_S)
