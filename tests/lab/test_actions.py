"""What the tree and the page of a model do to versions: each is used, and asked of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import servedmodels
from jupyterprocess import JupyterServer
from panelpage import SIDEBAR, PanelPage, panel_of

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

PAGE = "#tfs-magics-model-digits"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with three versions of digits, and one that holds no model."""
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits", versions=3)
    (root / "papers").mkdir()
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    return panel_of(browser, lab)


@pytest.fixture
def served(lab: JupyterServer, panel: PanelPage) -> PanelPage:
    """The panel with versions 1 and 2 served, each with a label, while 3 lies on disk."""
    body = {"base_path": "models/digits", "versions": "1,2", "replace": True}
    lab.tell("PUT", "tfs/api/models/digits", json=body)
    if not panel.side.is_visible():
        panel.page.locator(f".jp-SideBar [data-id='{SIDEBAR}']").click()
    for version in (1, 2):
        panel.row(f"digits/{version}").get_by_text("Available").wait_for(timeout=60_000)
    lab.tell("PATCH", "tfs/api/models/digits", json={"labels": {"stable": 2, "canary": 1}})
    panel.row("digits/2").get_by_text("stable", exact=True).wait_for()
    return panel


@pytest.fixture
def page(served: PanelPage) -> Any:
    """The tab of versions on the page of the model."""
    served.row("digits").first.focus()
    served.page.keyboard.press("Enter")
    page = served.page.locator(PAGE)
    page.get_by_role("tab", name="Versions").click()
    return page


def model(lab: JupyterServer) -> dict[str, Any]:
    """Return what the server says of digits."""
    models = lab.tell("GET", "tfs/api/status")["models"]
    return next(each for each in models if each["name"] == "digits")


def state(lab: JupyterServer, version: int) -> str | None:
    return {each["version"]: each["state"] for each in model(lab)["versions"]}.get(version)


def in_menu(served: PanelPage, name: str) -> Any:
    """Return the entry of the menu that is open; its key is not part of the name."""
    return served.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True)


def test_a_label_rolls_back_to_the_version_before(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.choose("digits/2", "Roll back to 1")

    eventually(lambda: model(lab)["labels"] == {"stable": 1, "canary": 1})


def test_a_label_is_dragged_in_the_table_of_versions_too(
    lab: JupyterServer, page: Any, eventually: Callable[..., Any]
):
    chip = page.locator(".jp-tfs-Chip", has_text="canary")

    chip.drag_to(page.locator('tr[data-key="digits/2"]'))

    eventually(lambda: model(lab)["labels"] == {"stable": 2, "canary": 2})


def test_a_new_label_gets_its_name_from_who_sets_it(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.row("digits/1").click(button="right")
    in_menu(served, "Set label…").click()
    in_menu(served, "New label…").click()
    served.page.locator(".jp-Dialog input").fill("shadow")
    served.answer("Set")

    eventually(lambda: model(lab)["labels"].get("shadow") == 1)


def test_a_version_is_loaded_by_its_number(
    lab: JupyterServer, served: PanelPage, page: Any, eventually: Callable[..., Any]
):
    page.get_by_role("button", name="Load a version").click()
    asked = served.page.locator(".jp-Dialog input")
    another = served.page.locator(".lm-Menu-itemLabel", has_text="Another version")
    another.or_(asked).wait_for()
    if another.is_visible():
        another.click()
    asked.fill("3")
    served.answer("Load")

    eventually(lambda: state(lab, 3) == "AVAILABLE")
    page.locator('tr[data-key="digits/3"]').get_by_text("Available").wait_for()


def test_the_menu_of_a_row_opens_by_the_keyboard_and_gives_the_focus_back(served: PanelPage):
    served.row("digits/1").focus()
    served.page.keyboard.press("Shift+F10")
    in_menu(served, "Unload").wait_for()
    served.page.keyboard.press("Escape")

    served.page.wait_for_function("document.activeElement?.dataset.key === 'digits/1'")


def test_letters_find_a_name_and_arrows_move(served: PanelPage):
    served.row("digits/1").focus()
    served.page.keyboard.press("d")
    assert served.page.evaluate("document.activeElement.dataset.key") == "digits"

    served.page.keyboard.press("ArrowDown")
    assert served.page.evaluate("document.activeElement.dataset.key").startswith("digits/")


def test_the_filter_leaves_what_has_the_text_in_its_name(served: PanelPage):
    served.side.get_by_role("button", name="Filter models").click()
    served.side.get_by_role("searchbox").fill("nothing like it")
    served.says('No model has "nothing like it" in its name.')

    served.page.keyboard.press("Escape")

    served.row("digits").first.wait_for()


def test_other_versions_are_chosen_to_be_served(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.side.locator(".jp-tfs-Model").click(button="right")
    in_menu(served, "Choose versions…").click()
    served.page.locator(".jp-Dialog input").fill("1, 2, 3")
    served.answer("Serve")

    eventually(lambda: state(lab, 3) == "AVAILABLE")


def test_the_server_restarts_at_a_press_of_the_button(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    before = lab.tell("GET", "tfs/api/status")["server"]["pid"]

    served.side.get_by_role("button", name="Restart server").click()

    eventually(lambda: lab.tell("GET", "tfs/api/status")["server"]["pid"] not in (None, before))


def test_a_directory_of_the_file_browser_is_served(
    lab: JupyterServer, served: PanelPage, eventually: Callable[..., Any]
):
    served.page.locator(".jp-SideBar [data-id='filebrowser']").click()
    listing = served.page.locator(".jp-DirListing-content")
    listing.get_by_text("models", exact=True).dblclick()
    listing.get_by_text("digits", exact=True).click(button="right")
    in_menu(served, "Serve this model").click()
    served.page.locator(".jp-Dialog input").fill("again")
    served.answer("Serve")

    eventually(
        lambda: "again" in {each["name"] for each in lab.tell("GET", "tfs/api/status")["models"]}
    )
    lab.tell("DELETE", "tfs/api/models/again")


def test_a_directory_without_a_model_is_not_offered_to_be_served(served: PanelPage):
    served.page.locator(".jp-SideBar [data-id='filebrowser']").click()
    served.page.locator(".jp-BreadCrumbs-home").click()
    listing = served.page.locator(".jp-DirListing-content")
    listing.get_by_text("papers", exact=True).click(button="right")
    in_menu(served, "Rename").wait_for()

    in_menu(served, "Serve this model").wait_for(state="hidden")
    served.page.keyboard.press("Escape")


def test_the_browser_complains_of_nothing(panel: PanelPage):
    assert panel.wrong == []
