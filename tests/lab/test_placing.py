"""Cells that ask a model: dragged from the tree and from a title, or inserted by a key, they work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import servedmodels
from jupyterprocess import JupyterServer
from notebookpage import KERNEL_READY
from panelpage import PanelPage, panel_of

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(240)]

CLIENT = "%tfs_predict digits image"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits", versions=1)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(metadata=kernel), root / "empty.ipynb")
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    server.tell("PUT", "tfs/api/models/digits", json={"base_path": "models/digits"})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    """The panel beside a notebook."""
    page = panel_of(browser, lab)
    page.row("digits/1").get_by_text("Available").wait_for(timeout=60_000)
    page.page.locator(".jp-SideBar [data-id='filebrowser']").click()
    page.page.locator(".jp-DirListing-content").get_by_text("empty.ipynb").dblclick()
    page.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.page.get_by_text(KERNEL_READY).wait_for(timeout=60_000)  # by then its cells stay
    page.page.locator(".jp-SideBar [data-id='tfs-magics-sidebar']").click()
    return page


def carry(panel: PanelPage, source: Any, target: Any) -> None:
    """Drag by the mouse, in steps, as a hand does."""
    for each in (source, target):
        each.hover(trial=True)  # until it is there and stands still
    start, end = source.bounding_box(), target.bounding_box()
    mouse = panel.page.mouse
    mouse.move(start["x"] + 20, start["y"] + 10)
    mouse.down()
    mouse.move(start["x"] + 60, start["y"] + 30, steps=3)
    panel.page.locator(".jp-tfs-DragImage").wait_for()
    mouse.move(end["x"] + 40, end["y"] + 10, steps=10)
    mouse.up()


def cell(panel: PanelPage, text: str) -> Any:
    return panel.page.locator(".jp-CodeCell", has_text=text)


def test_a_version_is_dragged_into_a_notebook_and_the_cell_answers(panel: PanelPage):
    notebook = panel.page.locator(".jp-Notebook .jp-Cell").first

    carry(panel, panel.row("digits/1").locator(".jp-tfs-Version"), notebook)

    made = cell(panel, f"{CLIENT} --version 1")
    made.wait_for()
    assert "image float32 [n, 28, 28, 1] -> probabilities float32 [n, 10]" in made.inner_text()
    made.locator(".cm-content").click()
    panel.page.keyboard.press("Shift+Enter")
    made.locator(".jp-OutputArea-output").first.wait_for(timeout=90_000)
    assert made.locator(".jp-RenderedText[data-mime-type*='stderr']").count() == 0
    panel.shoot("dragged")


def test_a_key_inserts_the_cell_below_the_one_that_is_active(panel: PanelPage):
    before = cell(panel, CLIENT).count()

    panel.row("digits/1").focus()
    panel.page.keyboard.press("i")

    cell(panel, CLIENT).nth(before).wait_for()


def test_the_browser_complains_of_nothing(panel: PanelPage):
    assert panel.wrong == []
