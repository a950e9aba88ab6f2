"""The panel in Notebook 7: beside a notebook, on its own page, in its palette and under Running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import servedmodels
from chromium import VIEWPORT
from jupyterprocess import JupyterServer
from outputpage import OutputPage, write
from themes import EXPOSED, complaints_in_all

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits")
    write(root / "some.ipynb", "1 + 1")
    return root


@pytest.fixture(scope="module")
def jupyter(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("notebook"), root, *EXPOSED)
    body = {"base_path": "models/digits", "versions": "all"}
    server.tell("PUT", "tfs/api/models/digits", json=body)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def notebook(browser: Any, jupyter: JupyterServer) -> OutputPage:
    """A notebook with the panel beside it, as its menu shows it."""
    shown = OutputPage(browser.new_page(viewport=VIEWPORT))
    shown.open(jupyter, "some.ipynb", app="notebook")
    shown.page.get_by_role("menuitem", name="View", exact=True).click()
    shown.menu("Model server")
    shown.page.locator("#tfs-magics-sidebar").get_by_text("Running").wait_for()
    return shown


def row(shown: OutputPage, key: str) -> Any:
    return shown.page.locator(f'#tfs-magics-sidebar [data-key="{key}"]')


def test_the_panel_is_beside_the_notebook_and_live(notebook: OutputPage, jupyter: JupyterServer):
    for version in (1, 2):
        row(notebook, f"digits/{version}").get_by_text("Available").wait_for()

    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"stable": 1}})

    row(notebook, "digits/1").get_by_text("stable", exact=True).wait_for()
    notebook.shoot("notebook-panel")


def test_a_version_is_unloaded_and_loaded_from_its_menu(
    notebook: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    def states() -> dict[int, str]:
        [model] = jupyter.tell("GET", "tfs/api/status")["models"]
        return {each["version"]: each["state"] for each in model["versions"]}

    for action, state in (("Unload", "END"), ("Load", "AVAILABLE")):
        row(notebook, "digits/2").click(button="right")
        notebook.menu(action)
        eventually(lambda state=state: states().get(2) == state)


def test_the_page_of_a_model_opens_beside_the_notebook_with_room_to_be_read(
    notebook: OutputPage, eventually: Callable[..., Any]
):
    row(notebook, "digits").first.focus()
    notebook.page.keyboard.press("Enter")

    notebook.page.get_by_role("tab", name="Signatures", exact=True).click()
    notebook.page.get_by_role("tabpanel").get_by_text("image").first.wait_for()
    eventually(lambda: notebook.page.locator(".jp-tfs-Page").bounding_box()["width"] > 500)


def test_axe_finds_nothing_wrong_beside_the_notebook_in_any_theme(notebook: OutputPage):
    for part in ("#tfs-magics-sidebar", ".jp-tfs-Page"):
        assert complaints_in_all(notebook.page, "notebook-page", part) == []


def test_a_key_inserts_a_cell_that_answers(notebook: OutputPage):
    row(notebook, "digits/1").focus()
    notebook.page.keyboard.press("i")

    made = notebook.page.locator(".jp-CodeCell", has_text="%tfs_predict digits")
    made.wait_for()
    made.locator(".cm-content").click()
    notebook.page.keyboard.press("Shift+Enter")
    made.locator(".jp-OutputArea-output").first.wait_for(timeout=90_000)
    assert made.locator("[data-mime-type*='stderr']").count() == 0


def test_the_palette_stops_the_server_and_a_button_starts_it(
    notebook: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    def state() -> str:
        told: str = jupyter.tell("GET", "tfs/api/status")["server"]["state"]
        return told

    notebook.page.keyboard.press("Control+Shift+c")
    notebook.page.locator(".lm-CommandPalette-input").fill("Stop server")
    notebook.page.keyboard.press("Enter")
    eventually(lambda: state() == "stopped")

    side = notebook.page.locator("#tfs-magics-sidebar")
    side.get_by_text("Stopped").first.wait_for()
    side.get_by_role("button", name="Start", exact=True).click()
    eventually(lambda: state() == "running")


def test_the_browser_complains_of_nothing(notebook: OutputPage):
    assert notebook.wrong == []


def test_the_page_of_files_lists_the_server_under_running(
    notebook: OutputPage, jupyter: JupyterServer
):
    page = notebook.page
    page.goto(f"{jupyter.url}tree?token={jupyter.token}")

    page.get_by_role("tab", name="Running").click()
    page.locator(".jp-RunningSessions").get_by_text("1 model", exact=True).wait_for()
    notebook.shoot("notebook-running")
