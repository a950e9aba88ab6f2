"""Versions that lie on disk: loaded from there, seen on their way, and deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import servedmodels
from jupyterprocess import JupyterServer
from panelpage import PanelPage, panel_of

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

VERSIONS = 5


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits", versions=VERSIONS)
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Jupyter, which serves versions 1 and 2 of digits."""
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    body = {"base_path": "models/digits", "versions": "1,2"}
    server.tell("PUT", "tfs/api/models/digits", json=body)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    return panel_of(browser, lab)


@pytest.fixture(scope="module")
def page(panel: PanelPage) -> Any:
    """The tab of versions on the page of the model."""
    panel.row("digits/2").get_by_text("Available").wait_for(timeout=60_000)
    panel.row("digits").first.focus()
    panel.page.keyboard.press("Enter")
    page = panel.page.locator("#tfs-magics-model-digits")
    page.get_by_role("tab", name="Versions").click()
    return page


def line(page: Any, version: int) -> Any:
    return page.locator(f'tr[data-key="digits/{version}"]')


def choose(panel: PanelPage, name: str | re.Pattern[str]) -> None:
    """Choose an entry of the menu that is open; its key is not part of the name."""
    panel.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()


def state(lab: JupyterServer, version: int) -> str | None:
    """Return the state of a version as the server says."""
    [model] = lab.tell("GET", "tfs/api/status")["models"]
    return {each["version"]: each["state"] for each in model["versions"]}.get(version)


def test_the_menu_to_load_a_version_has_those_on_disk_with_their_sizes(
    lab: JupyterServer, panel: PanelPage, page: Any, eventually: Callable[..., Any]
):
    line(page, 3).get_by_text("On disk").wait_for()
    page.get_by_role("button", name="Load a version").click()
    panel.page.locator(".lm-Menu-itemLabel", has_text="Another version").wait_for()
    panel.shoot("load-a-version")

    choose(panel, re.compile(r"Version 3 · [\d.]+\skB"))

    eventually(lambda: state(lab, 3) == "AVAILABLE")
    line(page, 3).get_by_text("Available").wait_for()


def test_a_row_of_what_is_on_disk_loads_it(
    lab: JupyterServer, panel: PanelPage, page: Any, eventually: Callable[..., Any]
):
    line(page, 4).get_by_role("button", name="Actions for version 4").click()

    choose(panel, "Load")

    eventually(lambda: state(lab, 4) == "AVAILABLE")
    panel.row("digits/4").get_by_text("Available").wait_for()


def test_files_of_a_version_that_is_loaded_are_not_offered_to_be_deleted_and_why_is_said(
    lab: JupyterServer, panel: PanelPage, page: Any, root: Path
):
    line(page, 2).get_by_role("button", name="Actions for version 2").click()
    entry = panel.page.locator(".lm-Menu-item", has_text="Delete files…")
    entry.wait_for()
    assert entry.get_attribute("aria-disabled") == "true"
    panel.page.keyboard.press("Escape")

    refused = lab.ask("DELETE", "tfs/api/models/digits/versions/2/files")

    assert refused.status_code == 409
    assert "unload it first" in refused.json()["message"]
    assert (root / "models" / "digits" / "2" / "saved_model.pb").exists()


def test_files_of_a_version_on_disk_are_deleted_when_that_is_confirmed(
    lab: JupyterServer, panel: PanelPage, page: Any, root: Path, eventually: Callable[..., Any]
):
    files = root / "models" / "digits" / "5"
    line(page, 5).get_by_text("On disk").wait_for()
    line(page, 5).get_by_role("button", name="Actions for version 5").click()
    choose(panel, "Delete files…")
    asked = panel.page.locator(".jp-Dialog")
    asked.get_by_text("Delete the files of digits 5?").wait_for()
    asked.get_by_text(re.compile(r"Deletes .*digits/5 \([\d.]+\skB\) from disk")).wait_for()
    panel.shoot("delete-files")
    panel.answer("Cancel")
    assert files.exists()

    line(page, 5).get_by_role("button", name="Actions for version 5").click()
    choose(panel, "Delete files…")
    panel.answer("Delete")

    line(page, 5).wait_for(state="detached")
    assert not files.exists()
    eventually(lambda: not list(files.parent.glob(".deleted-*")))


def test_files_of_a_version_that_was_unloaded_are_deleted(
    lab: JupyterServer, panel: PanelPage, page: Any, root: Path, eventually: Callable[..., Any]
):
    files = root / "models" / "digits" / "1"
    panel.choose("digits/1", "Unload")
    line(page, 1).get_by_text(re.compile("On disk|Unloaded")).wait_for()
    line(page, 1).get_by_role("button", name="Actions for version 1").click()
    choose(panel, "Delete files…")
    panel.page.locator(".jp-Dialog").get_by_text(re.compile(r"\([\d.]+\skB\)")).wait_for()

    panel.answer("Delete")

    eventually(lambda: not files.exists())
    line(page, 1).wait_for(state="detached")
    panel.row("digits/1").wait_for(state="detached")
    assert state(lab, 1) in (None, "END")


def test_a_load_that_takes_its_time_says_how_long_it_has_taken(
    lab: JupyterServer, panel: PanelPage, page: Any, root: Path
):
    model = root / "models" / "digits"
    pipe = servedmodels.endless(model / "2", model / "9")
    lab.tell("POST", "tfs/api/models/digits/versions/9/load", json={})
    panel.row("digits/9").get_by_text(re.compile(r"Loading · [1-9]\d*\ss")).wait_for()
    line(page, 9).get_by_text(re.compile(r"Loading [2-9]\ss|Loading \d\d\ss")).wait_for()
    panel.shoot("slow-load")

    servedmodels.let_go(pipe)

    panel.row("digits/9").get_by_text("Available").wait_for()


def test_the_browser_complains_of_nothing(panel: PanelPage):
    assert panel.wrong == []
