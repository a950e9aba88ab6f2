"""What every screen keeps to, in each theme: axe finds nothing, and the browser has nothing to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import servedmodels
from jupyterprocess import JupyterServer
from outputpage import OutputPage, write
from panelpage import SIDEBAR, PanelPage, panel_of
from themes import EXPOSED, complaints_in_all

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

TABS = ["Versions", "Signatures", "Try it", "Metrics", "Logs"]
CELLS = [
    "%load_ext tfs_magics\nimport numpy as np",
    "%tfs_serve digits --versions all --replace",
    "%tfs_status",
    "%tfs_metadata digits",
    "%tfs_panel",
    "%tfs_panel digits",
    "%tfs_draw digits",
    "%tfs_predict digits np.zeros((2, 28, 28, 1))",
    "%tfs_predict digits np.zeros((2, 3))",  # not what it takes
]
SIDE = f"#{SIDEBAR}"
PAGE = "#tfs-magics-model-digits"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits")
    servedmodels.damaged(root / "models" / "damaged")
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(
        tmp_path_factory.mktemp("lab"), root, *EXPOSED, "--TFSExtension.max_restarts=0"
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab_without(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """JupyterLab with the panel, where the extension of the Jupyter server is turned off."""
    disabled = "--ServerApp.jpserver_extensions=server_ext=False"
    server = JupyterServer(tmp_path_factory.mktemp("without"), root, *EXPOSED, disabled)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(lab: JupyterServer, browser: Any) -> PanelPage:
    """The panel, with nothing served."""
    return panel_of(browser, lab)


@pytest.fixture
def served(lab: JupyterServer, panel: PanelPage) -> PanelPage:
    """The panel, with two versions that have labels, and one that cannot be loaded."""
    for name in ("digits", "damaged"):
        body = {"base_path": f"models/{name}", "versions": "all", "replace": True}
        lab.tell("PUT", f"tfs/api/models/{name}", json=body)
    for version in (1, 2):
        panel.row(f"digits/{version}").get_by_text("Available").wait_for(timeout=60_000)
    panel.row("damaged/1").get_by_text("Failed").first.wait_for(timeout=60_000)
    lab.tell("PATCH", "tfs/api/models/digits", json={"labels": {"stable": 1, "canary": 2}})
    panel.row("digits/2").get_by_text("canary", exact=True).wait_for()
    return panel


def test_where_nothing_is_served(panel: PanelPage):
    panel.says("Nothing is served yet.")

    assert complaints_in_all(panel.page, "empty", SIDE) == []


def test_where_models_are_served_and_one_has_failed(served: PanelPage):
    assert complaints_in_all(served.page, "running", SIDE) == []


@pytest.mark.parametrize("tab", TABS)
def test_the_page_of_a_model(lab: JupyterServer, served: PanelPage, tab: str):
    image = [[[[0.5]] * 28] * 28]
    lab.tell("POST", "tfs/v1/models/digits:predict", json={"instances": image})
    served.row("digits").first.focus()
    served.page.keyboard.press("Enter")
    served.page.get_by_role("tab", name=tab, exact=True).click()
    served.page.get_by_role("tabpanel", name=tab, exact=True).wait_for()

    assert complaints_in_all(served.page, f"page-{tab.lower().replace(' ', '-')}", PAGE) == []


def test_outputs_of_cells(lab: JupyterServer, root: Path, served: PanelPage, browser: Any):
    write(root / "outputs.ipynb", *CELLS)
    page = OutputPage(browser.new_page(viewport={"width": 1280, "height": 4500}))
    page.open(lab, "outputs.ipynb")
    for number in range(len(CELLS)):
        page.run(number)

    assert complaints_in_all(page.page, "outputs", ".jp-tfs-Cell") == []
    assert page.wrong == []
    page.page.close()


def test_a_server_that_has_failed(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    psutil.Process(lab.tell("GET", "tfs/api/status")["server"]["pid"]).kill()
    eventually(lambda: lab.tell("GET", "tfs/api/status")["server"]["state"] == "failed")
    served.side.get_by_role("button", name="Try again").wait_for()

    assert complaints_in_all(served.page, "failed", SIDE) == []


def test_a_server_that_was_stopped(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    lab.tell("POST", "tfs/api/server/stop")
    served.side.get_by_role("button", name="Start", exact=True).wait_for()

    assert complaints_in_all(served.page, "stopped", SIDE) == []


def test_where_the_part_in_the_server_is_missing(lab_without: JupyterServer, browser: Any):
    panel = PanelPage(browser.new_page(viewport={"width": 1280, "height": 900}))
    panel.open(lab_without)
    panel.says("jupyter server extension enable server_ext")

    assert complaints_in_all(panel.page, "missing", SIDE) == []


def test_the_browser_complains_of_nothing_and_asks_nobody_else(panel: PanelPage):
    assert panel.wrong == []
    assert panel.hosts <= {"127.0.0.1", "localhost"}
