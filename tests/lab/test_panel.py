"""The panel in a real JupyterLab: each thing it offers is used, and what that did is asked of the server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyterprocess import JupyterServer
from panelpage import PanelPage, panel_of

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a model in two versions, and one that cannot be loaded."""
    import tensorflow as tf

    class Half(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def answer(self, x: Any) -> dict[str, Any]:
            return {"y": x / 2 + 2}

    root = tmp_path_factory.mktemp("root")
    module = Half()
    first = root / "models" / "half" / "1"
    tf.saved_model.save(module, str(first), signatures=module.answer)
    shutil.copytree(first, first.with_name("2"))
    broken = root / "models" / "broken" / "1"
    broken.mkdir(parents=True)
    (broken / "saved_model.pb").write_text("this is no model")
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    """The panel, with nothing served."""
    return panel_of(browser, lab)


@pytest.fixture
def served(lab: JupyterServer, panel: PanelPage) -> PanelPage:
    """The panel, with both versions of `half` served and labels on them."""
    body = {"base_path": "models/half", "versions": "all", "replace": True}
    lab.tell("PUT", "tfs/api/models/half", json=body)
    panel.says("Running")
    for version in (1, 2):
        panel.row(f"half/{version}").get_by_text("Available").wait_for(timeout=60_000)
    labels = {"labels": {"stable": 1, "canary": 2}}
    lab.tell("PATCH", "tfs/api/models/half", json=labels)
    panel.row("half/2").get_by_text("canary", exact=True).wait_for()
    return panel


def model(lab: JupyterServer, name: str) -> dict[str, Any]:
    """Return what the server says of a model."""
    models = lab.tell("GET", "tfs/api/status")["models"]
    return next(each for each in models if each["name"] == name)


def states(lab: JupyterServer) -> dict[int, str]:
    return {each["version"]: each["state"] for each in model(lab, "half")["versions"]}


def test_where_nothing_is_served_the_panel_teaches(panel: PanelPage):
    panel.says("Nothing is served yet.")

    assert panel.side.get_by_role("button", name="Serve a directory…").is_visible()
    panel.shoot("empty")


def test_a_version_that_failed_says_why(lab: JupyterServer, served: PanelPage):
    lab.tell("PUT", "tfs/api/models/broken", json={"base_path": "models/broken"})

    served.row("broken/1").get_by_text("Cannot parse").wait_for()

    served.shoot("running")


def test_a_label_is_moved_from_the_menu_and_back_by_undo(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.row("half/2").focus()
    served.page.keyboard.press("l")
    served.page.get_by_role("menuitem", name="stable (now on 1)").click()
    eventually(lambda: model(lab, "half")["labels"] == {"stable": 2, "canary": 2})

    served.side.get_by_role("button", name="Undo").last.click()

    eventually(lambda: model(lab, "half")["labels"] == {"stable": 1, "canary": 2})


def test_a_label_is_dragged_to_another_version(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.side.locator(".jp-tfs-Chip", has_text="canary").drag_to(served.row("half/1"))

    eventually(lambda: model(lab, "half")["labels"] == {"stable": 1, "canary": 1})


def test_unloading_what_has_a_label_asks_first_and_loading_brings_it_back(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.choose("half/2", "Unload")
    served.answer("Cancel")
    assert states(lab) == {1: "AVAILABLE", 2: "AVAILABLE"}

    served.choose("half/2", "Unload")
    served.answer("Unload")
    eventually(lambda: states(lab)[2] == "END")
    served.row("half/2").get_by_text("Unloaded").wait_for()

    served.choose("half/2", "Load")
    eventually(lambda: states(lab)[2] == "AVAILABLE")


def test_a_crash_and_the_come_back_are_seen(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    before = lab.tell("GET", "tfs/api/status")["server"]["pid"]

    psutil.Process(before).kill()

    served.says("Restarting")
    served.shoot("restarting")
    served.says("Running")
    eventually(lambda: lab.tell("GET", "tfs/api/status")["server"]["pid"] not in (None, before))


def test_the_server_is_stopped_and_started(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.side.get_by_label("Stop server").click()
    eventually(lambda: lab.tell("GET", "tfs/api/status")["server"]["state"] == "stopped")
    served.says("Stopped")
    served.shoot("stopped")

    served.side.get_by_role("button", name="Start", exact=True).click()

    served.says("Running")
    assert lab.tell("GET", "tfs/api/status")["server"]["state"] == "running"


def test_the_page_of_a_model_shows_its_versions_signatures_metrics_and_logs(served: PanelPage):
    page = served.page
    served.row("half/2").focus()
    page.keyboard.press("Enter")
    shown = {
        "Versions": "All versions in its directory are served.",
        "Signatures": "none, required",
        "Metrics": "Batch sizes",
        "Logs": "Loaded half version",
    }
    for tab, text in shown.items():
        page.get_by_role("tab", name=tab, exact=True).click()
        page.get_by_role("tabpanel").get_by_text(text).first.wait_for(timeout=30_000)
        served.shoot(f"page-{tab.lower()}")


def test_the_settings_hide_the_line_in_the_status_bar_and_choose_the_range_of_charts(
    served: PanelPage,
):
    page = served.page
    line = page.locator("#jp-main-statusbar .jp-tfs-StatusItem")
    line.wait_for()
    page.keyboard.press("Control+,")
    page.locator(".jp-PluginList").get_by_text("Model server", exact=True).click()

    page.get_by_label("Show in the status bar").click()
    line.wait_for(state="hidden")
    served.shoot("settings")
    page.locator(".jp-SettingsPanel select").select_option("15m")

    served.row("half/2").focus()
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Metrics", exact=True).click()
    page.get_by_role("tabpanel").get_by_role("button", name="15 min", pressed=True).wait_for()


def test_a_model_is_removed_after_a_question(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.row("half").first.focus()
    served.page.keyboard.press("Delete")
    served.answer("Remove")

    eventually(
        lambda: "half" not in {m["name"] for m in lab.tell("GET", "tfs/api/status")["models"]}
    )


def test_the_browser_complains_of_nothing_and_asks_nobody_else(panel: PanelPage):
    assert panel.wrong == []
    assert panel.hosts <= {"127.0.0.1", "localhost"}
